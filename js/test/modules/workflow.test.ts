import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Factory } from "../../src/link/modules";
import * as results from "../../src/modules/results";
import * as workflow from "../../src/modules/workflow";
import { axisOf, placeOf } from "../../src/modules/workflow/axis";
import type { Block, RunState } from "../../src/state/wire";
import { open, painted } from "../page";
import { block, run } from "../runs";

const page = globalThis as { powawidgetModules?: Map<string, Promise<Factory>> };
beforeEach(() => {
  page.powawidgetModules = new Map([["workflow", Promise.resolve(() => workflow)]]);
});
afterEach(() => {
  page.powawidgetModules = new Map();
});

const weekly = (blocks: Block[], given: Partial<RunState> = {}) =>
  run({ kind: "workflow", name: "Weekly report", graph: true, blocks, ...given });

const BLOCKS = [
  block({ id: "1", name: "Start", type: "starter", status: "done", started: 1000, seconds: 1 }),
  block({ id: "2", name: "Explain", type: "agent", status: "running", started: 1001 }),
  block({ id: "3", name: "", type: "api" }),
  block({ id: "b-4", name: "", type: "" }),
];

async function shown(state: RunState) {
  const opened = open(state);
  const { el, ask } = opened.show();
  await painted();
  return { ...opened, el, ask };
}

const words = (el: Element, selector: string) =>
  [...el.querySelectorAll(selector)].map((each) => each.textContent);

const states = (el: Element) => words(el, ".pw-block .pw-unseen");

