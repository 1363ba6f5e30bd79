import { beforeEach, describe, expect, test } from "vitest";
import { MarkdownView } from "../../src/markdown";
import * as sources from "../../src/modules/sources";
import { open, painted } from "../page";
import { run, text } from "../runs";
import { load } from "./loaded";

const citations = [
  { key: "1", source: "Tides, a book", excerpt: "The Moon causes tides." },
  { key: "2", source: "", excerpt: "The Sun \u202etoo." },
];
const ANSWER = "Tides [1] and `[1]`, [3].\n\n- Sun [2][1]\n\n| a |\n|---|\n| [2] |\n";

function answered(answer = ANSWER) {
  const opened = open(run({ status: "completed", parts: [text(answer)], citations }));
  const shown = opened.show();
  const badges = () => [...shown.el.querySelectorAll<HTMLElement>(".pw-text .pw-cite")];
  const note = () => shown.el.querySelector<HTMLElement>(".pw-source-note");
  return { ...opened, ...shown, badges, note };
}

const tell = (el: EventTarget, type: string) =>
  el.dispatchEvent(new Event(type, { bubbles: true, composed: true }));

describe("the badges", () => {
  test("stand where a source of the run is named, inside lists and tables", () => {
    const { el, badges } = answered();
    expect(badges().map(({ textContent }) => textContent)).toEqual(["1", "2", "1", "2"]);
    expect(badges().map((badge) => badge.closest("li, td")?.localName)).toEqual([
      undefined,
      "li",
      "li",
      "td",
    ]);
    expect(el.querySelector(".pw-text")?.textContent).toContain("[3]");
    expect(el.querySelector("code")?.textContent).toBe("[1]");
  });

  test("sources that come late repaint exactly the texts that name them", () => {
    const host = document.createElement("div");
    const view = new MarkdownView(host);
    view.append("one [1]\n\nnone\n\n- item [2]\n- other\n\nend\n\n# [1]");
    view.paint();
    const nodes = () => [...host.querySelectorAll("p")].map((p) => p.firstChild);
    const before = nodes();
    view.cite(["1", "2"]);
    view.paint();
    expect(host.querySelectorAll(".pw-cite")).toHaveLength(3);
    const [one, none, item, other] = nodes();
    expect([
      one === before[0],
      none === before[1],
      item === before[2],
      other === before[3],
    ]).toEqual([false, true, false, true]);
    view.cite(["2"]);
    view.paint();
    expect(host.querySelectorAll(".pw-cite")).toHaveLength(1);
    expect(host.textContent).toContain("one [1]");
  });

  test("a definition of the same label makes a link of them, also when it comes late", () => {
    const host = document.createElement("div");
    const view = new MarkdownView(host);
    view.cite(["1"]);
    view.append("one [1]\n\n");
    view.append("x\n\n");
    view.paint();
    expect(host.querySelector(".pw-cite")).not.toBeNull();
    view.append("[1]: https://one.example\n\nend");
    view.paint();
    expect(host.querySelector(".pw-cite")).toBeNull();
    expect(host.querySelector("a")?.href).toBe("https://one.example/");
  });

  test("sources that come with the end are there at once", async () => {
    const { show, change } = open(run({ parts: [text("Tides [1].\n\nmore\n\n")] }));
    const { el } = show();
    expect(el.querySelector(".pw-cite")).toBeNull();
    change(["set", ["citations"], citations], ["set", ["status"], "completed"]);
    await painted();
    expect(el.querySelector(".pw-cite")?.textContent).toBe("1");
  });

  test("a thought has none", async () => {
    const thoughts = [{ step: 1, text: "by [1]", whole: true, within: null }];
    const state = run({ citations, reasoning: { thoughts, seconds: 1, since: 1 } });
    const { el } = open(state).show();
    expect(el.querySelector(".pw-thought")?.textContent).toContain("[1]");
  });

  test("without the module a click opens the list of sources", async () => {
    const { el, badges } = answered();
    expect(el.querySelector(".pw-sources")).toBeNull();
    badges()[0]?.click();
    await painted();
    expect(el.querySelector(".pw-sources")?.textContent).toContain("The Moon causes tides.");
  });
});

describe("the note", () => {
  beforeEach(() => load("sources", sources));

  test("a click opens it, with what is cited as text, and a second click closes it", async () => {
    const { badges, note } = answered();
    await painted();
    const [one, two] = badges();
    one?.click();
    expect(note()?.textContent).toBe("[1]Tides, a bookThe Moon causes tides.");
    expect(one?.getAttribute("aria-describedby")).toBe(note()?.id);
    two?.click();
    expect(note()?.textContent).toBe("[2]Source 2The Sun U+202Etoo.");
    expect(one?.getAttribute("aria-describedby")).toBeNull();
    two?.click();
    expect(note()).toBeNull();
  });

  test("Escape closes it, and goes no further", async () => {
    const { el, badges, note } = answered();
    await painted();
    badges()[0]?.click();
    let heard = false;
    el.addEventListener("keydown", () => {
      heard = true;
    });
    badges()[0]?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(note()).toBeNull();
    expect(heard).toBe(false);
    badges()[0]?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    expect(heard).toBe(true);
  });

  test("a pointer opens it and leaves it, a click elsewhere closes a pinned one", async () => {
    const { el, badges, note } = answered();
    await painted();
    const [one] = badges();
    if (one === undefined) throw new Error("no badge");
    tell(one, "mouseover");
    expect(note()).not.toBeNull();
    tell(one, "mouseleave");
    await new Promise((done) => setTimeout(done, 400));
    expect(note()).toBeNull();
    one.click();
    tell(one, "mouseleave");
    await new Promise((done) => setTimeout(done, 400));
    expect(note()).not.toBeNull();
    tell(note() as HTMLElement, "pointerdown");
    expect(note()).not.toBeNull();
    tell(el, "pointerdown");
    expect(note()).toBeNull();
  });
});
