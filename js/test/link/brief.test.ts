// A run that is over comes as a few words; the whole is asked for when a view of it comes near sight.
import { afterEach, expect, test, vi } from "vitest";
import widget from "../../src/index";
import type { HelloMessage, KernelMessage, RunState } from "../../src/state/wire";
import { FakeModel, painted } from "../page";
import { run, text } from "../runs";

/** What the page watches, and what tells it that an element has come near sight. */
let watched: { el: Element; near: () => void; far: () => void }[] = [];
class Observer {
  readonly #els = new Set<Element>();
  constructor(
    private readonly callback: (entries: { target: Element; isIntersecting: boolean }[]) => void,
  ) {}
  observe(el: Element): void {
    if (this.#els.has(el)) return;
    this.#els.add(el);
    const tell = (isIntersecting: boolean) => this.callback([{ target: el, isIntersecting }]);
    watched.push({ el, near: () => tell(true), far: () => tell(false) });
    tell(false); // as the platform does at first
  }
  disconnect(): void {
    watched = watched.filter(({ el }) => !this.#els.has(el));
  }
}
vi.stubGlobal("IntersectionObserver", Observer);

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
  document.body.replaceChildren();
  vi.useRealTimers();
  watched = [];
});

const WORDS = { kind: "agent", name: "Analyst", status: "completed" };
const BRIEF = { seq: 4, now: 1, brief: true, state: WORDS };
const WHOLE = run({ ...WORDS, parts: [text("All of it.")] } as Partial<RunState>);
const state: KernelMessage = { kind: "state", seq: 4, now: 2, state: WHOLE, nonce: "n" };

function opened(saved: unknown = BRIEF, manager?: unknown) {
  const model = new FakeModel(saved);
  model.values.set("_mark", "powawidget-1");
  model.widget_manager = manager;
  const made = widget();
  ends.push(made.initialize({ model }));
  const show = () => {
    const el = document.createElement("div");
    document.body.append(el);
    const remove = made.render({ model, el });
    ends.push(remove);
    return { el, remove };
  };
  return { model, show, ...show() };
}

const asked = (model: FakeModel) => model.sent.map(({ kind }) => kind);

test("it is asked for once, when one of its views comes near sight, and drawn in all", async () => {
  const { model, el, show } = opened();
  const second = show();
  expect(asked(model)).toEqual([]);
  expect(el.textContent).toContain("agent Analyst: Done");
  expect(document.querySelector(".pw")).toBeNull(); // so the transcript stays
  watched[1]?.near();
  watched[0]?.near();
  expect(asked(model)).toEqual(["hello"]);
  model.hear(state);
  await painted();
  for (const each of [el, second.el]) {
    expect(each.querySelector(".pw.powawidget-1")?.textContent).toContain("All of it.");
    expect(each.textContent).not.toContain("agent Analyst: Done");
  }
  expect(watched).toEqual([]);
});

test("what comes between two frames is drawn in one go, and not where its view is gone", async () => {
  const all = [opened(), opened(), opened()];
  for (const { near } of [...watched]) near();
  for (const { model } of all) model.hear(state);
  expect(document.querySelector(".pw")).toBeNull();
  all[1]?.remove();
  await painted();
  expect(all.map(({ el }) => el.querySelectorAll(".pw").length)).toEqual([1, 0, 1]);
});

test("what is only scrolled past isn't asked for; what a reader stops at is", async () => {
  vi.useFakeTimers();
  const { model } = opened();
  const other = opened();
  const scroll = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      document.dispatchEvent(new Event("scroll"));
      await vi.advanceTimersByTimeAsync(100);
    }
  };
  await scroll(500);
  const [first, second] = watched;
  first?.near();
  await scroll(1_000);
  first?.far();
  second?.near();
  await scroll(1_000);
  expect([asked(model), asked(other.model)]).toEqual([[], []]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([asked(model), asked(other.model)]).toEqual([[], ["hello"]]);
});

test("what is scrolled elsewhere, as the box of a run that streams, doesn't keep it waiting", () => {
  const { model } = opened();
  const box = document.createElement("div");
  document.body.append(box);
  const failed = vi.fn();
  addEventListener("error", failed, { once: true });
  for (const target of [box, window]) target.dispatchEvent(new Event("scroll"));
  expect(failed).not.toHaveBeenCalled();
  watched[0]?.near();
  expect(asked(model)).toEqual(["hello"]);
});