describe("the blocks of a workflow", () => {
  test("stand in the order of the graph, with their state, type and time", async () => {
    const { el } = await shown(weekly(BLOCKS));
    expect(words(el, ".pw-block-name")).toEqual(["Start", "Explain", "api", "b-4"]);
    expect(words(el, ".pw-block-type")).toEqual(["starter", "agent", "", ""]);
    expect(states(el)).toEqual(["Done: ", "Running: ", "Pending: ", "Pending: "]);
    expect(words(el, ".pw-block .pw-took")[0]).toBe("1.0 s");
    expect(el.querySelectorAll(".pw-block .pw-spin")).toHaveLength(1);
  });

  test("go from pending to running to done as the changes come", async () => {
    const { el, change } = await shown(weekly(BLOCKS));
    change(
      ["set", ["blocks", 1, "status"], "done"],
      ["set", ["blocks", 1, "seconds"], 2.5],
      ["set", ["blocks", 1, "output"], '{"late": 3}'],
      ["set", ["blocks", 2, "status"], "running"],
      ["set", ["blocks", 2, "started"], 1003],
    );
    await painted();
    expect(states(el)).toEqual(["Done: ", "Done: ", "Running: ", "Pending: "]);
    expect(words(el, ".pw-block-glance")[1]).toBe("late: 3");
    change(["set", ["blocks", 4], block({ id: "5", name: "Late comer" })]);
    await painted();
    expect(words(el, ".pw-block-name")).toContain("Late comer");
  });

  test("are counted in the header and by the bar", async () => {
    const { el, ask, change } = await shown(weekly(BLOCKS));
    expect(ask(".pw-figures").textContent).toContain("1 of 4 blocks");
    const width = (kind: string) => ask(`.pw-progress-${kind}`).style.width;
    expect(width("ran")).toBe("25%");
    change(
      ["set", ["blocks", 1, "status"], "failed"],
      ["set", ["blocks", 2, "status"], "skipped"],
      ["set", ["blocks", 3, "status"], "skipped"],
      ["set", ["status"], "completed"],
    );
    await painted();
    expect(ask(".pw-status").textContent).toBe("Done, 1 block failed");
    expect(ask(".pw-figures").textContent).toContain("2 of 4 blocks, 2 skipped");
    expect([width("ran"), width("failed"), width("skipped")]).toEqual(["25%", "25%", "50%"]);
    expect(el.querySelector(".pw-unseen[role=status]")?.textContent).toBe("Done, 1 block failed");
  });

  test("have no total before the graph is known", async () => {
    const { ask } = await shown(weekly(BLOCKS, { graph: false }));
    expect(ask(".pw-figures").textContent).toContain("4 blocks");
    expect(ask(".pw-figures").textContent).not.toContain("of");
    expect(ask(".pw-progress-ran").style.width).toBe("0%");
  });

  test("a failed one opens by itself with its error, a skipped one can't be opened", async () => {
    const { el, ask } = await shown(
      weekly([
        block({ name: "Divide", status: "failed", error: "division by zero", output: "null" }),
        block({ name: "After", status: "skipped" }),
      ]),
    );
    expect(ask(".pw-block .pw-row").getAttribute("aria-expanded")).toBe("true");
    expect(ask(".pw-block .pw-bad").textContent).toBe("division by zero");
    expect(words(el, ".pw-word")).toEqual(["Failed", "Skipped"]);
    expect(el.querySelectorAll(".pw-block button.pw-row")).toHaveLength(1);
  });

  test("open to input and output, each with copy, and stay as a person left them", async () => {
    const { ask, el, change } = await shown(
      weekly([
        block({ status: "done", input: '{"n": 7}', output: '[{"a": 1}, {"a": 2}]' }),
        block({ status: "running" }),
      ]),
    );
    ask(".pw-block button.pw-row").click();
    await painted();
    expect(words(el, ".pw-label-text")).toEqual(["Input", "Output"]);
    expect(words(el, ".pw-block .pw-label .pw-quiet")).toEqual(["Copy", "Copy"]);
    expect(ask(".pw-open").textContent).toContain("n7");
    change(["set", ["blocks", 0, "status"], "failed"], ["set", ["blocks", 0, "status"], "done"]);
    await painted();
    expect(words(el, ".pw-label-text")).toEqual(["Input", "Output"]);
  });

  test("many values that came out are read a little at a time, then a table with its rows", async () => {
    page.powawidgetModules?.set(
      "results",
      Promise.resolve(() => results),
    );
    const rows = Array.from({ length: 12_000 }, (_, id) => ({ id, late: id % 7 }));
    const output = JSON.stringify(rows);
    const made = block({ status: "done", input: `{"b0": {"output": ${output}}}`, output });
    const before = block({ id: "b0", name: "Before", status: "done", output: "1" });
    const { ask, el } = await shown(weekly([before, made], { output, status: "completed" }));
    expect(words(el, ".pw-block-glance")[1]).toBe("12,000 rows");
    const seen = new Set<string | null>();
    const watch = new MutationObserver(() => {
      for (const each of words(el, ".pw-open .pw-note, .pw-open .pw-pre")) seen.add(each);
    });
    watch.observe(el, { subtree: true, childList: true, characterData: true });
    ask(".pw-block:nth-child(2) button.pw-row").click();
    const tables = () => words(el, ".pw-pages span");
    for (let wait = 0; wait < 500 && tables().length < 3; wait++) await painted();
    watch.disconnect();
    expect([...seen].some((each) => /^Reading… \d+ %$/.test(each ?? ""))).toBe(true);
    expect([...seen].some((each) => each?.startsWith('[{"id":0'))).toBe(true);
    expect(tables()).toEqual(new Array(3).fill("1 to 100 of 12,000 rows"));
    expect(words(el, ".pw-open .pw-key")).toContain("Before"); // by its name, not by its id
  });

  test("a very long text that came out is folded, marks and all", async () => {
    const output = JSON.stringify("- a **line** of it\n".repeat(10_000));
    const { el } = await shown(weekly([], { output, status: "completed" }));
    expect(el.querySelector(".pw-output .pw-text")).toBeNull();
    expect(words(el, ".pw-output .pw-more")[0]).toMatch(/^Show 188,000 more characters$/);
  });

  test("an agent's streams its text inside its row, as markdown, and closes when it is done", async () => {
    const { el, ask, change } = await shown(weekly(BLOCKS));
    expect(el.querySelector(".pw-block .pw-open")).toBeNull();
    change(["append", ["blocks", 1, "text"], "So **late"]);
    await painted();
    const strong = ask(".pw-block .pw-text strong");
    change(["append", ["blocks", 1, "text"], " orders**"]);
    await painted();
    expect(strong.textContent).toBe("late orders");
    expect(ask(".pw-block .pw-text strong")).toBe(strong);
    change(
      ["set", ["blocks", 1, "output"], '"So **late orders**"'],
      ["set", ["blocks", 1, "status"], "done"],
    );
    await painted();
    expect(el.querySelector(".pw-block .pw-open")).toBeNull();
    ask(".pw-block:nth-child(2) .pw-row").click();
    await painted();
    expect(words(el, ".pw-open .pw-label span")).toEqual(["Output"]); // said once, not twice
  });

  test("the result stands at the end", async () => {
    const { ask } = await shown(
      weekly(BLOCKS, { status: "completed", output: '"## Late\\n\\n- North"' }),
    );
    expect(ask(".pw-output h2").textContent).toBe("Late");
    expect(ask(".pw-output .pw-label").textContent).toBe("OutputCopy");
  });

  test("a result of several values shows each as what it is", async () => {
    const output = JSON.stringify({ week: 40, region: "North", report: "## Late\n\n- B", n: 7 });
    const { el } = await shown(weekly(BLOCKS, { status: "completed", output }));
    expect(words(el, ".pw-output .pw-rows")).toEqual(["week40regionNorth", "n7"]);
    expect(words(el, ".pw-output .pw-text h2")).toEqual(["Late"]);
  });

  test("what went in is told by the names of the blocks before it", async () => {
    const input = { "1": { output: { n: 7 } }, other: 3 };
    const { ask, el } = await shown(
      weekly([
        block({ id: "1", name: "Start", status: "done" }),
        block({ id: "2", status: "done", input: JSON.stringify(input) }),
      ]),
    );
    ask(".pw-block:nth-child(2) .pw-row").click();
    await painted();
    expect(words(el, ".pw-open .pw-key")).toEqual(["Start", "other"]);
    expect(ask(".pw-open pre").textContent).toBe('{"n": 7}');
  });

  test.each([
    ['{"rows": [{"a": 1}, {"a": 2}], "best": {"x": 1, "y": 2}}', "2 rows, best: 2 keys"],
    ['{"late": 0.5, "json": "{\\"week\\": 40}"}', "late: 0.5, json: 1 key"],
    ['{"said": "[sic] {so}", "none": ""}', 'said: [sic] {so}, none: ""'],
  ])("a peek is in words, without JSON: %s", async (output, glance) => {
    const { el } = await shown(weekly([block({ status: "done", output })]));
    expect(words(el, ".pw-block-glance")).toEqual([glance]);
  });

  test("a plain text as the result keeps its lines; none at all is said", async () => {
    const plain = await shown(weekly(BLOCKS, { status: "completed", output: '"a\\nb"' }));
    expect(plain.ask(".pw-output .pw-prose").textContent).toBe("a\nb");
    const none = await shown(weekly(BLOCKS, { status: "completed" }));
    expect(none.el.querySelector(".pw-output")).toBeNull();
    expect(none.el.textContent).toContain("No response block ran");
    const bare = await shown(weekly([], { status: "completed" }));
    expect(bare.ask(".pw-body").textContent).toBe("No block ran: the workflow has none.");
  });

  test.each([
    ['""', null],
    ['"\\n"', null],
    [null, ""],
  ])("what came out empty is said, not shown as an empty box: %s, %s", async (output, error) => {
    const { el } = await shown(
      weekly([block({ status: "failed", output, error })], { status: "completed", output: '""' }),
    );
    const notes = [...el.querySelectorAll(".pw-open .pw-note, .pw-output .pw-note")];
    expect(notes.map((note) => note.textContent)).toEqual(["Empty", "Empty"]);
    expect(el.querySelector("pre")).toBeNull();
  });

  test("of a run whose kernel went are interrupted and not reached", async () => {
    const { el, model } = await shown(weekly(BLOCKS));
    model.emit("comm:close");
    await painted();
    expect(states(el)).toEqual(["Done: ", "Interrupted: ", "Not reached: ", "Not reached: "]);
    expect(el.querySelector(".pw-spin")).toBeNull();
  });

  test("are text, whatever they look like", async () => {
    const evil = '<img src=x onerror="alert(1)">\u202e';
    const { el } = await shown(
      weekly(
        [
          block({ id: evil, name: evil, type: evil, status: "failed", error: evil, input: evil }),
          block({ name: evil, status: "done", output: JSON.stringify({ [evil]: evil }) }),
        ],
        { output: JSON.stringify(evil) },
      ),
    );
    expect(el.querySelector("img")).toBeNull();
    expect(el.textContent).not.toContain("\u202e");
    expect(el.textContent).toContain("U+202E");
  });

  test("a token of one draws no other", async () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      block({ id: String(index), name: `b${index}`, status: "done" }),
    );
    many.push(block({ id: "last", status: "running", text: "a", started: 1000 }));
    const { el, change } = await shown(weekly(many));
    const seen: MutationRecord[] = [];
    const observer = new MutationObserver((records) => seen.push(...records));
    observer.observe(el, { subtree: true, childList: true, characterData: true, attributes: true });
    change(["append", ["blocks", 500, "text"], "b"]);
    await painted();
    observer.disconnect();
    const others = seen.filter(({ target }) => {
      const row = (target.parentElement ?? el).closest(".pw-block");
      return row !== null && row !== el.querySelector(".pw-block:last-child");
    });
    expect(el.querySelector(".pw-block:last-child .pw-text")?.textContent).toBe("ab");
    expect(others).toEqual([]);
  });
});

