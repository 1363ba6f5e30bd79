import { beforeEach, describe, expect, test } from "vitest";
import * as module from "../../src/modules/rating";
import { open, painted } from "../page";
import { run } from "../runs";
import { load } from "./loaded";

const NOTICE = { kind: "notice", code: "rating", count: 1, within: null, details: null } as const;
const rated = (text = "") =>
  run({ status: "completed", ended: 1_005, parts: [{ ...NOTICE, text }] });
const acts = (model: { sent: { kind: string }[] }) =>
  model.sent.filter(({ kind }) => kind === "act");

async function shown(text = "", options = {}) {
  const page = open(rated(text), options);
  const { el, ask } = page.show();
  await painted();
  const thumb = (name: string) => ask(`.pw-thumb-${name}`) as HTMLElement;
  return { ...page, el, ask, thumb, note: () => el.querySelector<HTMLInputElement>(".pw-input") };
}

describe("a rating", () => {
  beforeEach(() => load("rating", module));

  test("is offered by two thumbs, and nothing else", async () => {
    const { el, thumb, note } = await shown();
    expect(thumb("up").getAttribute("aria-label")).toBe("Good");
    expect(thumb("down").getAttribute("aria-label")).toBe("Bad");
    expect(thumb("up").getAttribute("aria-pressed")).toBe("false");
    expect(note()).toBeNull();
    expect(el.querySelector(".pw-notice")).toBeNull();
    expect(el.querySelector("fieldset")?.textContent).toBe("Was this good?");
  });

  test("is sent by one click, shows at once, and is sent once", async () => {
    const { model, thumb, ask } = await shown();
    thumb("down").click();
    thumb("down").click();
    await painted();
    expect(acts(model)).toMatchObject([{ action: "rate", text: "down", reason: "", nonce: "n1" }]);
    expect(thumb("down").getAttribute("aria-pressed")).toBe("true");
    expect(ask(".pw-rating-ask").textContent).toBe("Rated bad");
  });

  test("shows what is kept, and its note", async () => {
    const { thumb, note } = await shown("Rated good: <b>as it: should be</b>");
    expect(thumb("up").getAttribute("aria-pressed")).toBe("true");
    expect(note()?.value).toBe("<b>as it: should be</b>");
  });

  test("is taken back by a click on the same thumb, and changed by one on the other", async () => {
    const { model, thumb, change } = await shown("Rated good: yes");
    thumb("up").click();
    expect(acts(model)).toMatchObject([{ action: "rate", text: "" }]);
    const [act] = acts(model) as { id?: string }[];
    model.hear({ kind: "ack", id: act?.id ?? "", refused: "the drive is full" });
    change(["set", ["parts", 0, "text"], "Rated good: yes"]);
    await painted();
    thumb("down").click();
    expect(acts(model)[1]).toMatchObject({ action: "rate", text: "down", reason: "yes" });
  });

  test("has a note that Enter saves, and that no shortcut of the page gets", async () => {
    const { model, note, el } = await shown("Rated bad");
    const heard: string[] = [];
    el.addEventListener("keydown", (event) => heard.push(event.key));
    const field = note() as HTMLInputElement;
    field.value = "It counted cancelled orders";
    for (const key of ["a", "Enter"]) {
      field.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
    expect(acts(model)).toMatchObject([
      { action: "rate", text: "down", reason: "It counted cancelled orders" },
    ]);
    expect(heard).toEqual([]);
  });

  test("has a note that isn't lost where the thumb isn't settled yet", async () => {
    const { model, thumb, note } = await shown();
    thumb("down").click();
    await painted();
    const field = note() as HTMLInputElement;
    field.value = "why";
    for (let times = 0; times < 2; times++) {
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    }
    thumb("down").click(); // a third click of somebody in a hurry
    expect(acts(model)).toMatchObject([
      { text: "down", reason: "" },
      { text: "down", reason: "why" },
    ]);
  });

  test("has a note that another page's rating doesn't take from who types", async () => {
    const { change, note, model } = await shown("Rated bad: first");
    const field = note() as HTMLInputElement;
    const save = () =>
      note()?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    change(["set", ["parts", 0, "text"], "Rated good: theirs"]);
    await painted();
    expect(note()?.value).toBe("theirs"); // nothing was typed here
    field.value = "mine,  half";
    change(["set", ["parts", 0, "text"], "Rated good: theirs again"]);
    await painted();
    expect(note()).toBe(field);
    expect(field.value).toBe("mine,  half");
    save();
    expect(acts(model)).toMatchObject([{ text: "up", reason: "mine,  half" }]);
    change(["set", ["parts", 0, "text"], "Rated good: mine, half"]);
    await painted();
    expect(field.value).toBe("mine, half"); // as it is kept
    change(["set", ["parts", 0, "text"], "Rated good: theirs once more"]);
    await painted();
    expect(field.value).toBe("theirs once more");
  });

  test("says why it was refused, and shows what is kept", async () => {
    const { model, thumb, el } = await shown();
    thumb("up").click();
    const [act] = acts(model) as { id?: string }[];
    model.hear({ kind: "ack", id: act?.id ?? "", refused: "Ratings are off." });
    await painted();
    expect(el.querySelector(".pw-rating .pw-said")?.textContent).toBe("Not done: Ratings are off.");
    expect(thumb("up").getAttribute("aria-pressed")).toBe("false");
  });

  test("can't be given without a kernel, and says so", async () => {
    const { model, thumb } = await shown("Rated good", { live: false });
    expect(thumb("up").getAttribute("aria-disabled")).toBe("true");
    expect(thumb("up").title).toBe("This run has no live kernel");
    thumb("down").click();
    expect(acts(model)).toEqual([]);
  });

  test("reads what the kernel writes, and nothing else", () => {
    expect(module.ratingOf("")).toEqual({ thumb: "", note: "" });
    expect(module.ratingOf("Rated good")).toEqual({ thumb: "up", note: "" });
    expect(module.ratingOf("Rated bad: a: b")).toEqual({ thumb: "down", note: "a: b" });
    expect(module.ratingOf("Rated goodness")).toEqual({ thumb: "", note: "" });
  });
});

describe("without its module", () => {
  test("a rating reads as text, and one that isn't given isn't there", async () => {
    const { el, ask } = await shown("Rated bad: <i>why</i>");
    expect(ask(".pw-notice").textContent).toBe("Rated bad: <i>why</i>");
    expect(el.querySelector(".pw-notice i")).toBeNull();
    const other = await shown("");
    expect(other.el.querySelector(".pw-notice")).toBeNull();
  });
});
