import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import widget from "../../src/index";
import * as compareModule from "../../src/modules/compare";
import { differences, type Piece, wordsOf } from "../../src/modules/compare/diff";
import * as words from "../../src/modules/compare/words";
import type {
  Column,
  ComparedMessage,
  CompareMessage,
  CompareRequests,
  KernelMessage,
} from "../../src/state/wire";
import { FakeModel, painted } from "../page";
import { run } from "../runs";
import { load } from "./loaded";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  document.body.replaceChildren();
  vi.useRealTimers();
});

const figure = (
  name: string,
  value: string,
  delta = "",
  verdict: "" | "better" | "worse" = "",
) => ({
  name,
  value,
  delta,
  verdict,
  title: "",
});

const column = (part: number, given: Partial<Column> = {}): Column => ({
  name: `v${part + 1}`,
  about: "agent Analyst",
  part,
  status: "completed",
  since: null,
  seconds: 7.2,
  error: "",
  figures: [
    figure("tokens", "1,395", part === 0 ? "" : "+38 %", part === 0 ? "" : "worse"),
    figure("seconds", "6.3 s", part === 0 ? "" : "−12 %", part === 0 ? "" : "better"),
  ],
  steps: [
    { row: part, kind: "tool", name: "database_query", status: "done", seconds: 0.2, since: null },
  ],
  checks: [],
  ...given,
});

const compared = (given: Partial<ComparedMessage> = {}): Omit<ComparedMessage, "view"> => ({
  kind: "compared",
  turn: 0,
  rounds: 1,
  hidden: false,
  whole: true,
  columns: { 0: column(0), 1: column(1) },
  rows: 2,
  cut: 0,
  runs: { completed: 2 },
  over: [0],
  voted: [],
  vote: null,
  message: "Which orders are late?",
  trouble: "",
  ...given,
});

const texts = ["North has 3.4 times the late orders.", "North is late, **carrier B** says why."];

/** A comparison in a page, whose kernel has told of it. */
async function open({
  told = compared() as Omit<ComparedMessage, "view"> | null,
  status = "completed",
  manager = {},
} = {}) {
  const parts = texts.map((text) => ({ kind: "text" as const, text, within: null }));
  const state = run({ name: "comparison · 2 sides", parts, status: status as "completed" });
  const model = new FakeModel({ seq: 0, now: 1_010, state });
  model.values.set("_board", "powawidget-abc");
  model.values.set("_drawn_by", "compare");
  model.widget_manager = manager;
  const made = widget();
  const close = made.initialize({ model });
  const el = document.createElement("div");
  document.body.append(el);
  const remove = made.render({ model, el });
  ends.push(() => {
    remove();
    close();
  });
  model.hear({ kind: "state", seq: 0, now: Date.now() / 1000, state, nonce: "n1" });
  await painted();
  const sent = <Kind extends CompareRequests["kind"]>(kind: Kind) =>
    model.sent.filter((each) => (each.kind as string) === kind) as unknown as Extract<
      CompareRequests,
      { kind: Kind }
    >[];
  const view = () => sent("compare")[0]?.view as string;
  const hear = async (message: Omit<ComparedMessage, "view"> | CompareMessage) => {
    model.hear({ view: view(), ...message } as unknown as KernelMessage);
    await painted();
  };
  if (told !== null) await hear(told);
  const all = (selector: string) => [...el.querySelectorAll<HTMLElement>(selector)];
  return {
    model,
    el,
    hear,
    sent,
    all,
    view,
    said: (selector: string) => all(selector).map(({ textContent }) => textContent),
    button: (name: string) =>
      all("button").find(({ textContent }) => textContent === name) as HTMLElement,
  };
}

const press = async (button: HTMLElement) => {
  button.click();
  await painted();
};

const enabled = (button: HTMLElement) =>
  vi.waitFor(() => expect(button.getAttribute("aria-disabled")).not.toBe("true"));