describe("without the module", () => {
  test("the blocks are a plain list with state, text and output", async () => {
    page.powawidgetModules = new Map();
    const opened = open(
      weekly(
        [
          block({ name: "Load", status: "done", output: '{"n": 7}' }),
          block({ name: "Explain", status: "done", text: "So **late**" }),
          block({ name: "Divide", status: "failed", error: "division by zero" }),
          block({ name: "Never", status: "skipped" }),
        ],
        { status: "completed", output: '"a\\nb"' },
      ),
      { live: false },
    );
    const { el, ask } = opened.show();
    await painted();
    const body = ask(".pw-body").textContent;
    for (const said of ["Load Done", '{"n": 7}', "So late", "division by zero", "Never Skipped"]) {
      expect(body).toContain(said);
    }
    expect(el.querySelector(".pw-body>div:last-of-type pre")?.textContent).toBe("a\nb");
    expect(opened.model.sent.filter(({ kind }) => kind === "want")).toEqual([]);
  });

  test("it is asked for once, for a workflow and nothing else", () => {
    page.powawidgetModules = new Map();
    const wants = (state: RunState) => {
      const { model, show } = open(state);
      show();
      return model.sent.filter((message) => message.kind === "want").map(({ module }) => module);
    };
    expect(wants(run())).toEqual([]);
    expect(wants(weekly(BLOCKS))).toEqual(["workflow"]);
  });
});

