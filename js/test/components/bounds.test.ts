import { beforeEach, expect, test } from "vitest";
import * as lookedAt from "../../src/modules/names";
import type { RunState } from "../../src/state/wire";
import { load } from "../modules/loaded";
import { open, painted } from "../page";
import { approval, block, delegation, parallel, run, text, tool } from "../runs";

beforeEach(() => load("names", lookedAt));

const SIZE = 200_000;
const of = (piece: string): string => piece.repeat(Math.ceil(SIZE / piece.length)).slice(0, SIZE);

/** What would be an element for every few characters, in whatever field it comes. */
const FLOODS: Record<string, string> = {
  colours: of("\u001b[31m"),
  "hidden ones by turns": of("\u200b\u2060"),
  joiners: of("\u200c\u200d"),
  "marks on a letter by turns": `a${of("\u0301\u0302")}`,
  "controls in words": of("w\u0001 "),
};

const error = (flood: string) => ({ title: flood, message: `${flood} `, code: flood, hint: flood });

const FIELDS: Record<string, (flood: string) => Partial<RunState>> = {
  "the answer": (flood) => ({ parts: [text(flood)] }),
  "a thought": (flood) => ({
    reasoning: {
      thoughts: [{ step: 1, text: flood, whole: true, within: null }],
      seconds: 1,
      since: null,
    } as RunState["reasoning"],
  }),
  "the question": (flood) => ({ message: flood }),
  "the run's name": (flood) => ({ name: flood }),
  "a notice": (flood) => ({
    parts: [{ kind: "notice", code: flood, text: flood, count: 1 } as RunState["parts"][number]],
  }),
  "the error": (flood) => ({ status: "failed", error: error(flood) as RunState["error"] }),
  "a tool's name": (flood) => ({ parts: [tool({ name: flood })] }),
  arguments: (flood) => ({ parts: [tool({ arguments: flood })] }),
  "arguments in JSON": (flood) => ({
    parts: [
      tool({ arguments: JSON.stringify({ [flood.slice(0, 90_000)]: flood.slice(0, 90_000) }) }),
    ],
  }),
  "a result": (flood) => ({ parts: [tool({ result: flood, full: true })] }),
  "a request": (flood) => ({
    status: "waiting",
    parts: [approval({ tool_name: flood, arguments: flood, message: flood })],
  }),
  "a request's message": (flood) => ({ status: "waiting", parts: [approval({ message: flood })] }),
  "what became of a request": (flood) => ({
    parts: [approval({ decision: "unknown", reason: flood, outcome: flood })],
  }),
  "an agent": (flood) => ({
    kind: "orchestration",
    parts: [delegation({ agent: flood, task: flood }), parallel({ agents: [flood, flood] })],
  }),
  "a block": (flood) => ({
    kind: "workflow",
    output: flood,
    blocks: [block({ name: flood, type: flood, output: flood, error: flood, text: flood })],
  }),
  "a citation": (flood) => ({
    status: "completed",
    parts: [text("it")],
    citations: [{ key: flood, source: flood, excerpt: flood }] as RunState["citations"],
  }),
};

/** Marks of all the texts of a field, some of which stand in several places. */
const MOST = 20_000;

const openAll = (el: Element): void => {
  for (const row of el.querySelectorAll<HTMLElement>("[aria-expanded=false]")) row.click();
};

const wide = Object.keys(FIELDS).flatMap((field, at) =>
  Object.keys(FLOODS)
    .filter((_, place) => at === 0 || place % 3 === 0)
    .map((flood) => [field, flood] as const),
);

/* Marks of names only. */
const names = ["a tool's name", "a request"].map((field) => [field, "scripts by turns"] as const);

test.each([...wide, ...names])("%s of 200,000 characters: %s", async (field, flood) => {
  const state = run(FIELDS[field]?.(FLOODS[flood] ?? of("a\u0430")));
  const { el } = open(state).show();
  await painted();
  openAll(el);
  await painted();
  const marks = el.querySelectorAll(".pw-hidden-char").length;
  expect(marks).toBeGreaterThan(0);
  expect(marks).toBeLessThan(MOST);
  expect(el.textContent).toMatch(/[\d,]+ more characters/);
});