describe("a comparison", () => {
  beforeEach(() => load("compare", compareModule));

  test("has a column for each side, the baseline first and marked", async () => {
    const { said, all } = await open();
    expect(said(".pw-side-name")).toEqual(["v1", "v2"]);
    expect(said(".pw-side:first-child .pw-compare-tag")).toEqual([words.baseline]);
    expect(said(".pw-side:last-child .pw-compare-tag")).toEqual([]);
    expect(all(".pw-side").map((side) => side.getAttribute("aria-label"))).toEqual(["v1", "v2"]);
    expect(said(".pw-head .pw-who")).toEqual(["comparison · 2 sides"]);
    expect(all(".pw-text").map(({ textContent }) => textContent?.trim())).toEqual([
      texts[0],
      "North is late, carrier B says why.",
    ]);
  });

  test("says in a word whether a figure is better", async () => {
    const { all } = await open();
    const told = all(".pw-side:last-child .pw-side-figure").map(({ textContent }) => textContent);
    expect(told).toEqual(["tokens+38 %worse1,395", "seconds−12 %better6.3 s"]);
    expect(all(".pw-side:first-child .pw-delta").every((one) => one.textContent === "")).toBe(true);
  });

  test("tools stand in the rows that the kernel has given them", async () => {
    const { all } = await open();
    const rows = all(".pw-side").map((side) =>
      [...side.querySelectorAll(".pw-side-call")].map((row) =>
        row.classList.contains("pw-side-gap"),
      ),
    );
    expect(rows).toEqual([
      [false, true],
      [true, false],
    ]);
  });

  test("a change of one column leaves the others as they are", async () => {
    const { hear, said, all } = await open();
    const [first] = all(".pw-side");
    const changed = column(1, { status: "failed", error: "too many requests" });
    await hear(
      compared({ whole: false, columns: { 1: changed }, runs: { completed: 1, failed: 1 } }),
    );
    expect(said(".pw-side-status")).toEqual(["Done", "Failed"]);
    expect(said(".pw-side-error")).toEqual(["too many requests"]);
    expect(said(".pw-head .pw-status")).toEqual(["Done, 1 failed"]);
    expect(all(".pw-side")[0]).toBe(first);
  });

  test("each round is asked for, and what comes of another one is passed over", async () => {
    const { hear, sent, said, button } = await open({
      told: compared({ rounds: 2, over: [0, 1] }),
    });
    await press(button("2"));
    expect(sent("compare").map(({ turn }) => turn)).toEqual([0, 1]);
    await hear(compared({ rounds: 2, columns: { 0: column(0, { name: "late" }) } }));
    expect(said(".pw-side-name")).toEqual(["v1", "v2"]);
    await hear(compared({ rounds: 2, turn: 1, columns: { 0: column(0), 1: column(1) } }));
    expect(button("2").getAttribute("aria-pressed")).toBe("true");
  });

  test("a question that isn't answered is asked again", async () => {
    const { sent, button } = await open({ told: compared({ rounds: 2, over: [0, 1] }) });
    vi.useFakeTimers();
    button("2").click();
    vi.advanceTimersByTime(8_500);
    expect(sent("compare").map(({ turn }) => turn)).toEqual([0, 1, 1, 1]);
    expect(new Set(sent("compare").map(({ id }) => id)).size).toBe(4);
    vi.useRealTimers();
  });

  test("the words that differ are marked once all answers are there", async () => {
    const { all, hear, button } = await open({ told: compared({ over: [] }) });
    expect(button("Differences").getAttribute("aria-disabled")).toBe("true");
    await press(button("Differences"));
    expect(all("ins,del")).toEqual([]);
    await hear(compared({ whole: false, columns: {} }));
    await press(button("Differences"));
    await vi.waitFor(() => expect(all(".pw-diff").length).toBe(1));
    expect(all(".pw-side:first-child :is(ins,del)")).toEqual([]);
    expect(all("ins").length).toBeGreaterThan(0);
    expect(all("del").length).toBeGreaterThan(0);
  });

  test("what is hidden is nowhere in the page", async () => {
    const { el, hear, all, sent, button, said } = await open();
    await press(button("Open run"));
    expect(sent("open_side")).toMatchObject([{ turn: 0, place: 0 }]);
    await press(button("Vote blind"));
    expect(sent("hide")).toMatchObject([{ hidden: true }]);
    const blank = (part: number) =>
      column(part, {
        name: "AB"[part] as string,
        about: "",
        figures: [figure("tokens", "–")],
        steps: [],
        seconds: null,
      });
    await hear(compared({ hidden: true, rows: 0, columns: { 0: blank(0), 1: blank(1) } }));
    expect(new XMLSerializer().serializeToString(el)).not.toMatch(
      /v1|v2|Analyst|database_query|1,395/,
    );
    expect(all(".pw-opened")).toEqual([]);
    expect(all("button").map(({ textContent }) => textContent)).not.toContain("Open run");
    await enabled(button("B is better"));
    await press(button("B is better"));
    await press(button("A tie")); // once only
    expect(sent("vote")).toMatchObject([{ turn: 0, place: 1 }]);
    const vote = { letters: ["B", "A"], choice: 0 };
    await hear(compared({ voted: [0], vote }));
    expect(said(".pw-side-was")).toEqual(["was B", "was A"]);
    expect(said(".pw-compare-tag-good")).toEqual([words.chosen]);
  });

  test("a vote waits until all answers are there", async () => {
    const told = compared({ hidden: true, over: [] });
    const { sent, button } = await open({ told, status: "running" });
    expect(button("A tie").getAttribute("aria-disabled")).toBe("true");
    await press(button("A tie"));
    expect(sent("vote")).toEqual([]);
  });

  test("a second click, or a key that is held, votes on nothing that nobody has read", async () => {
    const blind = { hidden: true, rounds: 3, rows: 0, over: [0, 1, 2] };
    const { sent, button, hear } = await open({ told: compared(blind) });
    await press(button("v1 is better")); // it has just come into sight
    expect(sent("vote")).toEqual([]);
    await enabled(button("v1 is better"));
    await press(button("v1 is better"));
    await press(button("v1 is better")); // the next round is on its way
    await hear(compared({ ...blind, turn: 1, voted: [0] }));
    await press(button("v1 is better")); // and is there
    expect(sent("vote")).toMatchObject([{ turn: 0, place: 0 }]);
    await enabled(button("v1 is better"));
    await press(button("v1 is better"));
    expect(sent("vote")[1]).toMatchObject({ turn: 1, place: 0 });
  });

  test("what is opened is a run of the round in sight", async () => {
    const { sent, button } = await open({ told: compared({ rounds: 2, over: [0, 1] }) });
    await press(button("2")); // on its way
    await press(button("Open run"));
    expect(sent("open_side")).toMatchObject([{ turn: 0, place: 0 }]);
  });

  test("the transcript stays where no kernel has told of the sides", async () => {
    const { el, hear } = await open({ told: null });
    const stands = () => el.querySelector(".pw")?.classList.contains("powawidget-abc");
    expect(stands()).toBe(false);
    await hear(compared());
    expect(stands()).toBe(true);
  });

  test("what is said while names are hidden has its place before it is said", async () => {
    const { all, hear } = await open({ told: compared({ hidden: true, over: [] }) });
    const said = () =>
      all(".pw-vote-ask>:not([aria-hidden])").map(({ textContent }) => textContent);
    const places = all(".pw-vote-ask>*").length;
    expect(said()).toEqual([words.voteLater]);
    await hear(compared({ hidden: true }));
    expect(said()).toEqual([words.ask]);
    await hear(compared({ hidden: true, runs: { waiting: 1 } }));
    expect(said()).toEqual([words.waitsHidden]);
    expect(all(".pw-vote-ask>*").length).toBe(places);
  });

  test("a side opens to a view of its run, and closes", async () => {
    const removed = vi.fn();
    const manager = {
      get_model: async (id: string) => id,
      create_view: async (model: string) => {
        const made = document.createElement("div");
        made.className = `view-of-${model}`;
        return { el: made, remove: removed };
      },
    };
    const { hear, all, sent, button, view } = await open({ manager });
    await press(button("Open run"));
    expect(all(".pw-opened .pw-note").map(({ textContent }) => textContent)).toEqual([
      words.opening,
    ]);
    const opened = { turn: 0, place: 0, model: "m1", why: "" };
    await hear({ kind: "opened_side", view: "another", ...opened });
    expect(all(".view-of-m1")).toEqual([]);
    await hear({ kind: "opened_side", view: view(), ...opened });
    await painted();
    expect(all(".view-of-m1").length).toBe(1);
    expect(sent("open_side").length).toBe(1);
    await press(button("Close"));
    expect(all(".pw-opened")).toEqual([]);
    expect(removed).toHaveBeenCalledOnce();
  });

  test("a view that can't be shown is asked for once more; then it says how to show it", async () => {
    const { hear, all, button, view, sent } = await open();
    await press(button("Open run"));
    const opened = { kind: "opened_side", turn: 0, place: 0, why: "" } as const;
    await hear({ ...opened, view: view(), model: "m1" });
    await painted();
    expect(sent("open_side").length).toBe(2);
    await hear({ ...opened, view: view(), model: "m2" });
    await painted();
    expect(all(".pw-opened .pw-note").map(({ textContent }) => textContent)).toEqual([
      words.cannotShow("v1"),
    ]);
    expect(sent("open_side").length).toBe(2);
  });

  test("names and errors are text, whatever stands in them", async () => {
    const name = "<img src=x onerror=x()>\u202e";
    const bad = column(0, {
      name,
      error: name,
      about: name,
      checks: [{ name, holds: false, why: name }],
    });
    const { el } = await open({ told: compared({ columns: { 0: bad, 1: column(1) } }) });
    expect(el.querySelector("img")).toBeNull();
    expect(el.textContent).not.toContain("\u202e");
  });

  test("it is left when its view is removed", async () => {
    const { sent } = await open();
    ends.pop()?.();
    expect(sent("leave_compare").length).toBe(1);
  });
});