describe("the time that strips stand for", () => {
  const timed = (...times: [started: number, seconds: number | null][]) =>
    weekly(
      times.map(([started, seconds]) => block({ started, seconds })),
      { started: 1000 },
    );

  test("moves no bar while the run goes on, however long that takes, and all find room", () => {
    const places = [1, 10, 100, 1_000, 10_000].map((later) => {
      const state = timed([1000, 1], [1001, null], [1001 + later, 1]);
      const axis = axisOf(state, true);
      return [1000, 1001, 1001 + later, 1002 + later].map((moment) => placeOf(axis, moment));
    });
    const [first] = places as [number[]];
    for (const [from, to, later, last] of places as [number, number, number, number][]) {
      expect([from, to]).toEqual(first.slice(0, 2));
      expect(to).toBeLessThan(later);
      expect(later).toBeLessThan(last);
      expect(last).toBeLessThan(100);
    }
  });

  test("is the run's own in the end, and holds every block", () => {
    expect(axisOf({ ...timed([1000, 1]), ended: 1012 }, false)).toEqual({ from: 1000, span: 12 });
    // A replay at once: everything begins in one moment, and took the time that it says.
    expect(axisOf({ ...timed([1000, 3], [1000, 7]), ended: 1000 }, false).span).toBe(7);
    for (const isLive of [true, false]) {
      expect(placeOf(axisOf(weekly([]), isLive), 5_000)).toBeLessThanOrEqual(100);
      expect(placeOf(axisOf({ ...weekly([]), started: null }, isLive), 0)).toBe(0);
    }
  });
});
