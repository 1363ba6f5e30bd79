import { beforeEach, describe, expect, test } from "vitest";
import * as time from "../../src/modules/time";
import { ticksOf } from "../../src/modules/time/ticks";
import type { RunState, Span } from "../../src/state/wire";
import { open, painted } from "../page";
import { approval, delegation, run, text, tool } from "../runs";
import { load } from "./loaded";

const span = (kind: Span["kind"], start: number, end: number | null, given: Partial<Span> = {}) =>
  ({
    kind,
    name: "",
    of: null,
    within: null,
    start,
    end,
    seen: start,
    clock: "server",
    status: end === null ? "running" : "done",
    ...given,
  }) as Span;

const GATED = [
  text("Let me look."),
  tool({ name: "database_write", started: 1010 }),
  approval({ call: 1, tool_name: "database_write", decision: "approved", by: "click" }),
];
const SPANS = [
  span("model", 1000, 1002, { name: "step 1" }),
  span("tool", 1015, 1016, { of: 1 }),
  span("human", 1002, 1015, { of: 2, clock: "here" }),
  span("model", 1016, 1020, { name: "step 2" }),
];

async function shown(state: Partial<RunState>) {
  const opened = open(run({ status: "completed", started: 1000, ended: 1020, ...state }));
  const place = opened.show();
  await painted();
  return { ...opened, ...place };
}

const press = async (el: Element, selector: string) => {
  el.querySelector<HTMLElement>(selector)?.click();
  await painted();
  await painted();
};

const told = (el: Element, selector: string) =>
  [...el.querySelectorAll(selector)].map((each) => each.textContent?.trim());

beforeEach(() => load("time", time));

describe("the strip at a run's foot", () => {
  test("shows what filled the time, in its share", async () => {
    const { el } = await shown({ parts: GATED, spans: SPANS });
    const bars = [...el.querySelectorAll<HTMLElement>(".pw-time i")];
    expect(bars.map((each) => each.className)).toEqual(
      ["model", "tool", "human", "model"].map((kind) => `pw-${kind}`),
    );
    expect(bars[2]?.style.left).toBe("10%");
    expect(bars[2]?.style.width).toBe("65%");
    expect(el.querySelector(".pw-time")?.getAttribute("title")).toBe("Where the time went");
    expect(el.querySelector(".pw-gantt")).toBeNull();
  });

  test("isn't there where a line at the head has said it", async () => {
    const { el } = await shown({ spans: [span("model", 1000, 1020)] });
    expect(el.querySelector(".pw-time")).toBeNull();
  });

  test("counts a tool that is called as a wait is", async () => {
    const spans = [
      span("tool", 1000, 1010, { name: "service", of: 0 }),
      span("tool", 1010, 1020, { name: "service", of: 1 }),
    ];
    const parts = [tool({ name: "service" }), tool({ name: "service" })];
    const { el } = await shown({ parts, spans });
    expect(el.querySelectorAll(".pw-time i")).toHaveLength(2);
  });

  test("grows while a run goes on, and closes with it", async () => {
    const { el, change } = await shown({
      status: "running",
      ended: null,
      spans: [span("model", 1000, 1002), span("tool", 1002, null)],
    });
    const last = () => el.querySelector<HTMLElement>(".pw-time i:last-child")?.style.width ?? "";
    const live = Number.parseFloat(last());
    expect(live).toBeGreaterThanOrEqual(0);
    change(["set", ["spans", 1, "end"], 1004], ["set", ["status"], "completed"]);
    await painted();
    expect(last()).toBe("50%");
  });
});