test("a long question opens by so much as a browser lays out at once, and says what is left", async () => {
  const { el, ask } = open(run({ message: of("a\u0430 ") })).show();
  await painted();
  openAll(el);
  await painted();
  const { length } = ask(".pw-question-text").textContent ?? "";
  expect(length).toBeGreaterThan(20_000);
  expect(length).toBeLessThan(20_200);
  expect(ask(".pw-question .pw-cut").textContent).toContain("180,000 more characters not shown");
});

test("what is in a request beyond that can't be approved by a click, and is denied by one", async () => {
  for (const given of [{ message: FLOODS.colours }, { tool_name: FLOODS.colours }]) {
    const state = run({ status: "waiting", parts: [approval(given as object)] });
    const { el, ask } = open(state).show();
    await painted();
    for (const fold of el.querySelectorAll<HTMLElement>(".pw-ask .pw-more")) fold.click();
    await painted();
    expect(ask(".pw-approve").getAttribute("aria-disabled")).toBe("true");
    expect(ask(".pw-deny").getAttribute("aria-disabled")).toBe("false");
  }
});

test("a long text is shown in steps, by marks as by characters", async () => {
  const given = "\u001b[31m".repeat(3_000);
  const { el, ask } = open(
    run({
      status: "failed",
      error: { ...error(""), title: "x", message: given } as RunState["error"],
    }),
  ).show();
  await painted();
  expect(el.querySelectorAll(".pw-hidden-char").length).toBeLessThan(500);
  ask(".pw-error .pw-more").click();
  await painted();
  expect(el.querySelector(".pw-error .pw-more")).toBeNull();
  expect(el.querySelectorAll(".pw-error .pw-hidden-char")).toHaveLength(3_000);
});

test("a notice of hidden characters is no wall of marks", async () => {
  const { el } = open(run(FIELDS["a notice"]?.("\u001b[31m".repeat(800)))).show();
  await painted();
  expect(el.querySelectorAll(".pw-notice .pw-hidden-char")).toHaveLength(100);
  expect(el.querySelector(".pw-notice .pw-cut")?.textContent).toContain("not shown");
});

/* A browser lays out each run of text as one, in a time that grows with its square. */
test.each(Object.keys(FIELDS))("%s of 200,000 letters is no long run of text", async (field) => {
  const { el } = open(run(FIELDS[field]?.(of("a\u0430 ")))).show();
  await painted();
  openAll(el);
  await painted();
  for (const more of el.querySelectorAll<HTMLElement>(".pw-pre + .pw-more")) more.click();
  await painted();
  const { SHOW_TEXT } = NodeFilter;
  let longest = 0;
  for (const walk = document.createTreeWalker(el, SHOW_TEXT); walk.nextNode(); ) {
    longest = Math.max(longest, walk.currentNode.nodeValue?.length ?? 0);
  }
  expect(longest).toBeGreaterThan(100);
  expect(longest).toBeLessThan(5_200);
});

const SIDE = ["the error", "the run's name", "a notice", "what became of a request"];

test.each(SIDE)("%s shows so much as a browser lays out at once", async (field) => {
  const { el } = open(run(FIELDS[field]?.(of("\u0430")))).show();
  await painted();
  for (const line of el.querySelectorAll("p,strong,.pw-who")) {
    expect(line.textContent?.length).toBeLessThan(40_400); // two texts in a line at most
  }
  expect(el.textContent).toMatch(/18\d,\d{3} more characters not shown/);
});

test("a long text is shown to its end", async () => {
  const { el } = open(
    run({ parts: [tool({ result: "word ".repeat(50_000), status: "failed", full: true })] }),
  ).show();
  await painted();
  openAll(el);
  await painted();
  for (let step = 0; step < 5; step++) {
    el.querySelector<HTMLElement>(".pw-pre + .pw-more")?.click();
    await painted();
  }
  expect(el.querySelector(".pw-pre")?.textContent).toHaveLength(250_000);
  expect(el.querySelector(".pw-cut")).toBeNull();
});