test("without its module the transcript stays", async () => {
  const { el } = await open();
  expect(el.querySelector(".pw-compare")).toBeNull();
  expect(el.querySelector(".pw")?.classList.contains("powawidget-abc")).toBe(false);
  expect(el.querySelector(".pw-who")?.textContent).toContain("comparison · 2 sides");
});

describe("the words in which two answers differ", () => {
  const side = (pieces: Piece[] | null, kind: "added" | "removed") =>
    (pieces ?? [])
      .filter((piece) => piece.kind === "same" || piece.kind === kind)
      .map(({ text }) => text)
      .join("");

  test.each([
    ["", ""],
    ["one two three", "one three"],
    ["a, b; c", "x, y; z"],
    ["North has 3.4 times", "South has 3.4 times"],
    ["北部の注文は遅れています", "南部の注文は遅れています"],
    ["👩‍👩‍👧 family", "👩‍👧 family"],
    ["a\n\n- b\n- c", "a\n\n- b\n- d"],
  ])("both answers can be read from them: %j and %j", async (one, other) => {
    const pieces = await differences(one, other);
    expect(side(pieces, "removed")).toBe(one);
    expect(side(pieces, "added")).toBe(other);
  });

  test("a word is changed whole, in scripts without spaces too", async () => {
    expect(await differences("the late orders", "the later orders")).toEqual([
      { kind: "same", text: "the " },
      { kind: "removed", text: "late" },
      { kind: "added", text: "later" },
      { kind: "same", text: " orders" },
    ]);
    expect(wordsOf("注文は遅れています").length).toBeGreaterThan(2);
  });

  test("changes with nothing but a comma between them are one", async () => {
    const pieces = await differences("see a, b now", "see x, y now");
    expect(pieces?.map(({ kind }) => kind)).toEqual(["same", "removed", "added", "same"]);
  });

  const named = (count: number, name: string) =>
    Array.from({ length: count }, (_, at) => `${name}${at}`).join(" ");

  test("what is too long or too different isn't compared", async () => {
    expect(await differences(named(3_000, "a"), named(3_000, "b"))).toBeNull();
    expect(await differences(named(1_500, "a"), named(1_500, "b"))).toBeNull();
    expect(await differences("x".repeat(200_000), "y".repeat(200_000))).toBeNull();
    expect(await differences(named(1_500, "a"), `${named(1_500, "a")} more`)).not.toBeNull();
  });

  test("what differs a lot is compared in steps", async () => {
    const [one, other] = [named(500, "a"), named(500, "a").replace(/a(\d*)[02468] /g, "b$1 ")];
    const pieces = await differences(one, other);
    expect(side(pieces, "removed")).toBe(one);
    expect(side(pieces, "added")).toBe(other);
  });

  // The segmenter alone takes minutes for the first of them.
  test.each([
    ["words", "late orders ".repeat(50_000)],
    ["one word", "x".repeat(600_000)],
    ["no spaces", "北部の注文は遅れています".repeat(50_000)],
    ["clusters", "👩‍👩‍👧".repeat(75_000)],
    ["marks", `a${"\u0301".repeat(600_000)}`],
    ["spaces", " \n".repeat(300_000)],
  ])("a long text is taken apart in linear time: %s", (_, text) => {
    const words = wordsOf(text);
    expect(words.join("")).toBe(text);
  });

  test("no more is taken apart than is compared", () => {
    expect(wordsOf("late orders ".repeat(50_000), 100).length).toBe(101);
  });
});
