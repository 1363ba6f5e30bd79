import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import widget from "../../src/index";
import type { Model } from "../../src/link/host";
import * as boardModule from "../../src/modules/board";
import { ALL, BoardLink } from "../../src/modules/board/link";
import { Lay } from "../../src/modules/board/windowing";
import * as words from "../../src/modules/board/words";
import type {
  ActMessage,
  BoardAbout,
  BoardMessage,
  Figures,
  KernelMessage,
  Line,
  RowsMessage,
  RowsRequest,
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

const figures = (given: Partial<Figures> = {}): Figures => ({
  status: "running",
  rows: 100,
  counts: { done: 20, failed: 3, running: 7, left: 70 },
  rate: 2.5,
  left: 31,
  tokens: 1_000,
  tokens_in_all: 4_000,
  begun: 1_000,
  ended: null,
  first: null,
  reason: "",
  paused_until: null,
  waiting: [],
  ...given,
});

const line = (place: number, given: Partial<Line> = {}): Line => ({
  place,
  key: `T-${place}`,
  cells: [`T-${place}`, `text ${place}`, `answer ${place}`],
  standing: "done",
  chip: "",
  why: "",
  seconds: 1.25,
  since: null,
  deadline: null,
  sent: null,
  tokens: 10,
  opens: true,
  ...given,
});

const about = {
  target: "Triage",
  columns: [
    { id: "key", name: "id", origin: "key" as const, width: 5 },
    { id: "in:0", name: "text", origin: "input" as const, width: 36 },
    { id: "out:0", name: "answer", origin: "output" as const, width: 16 },
  ],
  python: "batch = pb.agent('Triage').map(table)\nbatch",
  journal: "triage.powa",
  starts: true,
  away: "",
};

/** A board in a page, whose kernel answers what is asked as one of a hundred rows. */
async function open({
  told = figures(),
  total = 100,
  rows = line,
  manager = {},
  toldAbout = about as BoardAbout,
} = {}) {
  const state = run({ name: "Triage · 100 rows", on_stop: "Nothing new starts." });
  const model = new FakeModel({ seq: 0, now: 1_010, state });
  model.values.set("_board", "powawidget-abc");
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
  const hear = (message: BoardMessage) => model.hear(message as unknown as KernelMessage);
  const asked = () =>
    model.sent.filter(({ kind }) => (kind as string) === "rows") as unknown as RowsRequest[];
  let answered = 0;
  const answer = async (given: Partial<RowsMessage> = {}) => {
    const open = asked().slice(answered);
    answered += open.length;
    for (const { id, view, first, count } of open) {
      const lines = Array.from({ length: Math.min(count, total - first) }, (_, at) =>
        rows(first + at),
      );
      hear({
        kind: "rows",
        view,
        asked: id,
        total,
        first,
        rows: lines,
        stale: false,
        about: toldAbout,
        ...given,
      });
    }
    await painted();
  };
  model.hear({ kind: "state", seq: 0, now: Date.now() / 1000, state, nonce: "n1" });
  await painted();
  hear({ kind: "figures", figures: told, trouble: "" });
  await answer();
  await answer();
  const all = (selector: string) => [...el.querySelectorAll<HTMLElement>(selector)];
  return {
    model,
    el,
    hear,
    asked,
    answer,
    all,
    last: () => asked().at(-1) as RowsRequest,
    of: (kind: string) =>
      model.sent.filter((each) => (each.kind as string) === kind) as unknown as {
        view: string;
        place: number;
      }[],
    acts: () => model.sent.filter(({ kind }) => kind === "act") as ActMessage[],
    shown: () => all(".pw-board-row").map(({ dataset }) => Number(dataset.place)),
    button: (name: string | RegExp) =>
      all("button").find(({ textContent }) =>
        typeof name === "string" ? textContent === name : name.test(textContent ?? ""),
      ) as HTMLElement,
    row: (place: number) => el.querySelector(`[data-place="${place}"]`) as HTMLElement,
  };
}

const press = (el: HTMLElement, key: string) =>
  el.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

describe("a board", () => {
  beforeEach(() => load("board", boardModule));

  test("of rows on other machines shows what is known, and nothing that can't be done", async () => {
    const away = "Its rows are on other machines.";
    const { el, all, button } = await open({
      total: 0,
      told: figures({ reason: "Some parts haven't begun.", counts: { done: 97, failed: 3 } }),
      toldAbout: { ...about, columns: [], python: "", journal: "claims", starts: false, away },
    });
    expect(el.querySelector(".pw-head")?.textContent).toMatch(/^Runningagent/);
    expect(el.querySelector(".pw-filters")?.textContent).toBe("All10097 done3 failed");
    expect(el.textContent).toContain(away);
    expect(el.textContent).toContain("Some parts haven't begun.");
    expect(el.textContent).toContain("kept in claims");
    expect(all("button")).toEqual([]);
    expect(all("input, [role=grid], [role=treegrid]")).toEqual([]);
    expect(button("Stop")).toBeUndefined();
  });

  test("draws when each row ran under it, on one axis; what runs ends now", async () => {
    const over = (place: number) => line(place, { sent: 1_000 + place, seconds: 10 });
    const running = { standing: "running", since: 1_020, seconds: null, sent: null } as const;
    const rows = (place: number) => (place === 2 ? line(place, running) : over(place));
    const told = (el: Element, name: string) =>
      (el as HTMLElement).style.getPropertyValue(`--pw-${name}`);
    const untold = await open({ rows });
    expect(untold.all(".pw-board-when")).toEqual([]);
    const live = await open({ rows, told: figures({ first: 1_001 }) });
    const lines = live.all(".pw-board-when");
    // The first was sent before this kernel began.
    expect(lines.slice(0, 2).map((each) => [told(each, "from"), told(each, "to")])).toEqual([
      ["0", "10"],
      ["19", "var(--pw-length)"],
    ]);
    const axis = live.el.querySelector(".pw-board-all") as Element;
    const length = Number(told(axis, "length"));
    expect(length).toBeGreaterThan(0);
    const ended = await open({
      rows,
      told: figures({ status: "done", first: 1_000, ended: 1_100 }),
    });
    expect(told(ended.el.querySelector(".pw-board-all") as Element, "length")).toBe("100");
    expect(ended.all(".pw-board-when")[0]?.className).toContain("pw-is-done");
  });

  test("says how the batch stands, in a bar and in words", async () => {
    const { el, all } = await open();
    expect(el.querySelector(".pw-head")?.textContent).toMatch(
      /^Runningagent Triage · 100 rows.*about 35 s leftStop/,
    );
    expect(all(".pw-bar>i").map(({ className }) => className)).toEqual([
      "pw-is-done",
      "pw-is-failed",
      "pw-is-running",
      "pw-is-left",
    ]);
    expect(el.querySelector(".pw-bar")?.getAttribute("aria-label")).toBe(
      "20 done, 3 failed, 7 running, 70 left",
    );
    expect(all(".pw-filter").map(({ textContent }) => textContent)).toEqual([
      "All100",
      "20 done",
      "3 failed",
      "7 running",
      "70 left",
    ]);
    expect(el.textContent).toContain("2.5 rows/s");
    expect(el.textContent).toContain("1,000 tokens, about 4,000 in all");
    expect(el.textContent).toContain("kept in triage.powa");
  });

  test("draws the rows in sight, whatever their number is", async () => {
    const { shown, el } = await open({ total: 10_000 });
    expect(shown().length).toBeLessThan(60);
    expect(shown()[0]).toBe(0);
    const all = el.querySelector(".pw-board-all") as HTMLElement;
    expect(all.style.height).toBe("310000px");
    const box = el.querySelector(".pw-board-box") as HTMLElement;
    expect(box.getAttribute("aria-rowcount")).toBe("10001");
  });

  test("asks for the rows to which one scrolls, one question at a time", async () => {
    const { el, answer, shown, asked } = await open({ total: 10_000 });
    const box = el.querySelector(".pw-board-box") as HTMLElement;
    const before = asked().length;
    for (const top of [31 * 2_000, 31 * 4_000, 31 * 6_000]) {
      box.scrollTop = top;
      box.dispatchEvent(new Event("scroll"));
      await painted();
    }
    expect(asked().length).toBe(before + 1);
    await answer();
    expect(asked().length).toBe(before + 2);
    await answer();
    expect(shown()).toContain(6_000);
    expect(shown().some(Number.isNaN)).toBe(false);
  });

  test("a filter, a search and a heading ask for other rows", async () => {
    const { button, last, answer, el, all } = await open();
    button(/failed/).click();
    await painted();
    expect(last()).toMatchObject({ standing: "failed", first: 0 });
    await answer({ total: 3 });
    expect(button("3 failed").getAttribute("aria-pressed")).toBe("true");
    vi.useFakeTimers();
    const search = el.querySelector(".pw-search") as HTMLInputElement;
    search.value = " refund ";
    search.dispatchEvent(new Event("input", { bubbles: true }));
    vi.advanceTimersByTime(300);
    vi.useRealTimers();
    await painted();
    expect(last()).toMatchObject({ standing: "failed", search: "refund" });
    await answer({ total: 1 });
    const heading = (name: string) =>
      all(".pw-heading").find(({ textContent }) => textContent?.startsWith(name)) as HTMLElement;
    for (const [descending, sort] of [
      [false, "out:0"],
      [true, "out:0"],
      [false, ""],
    ] as const) {
      heading("answer").click();
      await painted();
      expect(last()).toMatchObject({ sort, descending });
      await answer({ total: 1 });
    }
  });

  test("a row that changes changes in its place", async () => {
    const { hear, last, row, shown } = await open();
    const before = shown();
    const failed = line(3, { standing: "failed", chip: "timed out", why: "It timed out." });
    hear({ kind: "changed", view: last().view, rows: [failed], stale: false });
    hear({ kind: "changed", view: "another", rows: [line(4, { cells: ["x"] })], stale: true });
    await painted();
    expect(shown()).toEqual(before);
    expect(row(3).textContent).toContain("timed out");
    expect(row(4).textContent).toContain("answer 4");
  });

  test("where others would be shown now, a person asks for them", async () => {
    const { hear, last, button, answer } = await open();
    expect(button(words.again)).toBe(undefined);
    hear({ kind: "changed", view: last().view, rows: [], stale: true });
    await painted();
    button(words.again).click();
    await painted();
    expect(last()).toMatchObject({ again: true });
    await answer();
    expect(button(words.again)).toBe(undefined);
  });

  test("a row opens in place to its run, by a click and by keys, and closes", async () => {
    const el = document.createElement("p");
    el.textContent = "the run";
    const remove = vi.fn();
    const manager = {
      get_model: async (id: string) => id,
      create_view: async () => ({ el, remove }),
    };
    const { row, of, hear } = await open({ manager });
    row(2).click();
    await painted();
    expect(row(2).getAttribute("aria-expanded")).toBe("true");
    expect(row(2).textContent).toContain(words.opening);
    const { view, place } = of("open").at(-1) as { view: string; place: number };
    expect(place).toBe(2);
    hear({ kind: "opened", view, place, model: "m1", why: "" });
    await painted();
    await painted();
    expect(row(2).textContent).toContain("the run");
    expect(row(3).style.top).not.toBe("93px");
    row(2).focus();
    press(row(2), "Enter");
    await painted();
    expect(row(2).getAttribute("aria-expanded")).toBe("false");
    expect(remove).toHaveBeenCalledOnce();
    press(row(2), "ArrowDown");
    await painted();
    expect(document.activeElement).toBe(row(3));
    press(row(3), " ");
    await painted();
    expect(of("open").at(-1)?.place).toBe(3);
    hear({ kind: "opened", view, place: 3, model: null, why: "Row 3 has no run." });
    await painted();
    expect(row(3).textContent).toContain("Row 3 has no run.");
  });

  test("an open row that is sent again shows its new run, and one that has begun its first", async () => {
    const manager = {
      get_model: async (id: string) => id,
      create_view: async () => ({ el: document.createElement("p"), remove: () => {} }),
    };
    const { row, of, hear } = await open({ manager });
    const { view } = of("rows").at(-1) as { view: string };
    const change = async (given: Partial<Line>) => {
      hear({ kind: "changed", view, rows: [line(2, given)], stale: false });
      await painted();
    };
    const tell = async (model: string | null) => {
      hear({ kind: "opened", view, place: 2, model, why: "No run yet." });
      await painted();
    };
    await change({ standing: "failed", seconds: 1 });
    row(2).click();
    await tell("m1");
    expect(of("open").length).toBe(1);
    await change({ standing: "left", seconds: null });
    expect(of("open").length).toBe(2);
    await tell(null);
    expect(row(2).textContent).toContain("No run yet.");
    await change({ standing: "running", seconds: null, since: 5 });
    expect(of("open").length).toBe(3);
    await tell("m2");
    // From here on the run itself tells what comes of it.
    await change({ standing: "waiting", seconds: null, since: 5 });
    await change({ standing: "failed", seconds: 7 });
    expect(of("open").length).toBe(3);
    // So quickly that between two looks nothing else was seen.
    await change({ standing: "failed", seconds: 8 });
    expect(of("open").length).toBe(4);
  });

  test("a run that the kernel has closed meanwhile is asked for once more", async () => {
    const el = document.createElement("p");
    el.textContent = "the run";
    const gone = new Set(["m1"]);
    const manager = {
      get_model: async (id: string) => {
        if (gone.has(id)) throw new Error("no such model");
        return id;
      },
      create_view: async () => ({ el, remove: () => {} }),
    };
    const { row, of, hear } = await open({ manager });
    row(2).click();
    const tell = async (model: string) => {
      const { view, place } = of("open").at(-1) as { view: string; place: number };
      hear({ kind: "opened", view, place, model, why: "" });
      for (let turn = 0; turn < 3; turn++) await painted();
    };
    await tell("m1");
    expect(of("open").length).toBe(2);
    await tell("m2");
    expect(row(2).textContent).toContain("the run");
    gone.add("m3").add("m4");
    row(2).click();
    await painted();
    row(2).click();
    await painted();
    await tell("m3");
    await tell("m4");
    expect(row(2).textContent).toContain(words.cannotShow("T-2"));
    expect(of("open").length).toBe(4);
  });

  test("columns are as wide as what stands in them, and say when the server asks to wait", async () => {
    const { el, hear } = await open();
    const table = el.querySelector(".pw-board-table") as HTMLElement;
    expect(table.style.getPropertyValue("--pw-columns")).toBe(
      "minmax(54px,5fr) minmax(94px,36fr) minmax(94px,16fr) minmax(150px,30fr) 46px",
    );
    expect(el.textContent).not.toContain("paused");
    hear({ kind: "figures", figures: figures({ paused_until: 1_800_000_000 }), trouble: "" });
    await painted();
    expect(el.querySelector(".pw-board-facts")?.textContent).toMatch(
      /paused by the server until \d\d:\d\d:\d\d$/,
    );
  });

  test("there is one row to come to by Tab, and keys lead to the others", async () => {
    const { all, row, answer } = await open();
    expect(all("[data-at][tabindex='0']")).toEqual([row(0)]);
    row(0).focus();
    press(row(0), "End");
    await painted();
    await answer();
    expect((document.activeElement as HTMLElement).dataset.at).toBe("99");
    press(document.activeElement as HTMLElement, "Home");
    await painted();
    await answer();
    expect(document.activeElement).toBe(row(0));
    expect(press(row(0), "a")).toBe(true); // what it doesn't know is the page's
  });

  test("Stop, Retry and Go on say what will happen, and may be pressed again", async () => {
    const { button, acts, hear, model, el } = await open();
    button("Stop").click();
    await painted();
    button("Stopping…").click();
    await painted();
    expect(acts().map(({ action }) => action)).toEqual(["stop"]);
    vi.useFakeTimers();
    model.hear({ kind: "ack", id: acts()[0]?.id as string, refused: null });
    vi.advanceTimersByTime(2_000);
    vi.useRealTimers();
    hear({ kind: "figures", figures: figures({ status: "stopping" }), trouble: "" });
    await painted();
    expect(el.querySelector(".pw-foot")?.textContent).not.toContain("Retry");
    const stopped = figures({ status: "stopped", counts: { done: 20, failed: 3, left: 77 } });
    hear({ kind: "figures", figures: { ...stopped, reason: "It was stopped." }, trouble: "" });
    await painted();
    expect(button("Go on").title).toBe("Sends the 77 rows that are left.");
    expect(button("Retry 3 failed").title).toContain("They cost again.");
    const looks = figures({ status: "stopped", counts: { done: 98, running: 2 } });
    hear({ kind: "figures", figures: looks, trouble: "" });
    await painted();
    expect(button("Go on").title).toBe("Asks the server what became of 2 rows.");
    hear({ kind: "figures", figures: stopped, trouble: "" });
    await painted();
    button("Go on").click();
    button("Retry 3 failed").click();
    hear({ kind: "figures", figures: figures(), trouble: "" });
    await painted();
    button("Stop").click();
    expect(acts().map(({ action }) => action)).toEqual(["stop", "resume", "retry", "stop"]);
  });

  test("what couldn't be done is told", async () => {
    const { hear, el } = await open();
    hear({ kind: "figures", figures: figures(), trouble: "That starts 20,000 runs." });
    await painted();
    expect(el.querySelector(".pw-board-note")?.textContent).toBe("That starts 20,000 runs.");
  });

  test("a screen reader is told the milestones and nothing else", async () => {
    const { hear, el } = await open({ told: figures({ counts: { left: 100 } }) });
    const said = () => el.querySelector(".pw-unseen[role=status]")?.textContent;
    const heard = [said()];
    for (const done of [1, 10, 24, 25, 30, 49, 50, 99]) {
      hear({
        kind: "figures",
        figures: figures({ counts: { done, left: 100 - done } }),
        trouble: "",
      });
      await painted();
      if (said() !== heard.at(-1)) heard.push(said());
    }
    const over = figures({ status: "done", counts: { done: 98, failed: 2 }, ended: 1_100 });
    hear({ kind: "figures", figures: over, trouble: "" });
    await painted();
    heard.push(said());
    expect(heard).toEqual([
      "Batch started",
      "25% of 100 rows over",
      "50% of 100 rows over",
      "75% of 100 rows over",
      "Batch done: 98 done, 2 failed",
    ]);
  });

  describe("rows that wait for a person", () => {
    const now = () => Date.now() / 1000;
    const asking = (...rows: [place: number, seconds: number][]) =>
      figures({
        counts: { done: 90, waiting: rows.length },
        waiting: rows.map(([place, seconds]) => ({ place, deadline: now() + seconds })),
      });
    const waits = (place: number, seconds = 200) =>
      line(place, {
        standing: "waiting",
        chip: "waiting for you",
        deadline: now() + seconds,
        since: now() - 10,
        seconds: null,
      });
    const focused = () => (document.activeElement as HTMLElement).dataset.place;

    test("are told with the soonest deadline, and each in its row", async () => {
      const { el, row, hear, last } = await open();
      expect(el.querySelector(".pw-board-next")).toBe(null);
      hear({ kind: "figures", figures: asking([70, 125], [3, 200]), trouble: "" });
      hear({ kind: "changed", view: last().view, rows: [waits(3)], stale: false });
      await painted();
      expect(el.querySelector(".pw-board-next")?.textContent).toMatch(/^Next to decide2:0\d left$/);
      expect(row(3).querySelector(".pw-board-chip")?.textContent).toMatch(
        /^waiting for you3:\d\d left$/,
      );
      hear({ kind: "figures", figures: figures(), trouble: "" });
      hear({ kind: "changed", view: last().view, rows: [line(3)], stale: false });
      await painted();
      expect(el.querySelector(".pw-board-next")).toBe(null);
      expect(row(3).textContent).not.toContain("left");
    });

    test("are opened one after the other, wherever they stand", async () => {
      const { button, hear, answer, of, all } = await open();
      hear({ kind: "figures", figures: asking([70, 100], [3, 200], [41, 250]), trouble: "" });
      await painted();
      for (const place of [70, 3, 41, 70]) {
        button(/^Next to decide\d/).click();
        await painted();
        await answer();
        await painted();
        expect(focused()).toBe(String(place));
        expect(document.activeElement?.getAttribute("aria-expanded")).toBe("true");
      }
      expect(of("open").map(({ place }) => place)).toEqual([70, 3, 41]);
      expect(all(".pw-filter[aria-pressed=true]")[0]?.textContent).toBe("All100");
    });

    test("are asked for where they aren't among the rows that are shown", async () => {
      const { button, hear, answer, last } = await open();
      button("3 failed").click();
      await painted();
      await answer({ total: 3 });
      hear({ kind: "figures", figures: asking([70, 100]), trouble: "" });
      await painted();
      button(/^Next to decide/).click();
      await painted();
      expect(last()).toMatchObject({ standing: "waiting", search: "", sort: "", first: 0 });
      await answer({ total: 1, rows: [waits(70)] });
      await painted();
      expect(focused()).toBe("70");
      // One that came to wait since: the same rows are chosen anew.
      hear({ kind: "figures", figures: asking([80, 100]), trouble: "" });
      await painted();
      button(/^Next to decide/).click();
      await painted();
      expect(last()).toMatchObject({ standing: "waiting", again: true });
      await answer({ total: 1, rows: [waits(80)] });
      await painted();
      expect(focused()).toBe("80");
    });

    test("lead to each other from where one was decided", async () => {
      const { row, hear, last, button, answer } = await open();
      hear({ kind: "changed", view: last().view, rows: [waits(2), waits(5)], stale: false });
      hear({ kind: "figures", figures: asking([2, 100], [5, 200]), trouble: "" });
      await painted();
      row(2).click();
      row(1).click();
      await painted();
      expect(row(1).textContent).not.toContain("Next to decide"); // who reads isn't sent elsewhere
      expect(row(2).textContent).toContain("Next to decide (1)");
      hear({ kind: "changed", view: last().view, rows: [line(2)], stale: false });
      hear({ kind: "figures", figures: asking([5, 200]), trouble: "" });
      await painted();
      expect(row(2).getAttribute("aria-expanded")).toBe("true"); // nothing closes by itself
      button("Next to decide (1)").click();
      await painted();
      await answer();
      expect(focused()).toBe("5");
      hear({ kind: "figures", figures: figures(), trouble: "" });
      await painted();
      expect(row(2).textContent).not.toContain("Next to decide");
    });
  });

  test("a kernel that comes back is asked for everything anew", async () => {
    const { model, asked, last } = await open();
    const before = asked().length;
    const state = run({ name: "Triage · 100 rows" });
    model.hear({ kind: "state", seq: 0, now: Date.now() / 1000, state, nonce: "n2" });
    await painted();
    expect(asked().length).toBeGreaterThan(before);
    expect(last()).toMatchObject({ about: true, again: true });
  });

  test("takes the transcript's place, and gives it back", async () => {
    const { el } = await open();
    expect(el.querySelector(".pw")?.classList.contains("powawidget-abc")).toBe(true);
    expect(el.textContent).toContain(":has(.powawidget-abc)"); // in a style
    for (const end of ends.splice(0)) end();
    expect(el.textContent).not.toContain("powawidget-abc");
    expect(el.querySelector(".powawidget-abc")).toBeNull();
  });

  test("what hides in a table is marked, and nothing of it is HTML", async () => {
    const odd = `<img src=x onerror=alert(1)>\u202e`;
    const rows = (place: number) => line(place, { cells: [odd, odd, odd], why: odd, chip: odd });
    const { el, row } = await open({ rows });
    expect(el.querySelector("img")).toBe(null);
    expect(row(0).textContent).toContain("<img src=x onerror=alert(1)>");
    expect(row(0).querySelectorAll(".pw-hidden-char").length).toBe(4);
  });

  test("leaves the kernel when it goes", async () => {
    const { of, model } = await open();
    for (const end of ends.splice(0)) end();
    expect(of("leave").length).toBe(1);
    expect(model.listening).toBe(0);
  });
});

test("without its module a board says how it stands and hides nothing", async () => {
  const state = run({ name: "Triage · 100 rows", status: "completed" });
  const model = new FakeModel({ seq: 0, now: 1_010, state });
  model.values.set("_board", "powawidget-abc");
  model.values.set("_mark", "powawidget-abc-board");
  const made = widget();
  ends.push(made.initialize({ model }));
  const el = document.createElement("div");
  document.body.append(el);
  ends.push(made.render({ model, el }));
  await painted();
  expect(el.textContent).toContain("Done");
  expect(el.textContent).toContain("agent Triage · 100 rows");
  expect(el.textContent).not.toContain("The answer is empty");
  expect(el.textContent).not.toMatch(/:has\(\.powawidget-abc\)/);
});

describe("the link", () => {
  test("asks again where no answer comes, and takes only the answer to what was asked", () => {
    vi.useFakeTimers();
    const model = new FakeModel({});
    const link = new BoardLink(model as unknown as Model, () => {});
    ends.push(() => link.close());
    link.want(ALL, 0, 10);
    vi.advanceTimersByTime(9_000);
    const asked = model.sent as unknown as RowsRequest[];
    expect(asked.length).toBe(3);
    expect(new Set(asked.map(({ id }) => id)).size).toBe(3);
    const [first, , last] = asked as [RowsRequest, RowsRequest, RowsRequest];
    const answer = (id: string, rows: Line[]) =>
      model.hear({
        kind: "rows",
        view: first.view,
        asked: id,
        total: 1,
        first: 0,
        rows,
        stale: false,
        about,
      } as unknown as KernelMessage);
    answer(first.id, [line(7)]);
    expect(link.total).toBe(null);
    answer(last.id, [line(8)]);
    expect(link.rows.get(0)?.place).toBe(8);
    vi.advanceTimersByTime(60_000);
    expect(model.sent.length).toBe(3);
  });
});

describe("how rows lie", () => {
  test("where a row begins is where it is found", () => {
    let seed = 7;
    const random = () => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let round = 0; round < 300; round++) {
      const total = 1 + Math.floor(random() * 200);
      const places = new Set(
        Array.from({ length: Math.floor(random() * 4) }, () => Math.floor(random() * total)),
      );
      const open = [...places].sort((a, b) => a - b).map((at) => [at, 1 + random() * 400] as const);
      const lay = new Lay(31, total, open);
      for (let at = 0; at < total; at++) {
        expect(lay.at(lay.top(at) + 0.5)).toBe(at);
        expect(lay.at(lay.top(at + 1) - 0.5)).toBe(at);
      }
      const top = random() * lay.height;
      const [first, count] = lay.window(top, 400);
      expect(lay.top(first)).toBeLessThanOrEqual(top);
      expect(lay.top(first + count)).toBeGreaterThanOrEqual(Math.min(top + 400, lay.height) - 0.5);
    }
  });

  test("of many rows few are drawn, and of none none", () => {
    expect(new Lay(31, 0, []).window(0, 400)).toEqual([0, 0]);
    expect(new Lay(31, 1_000_000, []).window(31 * 500_000, 400)[1]).toBeLessThan(40);
  });

  test("a row is brought to sight by as little as needed", () => {
    const lay = new Lay(31, 100, []);
    expect(lay.toSee(0, 310, 400)).toBe(0);
    expect(lay.toSee(12, 310, 400)).toBe(310);
    expect(lay.toSee(50, 0, 400)).toBe(50 * 31 + 31 - 400);
  });
});

test.each([
  [3, "a few seconds left"],
  [31, "about 35 s left"],
  [240, "about 4 min left"],
  [9_000, "about 2.5 h left"],
])("a time of %d s is told as %s", (seconds, said) => {
  expect(words.left(seconds)).toBe(said);
});

test.each([
  [43, "43 rows/s"],
  [4.27, "4.3 rows/s"],
  [0.5, "30.0 rows/min"],
  [0.01, "36.0 rows/h"],
])("a rate of %d is told as %s", (rate, said) => {
  expect(words.rate(rate)).toBe(said);
});