describe("the chart", () => {
  test("has figures, and a row for each span in the order of their begins", async () => {
    const { el } = await shown({ parts: GATED, spans: SPANS });
    await press(el, ".pw-time");
    expect(told(el, ".pw-gantt-name")).toEqual(["step 1", "you", "database_write", "step 2"]);
    expect(told(el, ".pw-gantt .pw-took")).toEqual(["2.0 s", "~13.0 s", "1.0 s", "4.0 s"]);
    expect(told(el, ".pw-gantt-sums span:not(.pw-gantt-title)")).toEqual([
      "model 6.0 s",
      "you 13.0 s",
      "tools 1.0 s",
    ]);
    expect(el.querySelector(".pw-gantt-note")?.textContent).toContain("as seen here");
    expect(el.querySelectorAll(".pw-fill-human")).toHaveLength(2);
    await press(el, ".pw-time");
    expect(el.querySelector(".pw-gantt")).toBeNull();
  });

  test("says of what goes on that it is as seen here, whoever told its begin", async () => {
    const spans = [span("model", 1000, 1002), span("tool", 1002, null)];
    const { el } = await shown({ status: "running", ended: null, spans });
    await press(el, ".pw-time");
    expect(told(el, ".pw-gantt .pw-took").map((each) => each?.[0])).toEqual(["2", "~"]);
  });

  test("counts what goes on at the same time once", async () => {
    const parts = [tool({ name: "a" }), tool({ name: "b" })];
    const spans = [
      span("tool", 1000, 1004, { of: 0 }),
      span("tool", 1001, 1005, { of: 1 }),
      span("wait", 1005, 1020, { name: "before another try" }),
    ];
    const { el } = await shown({ parts, spans });
    await press(el, ".pw-time");
    expect(told(el, ".pw-gantt-sums span")[0]).toBe("tools 5.0 s");
    expect(told(el, ".pw-gantt-name")[2]).toBe("wait before another try");
  });

  test("a bar leads to its card, by a click and by a key, and opens what is around it", async () => {
    const parts = [
      delegation({ agent: "billing", status: "done" }),
      tool({ name: "lookup", within: 0, status: "done" }),
    ];
    const spans = [
      span("delegate", 1000, 1020, { of: 0 }),
      span("tool", 1003, 1005, { of: 1, within: 0 }),
    ];
    const { el } = await shown({ kind: "orchestration", parts, spans });
    await press(el, ".pw-time");
    expect(el.querySelector(".pw-call")).toBeNull();
    const bars = [...el.querySelectorAll<HTMLElement>(".pw-gantt button")];
    expect(bars.map((bar) => bar.tabIndex)).toEqual([0, 0]);
    bars[1]?.click(); // as Enter does on a button
    for (let frame = 0; frame < 4; frame += 1) await painted();
    const card = el.querySelector(".pw-call");
    expect(card?.querySelector("[aria-expanded=true]")).not.toBeNull();
    expect(card?.contains(document.activeElement)).toBe(true);
  });

  test("what is anybody's text is text", async () => {
    const name = "<img src=x onerror=alert(1)>\u202e";
    const { el } = await shown({
      parts: [tool({ name }), tool({ name })],
      spans: [span("tool", 1000, 1001, { of: 0 }), span("hook", 1001, 1002, { name })],
    });
    await press(el, ".pw-time");
    expect(el.querySelector("img")).toBeNull();
    expect(told(el, ".pw-gantt-name").every((each) => each?.includes("<img"))).toBe(true);
    expect(el.querySelector(".pw-gantt-name .pw-hidden-char")).not.toBeNull();
  });

  test("spans that somebody made up draw nothing odd", async () => {
    const spans = [
      {
        kind: "model pw-ask",
        start: "x",
        end: Number.POSITIVE_INFINITY,
        of: 99,
        within: 99,
        status: "a b",
      },
      { kind: "tool", start: -5, end: 3, of: -1, within: 0 },
      "nonsense",
    ] as unknown as Span[];
    const { el } = await shown({ parts: [], spans });
    await press(el, ".pw-time");
    expect(el.querySelectorAll(".pw-gantt-rows > li")).toHaveLength(2); // the first is no moment long
    expect(el.querySelector(".pw-ask")).toBeNull();
    for (const bar of el.querySelectorAll<HTMLElement>(".pw-gantt i, .pw-time i")) {
      expect(bar.style.width).not.toContain("NaN");
    }
  });

  test("thousands of spans are cut, and counted", async () => {
    const spans = Array.from({ length: 1200 }, (_, number) => span("model", number, number + 1));
    const { el } = await shown({ spans });
    const bars = [...el.querySelectorAll<HTMLElement>(".pw-time i")];
    expect(bars.length).toBeLessThanOrEqual(300);
    // They stand all along the strip, not at its begin alone.
    expect(Number.parseFloat(bars.at(-1)?.style.left ?? "")).toBeGreaterThan(99);
    await press(el, ".pw-time");
    expect(el.querySelectorAll(".pw-gantt-rows > li")).toHaveLength(200);
    expect(el.textContent).toContain("1,000 more");
  });
});

describe("the marks of the axis", () => {
  test.each([0.003, 0.4, 1, 7.3, 39, 41, 300, 7300, 1e6])(
    "are few and round over %f s",
    (length) => {
      const ticks = ticksOf(length);
      expect(ticks.length).toBeGreaterThan(0);
      expect(ticks.length).toBeLessThanOrEqual(4);
      expect(ticks.every((tick) => tick > 0 && tick < length)).toBe(true);
    },
  );

  test.each([0, -1, Number.NaN, Infinity])("are none over %f s", (length) => {
    expect(ticksOf(length)).toEqual([]);
  });
});