test("it is asked for when the end of its transcript comes near sight, which may be long", () => {
  const transcript = document.createElement("div");
  transcript.className = "powawidget-1";
  document.body.append(transcript);
  const { model } = opened();
  watched.find(({ el }) => el === transcript)?.near();
  expect(asked(model)).toEqual(["hello"]);
  expect(watched).toEqual([]);
});

test("a view that is removed before it comes near asks for nothing, and is never drawn", async () => {
  const { model, el, remove } = opened();
  const [seen] = watched;
  remove();
  expect(watched).toEqual([]);
  expect(seen).toBeDefined();
  model.hear(state);
  await painted();
  expect([asked(model), el.textContent]).toEqual([[], ""]);
});

test("what a saved notebook would hold stays marked as a few words until the whole is here", () => {
  const { model } = opened();
  expect(model.get("_state")).toBe(BRIEF);
  watched[0]?.near();
  expect(model.get("_state")).toBe(BRIEF);
  model.hear(state);
  expect(model.get("_state")).toMatchObject({ seq: 4, state: { parts: [{ text: "All of it." }] } });
});

test("the whole isn't given up for a few words that come again", () => {
  const { model } = opened({ seq: 4, now: 1, state: WHOLE });
  model.hear(state);
  model.set("_state", { ...BRIEF, seq: 5 }); // a lost connection is back: the kernel was asked anew
  expect(model.get("_state")).toMatchObject({ state: { parts: [{ text: "All of it." }] } });
});

test("a change of what is over here is never applied to a few words: the whole is asked for", async () => {
  const { model, el } = opened();
  model.hear({ kind: "ops", seq: 5, ops: [["set", ["status"], "failed"]] });
  expect(asked(model)).toEqual(["sync"]);
  model.hear({ ...state, seq: 5, state: { ...WHOLE, status: "failed" } } as KernelMessage);
  await painted();
  expect(el.querySelector(".pw-status")?.textContent).toBe("Failed");
});

test("a kernel that was asked nothing isn't taken for gone", async () => {
  vi.useFakeTimers();
  const { model, el } = opened();
  await vi.advanceTimersByTimeAsync(600_000);
  watched[0]?.near();
  await vi.advanceTimersByTimeAsync(2_000);
  model.hear(state);
  await vi.advanceTimersByTimeAsync(100);
  expect(el.textContent).not.toContain("the kernel is gone");
  expect(el.querySelector(".pw-status")?.textContent).toBe("Done");
});

test("where the file is to hold the state of widgets, it is asked for at once", async () => {
  expect(asked(opened(BRIEF, { _settings: { saveState: true } }).model)).toEqual(["hello"]);
  vi.useFakeTimers();
  const settings = { saveState: false };
  const { model } = opened(BRIEF, { _settings: settings });
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked(model)).toEqual([]);
  settings.saveState = true; // a person turns it on, and saves soon
  await vi.advanceTimersByTimeAsync(250);
  expect(asked(model)).toEqual(["hello"]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked(model)).toEqual(["hello"]);
});

test("the kernel is told whether the file is to hold the state of widgets", () => {
  const saves = (model: FakeModel) => model.sent.map((each) => (each as HelloMessage).saves);
  const whole = { seq: 4, now: 1, state: WHOLE };
  for (const saved of [BRIEF, whole]) {
    expect(saves(opened(saved, { _settings: { saveState: true } }).model)).toEqual([true]);
  }
  for (const manager of [undefined, {}, { _settings: { saveState: false } }]) {
    expect(saves(opened(whole, manager).model)).toEqual([false]);
  }
});

test("a chat that is at rest comes the same way", async () => {
  const chat = { kind: "agent", name: "Writer", turns: [], order: [] };
  const { model, el } = opened({ seq: 2, now: 1, brief: true, chat });
  expect(el.textContent).toContain("agent Writer");
  watched[0]?.near();
  const turns = [{ ...WHOLE, name: "Writer" }];
  const whole = { ...chat, id: "c", turns, order: [0] };
  model.hear({
    kind: "state",
    seq: 2,
    now: 2,
    chat: whole,
    nonce: "n",
  } as unknown as KernelMessage);
  await painted();
  expect(el.querySelector(".pw")?.textContent).toContain("All of it.");
});
