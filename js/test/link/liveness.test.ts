// When a kernel counts as gone: not for being silent while it has nothing to say.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openSession } from "../../src/link/session";
import type { ChatState, RunState } from "../../src/state/wire";
import { FakeModel } from "../page";
import { run } from "../runs";

const MINUTE = 60_000;

beforeEach(() => {
  vi.useFakeTimers();
  (globalThis as { powawidgetModules?: Map<string, unknown> }).powawidgetModules?.clear();
});
afterEach(() => void vi.useRealTimers());

function opened(shown: { state: RunState } | { chat: ChatState }) {
  const model = new FakeModel({ seq: 0, now: 1, ...structuredClone(shown) });
  const session = openSession(model, {});
  let seq = 0;
  model.hear({ kind: "state", seq, now: 1, nonce: "n1", ...structuredClone(shown) });
  return {
    model,
    session,
    liveness: () => session.store.kernel.liveness,
    status: (path: (string | number)[], status: RunState["status"]) =>
      model.hear({ kind: "ops", seq: ++seq, ops: [["set", [...path, "status"], status]] }),
    [Symbol.dispose]: () => session.close(),
  };
}

const chatOf = (...turns: RunState[]) => {
  const order = turns.map((_, index) => index);
  return { chat: { id: "c", name: "A", kind: "agent", turns, order, queued: [] } as never };
};
const over = () => run({ status: "completed" });
const live = () => run({ status: "running" });

test.each([
  ["a run that is over", { state: over() }],
  ["a chat without a turn", chatOf()],
  ["a chat whose turns are over", chatOf(over(), over())],
])("%s is silent for an hour, and its page still asks for a module", async (_, shown) => {
  using page = opened(shown);
  await vi.advanceTimersByTimeAsync(60 * MINUTE);
  expect(page.liveness()).toBe("live");
  page.session.modules.fetch("results");
  expect(page.model.sent.at(-1)).toMatchObject({ kind: "want", module: "results" });
});

test.each([
  ["a run that is under way", { state: live() }],
  ["a chat with a turn under way", chatOf(over(), live())],
])("%s counts as without a kernel after a minute of silence", async (_, shown) => {
  using page = opened(shown);
  await vi.advanceTimersByTimeAsync(MINUTE - 2_000);
  expect(page.liveness()).toBe("live");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(page.liveness()).toBe("gone");
});

test("silence counts from when something begins", async () => {
  using page = opened(chatOf(over()));
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  page.status(["turns", 0], "running");
  await vi.advanceTimersByTimeAsync(MINUTE / 2);
  expect(page.liveness()).toBe("live");
  page.status(["turns", 0], "completed");
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect(page.liveness()).toBe("live");
});

test("a click in an idle chat that nobody answers shows that its kernel is gone", async () => {
  using page = opened(chatOf(over()));
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  const sent = page.session.actions.post({ action: "send", text: "more" });
  await vi.advanceTimersByTimeAsync(MINUTE / 2);
  expect(page.liveness()).toBe("live");
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect([page.liveness(), sent?.state]).toEqual(["gone", "slow"]);
});

test("a hundred runs that are over have no timer, whether here in all or in a few words", async () => {
  const whole = Array.from({ length: 100 }, () => opened({ state: over() }).session);
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(vi.getTimerCount()).toBe(0);
  const words = { seq: 1, now: 1, brief: true, state: { kind: "agent", status: "completed" } };
  const brief = whole.map(() => openSession(new FakeModel(words), {}));
  await vi.advanceTimersByTimeAsync(MINUTE);
  expect(vi.getTimerCount()).toBe(1); // one for all: whether JupyterLab is to save their state
  for (const session of [...whole, ...brief]) session.close();
  expect(vi.getTimerCount()).toBe(0);
});

test("no timer is left of a run that was under way, once it is over or its kernel is gone", async () => {
  using ended = opened({ state: live() });
  using silent = opened({ state: live() });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(vi.getTimerCount()).toBe(2);
  ended.status([], "completed");
  await vi.advanceTimersByTimeAsync(2 * MINUTE);
  expect([ended.liveness(), silent.liveness()]).toEqual(["live", "gone"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("a kernel that says nothing unasked is asked after half a minute, and counts as live", async () => {
  using page = opened({ state: live() });
  const hellos = () => page.model.sent.filter(({ kind }) => kind === "hello").length;
  const before = hellos();
  await vi.advanceTimersByTimeAsync(MINUTE / 2);
  expect(hellos()).toBe(before);
  for (let minutes = 0; minutes < 60; minutes++) {
    await vi.advanceTimersByTimeAsync(2_000);
    expect(hellos()).toBeGreaterThan(before + minutes);
    page.model.hear({ kind: "current", seq: 0, now: 1, nonce: "n1" });
    await vi.advanceTimersByTimeAsync(MINUTE / 2);
    expect(page.liveness()).toBe("live");
  }
});

test("a kernel that is gone is asked nothing: the one after it would log that it knows no such comm", async () => {
  using page = opened({ state: live() });
  page.model.emit("comm:close");
  const before = page.model.sent.length;
  await vi.advanceTimersByTimeAsync(5 * MINUTE);
  expect(page.model.sent.length).toBe(before);
  expect([page.liveness(), vi.getTimerCount()]).toEqual(["gone", 0]);
});

test("where looks are minutes apart, as in a tab of the background, a kernel isn't gone before it was asked", async () => {
  using page = opened({ state: live() });
  const real = performance.now.bind(performance);
  let ahead = 0;
  vi.spyOn(performance, "now").mockImplementation(() => real() + ahead);
  const hellos = () => page.model.sent.filter(({ kind }) => kind === "hello").length;
  const before = hellos();
  for (let looks = 0; looks < 300; looks++) {
    ahead += MINUTE;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(page.liveness()).toBe("live");
    if (hellos() === before) continue;
    page.model.hear({ kind: "current", seq: 0, now: 1, nonce: "n1" });
    break;
  }
  expect(hellos()).toBe(before + 1);
  await vi.advanceTimersByTimeAsync(MINUTE + 1_000); // nobody answers any more
  expect(page.liveness()).toBe("gone");
  vi.restoreAllMocks();
});