/* A browser lays out a block in a time that grows with its square, and only what is in sight. */
test.each(Object.keys(FIELDS))("%s of 200,000 characters is no large block", async (field) => {
  for (const flood of [of("a\u05d0 "), of("a\n"), of("a\u0430")]) {
    const { el } = open(run(FIELDS[field]?.(flood))).show();
    await painted();
    openAll(el);
    await painted();
    for (const more of el.querySelectorAll<HTMLElement>(".pw-more")) more.click();
    await painted();
    const lengthOf = (all: Iterable<Element>) =>
      [...all].reduce((sum, each) => sum + (each.textContent?.length ?? 0), 0);
    for (const box of el.querySelectorAll("pre,blockquote,strong,.pw-name,.pw-key,.pw-who")) {
      expect(
        lengthOf([box]) - lengthOf(box.querySelectorAll(".pw-stretch,.pw-hidden-char")),
      ).toBeLessThan(4_200);
    }
    for (const block of el.querySelectorAll(".pw-stretch")) {
      expect(block.textContent?.length).toBeLessThan(5_200);
    }
  }
});

test("a request's long text is shown whole, in blocks that end with a line or between words", async () => {
  const message = `${of("a line of words\n").slice(0, 50_000)}\n${"word ".repeat(10_000)}end`;
  const { ask } = open(run({ status: "waiting", parts: [approval({ message })] })).show();
  await painted();
  ask(".pw-ask .pw-more").click();
  await painted();
  const blocks = [...ask(".pw-ask blockquote").querySelectorAll(".pw-stretch")];
  expect(blocks.map(({ textContent }) => textContent).join("")).toBe(message);
  const ends = blocks.slice(0, -1).map(({ textContent }) => textContent?.at(-1));
  expect(ends.filter((end) => end === "\n").length).toBeGreaterThan(20);
  expect(ends.every((end) => end === "\n" || end === " ")).toBe(true);
});

test.each(["\u200b", "\u0001", "\u{e0041}"])(
  "many of %j in a long text are one mark",
  async (each) => {
    const result = `${"word ".repeat(300)}${each.repeat(9_000)}${" word".repeat(3_000)}`;
    const { el, ask } = open(
      run({ parts: [tool({ result, status: "failed", full: true })] }),
    ).show();
    await painted();
    ask(".pw-pre + .pw-more").click();
    await painted();
    const marks = [...el.querySelectorAll(".pw-pre .pw-hidden-char")];
    expect(marks.map(({ textContent }) => textContent?.split(" ")[1])).toEqual(["×9000"]);
  },
);

test("an emoji of several is whole where a long text is cut into blocks", async () => {
  const result = `x${"\u{1f468}\u200d\u{1f469}\u200d\u{1f467}".repeat(1_500)}`;
  const { el, ask } = open(run({ parts: [tool({ result, status: "failed", full: true })] })).show();
  await painted();
  ask(".pw-pre + .pw-more").click();
  await painted();
  expect(el.querySelectorAll(".pw-pre .pw-stretch").length).toBeGreaterThan(2);
  expect(el.querySelector(".pw-pre .pw-hidden-char")).toBeNull();
});

/* What is cut is cut before it is looked at: each character of it may be a mark. */
test("the name of a call is cut where nobody reads on, and says what is left", async () => {
  const { ask } = open(run({ parts: [tool({ name: of("\u0430") })] })).show();
  await painted();
  expect(ask(".pw-name").textContent).toMatch(/198,000 more characters not shown/);
  expect(ask(".pw-name").textContent?.length).toBeLessThan(2_100);
});

const long = "\u0430".repeat(2_500);
test.each([
  ["the name", { tool_name: long }],
  ["a key", { arguments: JSON.stringify({ [long]: 1 }) }],
  ["a key within", { arguments: JSON.stringify({ rows: { [long]: 1 } }) }],
])("%s of a request that is cut can't be approved by a click", async (_, given) => {
  const state = run({ status: "waiting", parts: [approval(given)] });
  const { el, ask } = open(state).show();
  await painted();
  for (const fold of el.querySelectorAll<HTMLElement>(".pw-ask .pw-more")) fold.click();
  await painted();
  expect(ask(".pw-ask-note").textContent).toContain("too many to show here");
  expect(ask(".pw-approve").getAttribute("aria-disabled")).toBe("true");
  expect(ask(".pw-deny").getAttribute("aria-disabled")).toBe("false");
});

test("an answer of short lines has no more of them than a browser lays out at once", async () => {
  const { ask } = open(run({ parts: [text(of("a\n"))] })).show();
  await painted();
  expect(ask(".pw-text").textContent?.match(/a/g)?.length).toBeLessThan(35_000);
  expect(ask(".pw-text").textContent).toMatch(/[\d,]+ more characters not shown/);
});
