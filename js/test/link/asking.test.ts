// How the page asks for the run: what it has, and by which way.
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openSession } from "../../src/link/session";
import type { KernelMessage, Op, PageMessage } from "../../src/state/wire";
import { FakeModel } from "../page";
import { run, text } from "../runs";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const START = { seq: 3, now: 1.25, state: run({ parts: [text("abc")] }) };
const letter = (seq: number, ops: Op[] = [["append", ["parts", 0, "text"], "x"]]) =>
  ({ kind: "ops", seq, ops }) as KernelMessage;
const current = (seq: number): KernelMessage => ({ kind: "current", seq, now: 9, nonce: "n" });

/** A model in JupyterLab, whose kernel has a control channel where there is a `comm`. */
function opened(saved: unknown = START, comm: unknown = { comm_id: "c" }) {
  const model = new FakeModel(saved);
  const control: PageMessage[] = [];
  let connected: (sender: unknown, status: string) => void = () => {};
  const kernel = {
    sendControlMessage: ({ content }: { content: { data: { content: PageMessage } } }) => {
      control.push(content.data.content);
    },
    connectionStatusChanged: {
      connect: (slot: typeof connected) => {
        connected = slot;
      },
      disconnect: () => {},
    },
  };
  model.widget_manager = { kernel };
  Object.assign(model, { comm });
  const session = openSession(model, {});
  const again = () => connected(null, "connected");
  const hellos = (sent: PageMessage[]) => sent.filter(({ kind }) => kind === "hello");
  return {
    model,
    session,
    control: () => hellos(control),
    plain: () => hellos(model.sent),
    syncs: () => control.filter(({ kind }) => kind === "sync").length,
    again,
  };
}

test("a hello goes by the control channel, and by the comm only where no answer comes", () => {
  const { model, control, plain } = opened();
  expect(control()).toMatchObject([{ have: 3, made: 1.25 }]);
  model.hear({ kind: "beat", seq: 3, now: 2, quiet: 0, alive: false }); // no answer to it
  vi.advanceTimersByTime(999);
  expect(plain()).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(plain()).toEqual(control());
  vi.advanceTimersByTime(25_000);
  expect(plain()).toHaveLength(1);

  const answered = opened();
  answered.model.hear(current(3));
  vi.advanceTimersByTime(25_000);
  expect(answered.plain()).toEqual([]);

  const closed = opened();
  closed.session.close();
  vi.advanceTimersByTime(60_000);
  expect(closed.plain()).toEqual([]);
});

test("without a control channel it goes by the comm at once", () => {
  expect(opened(START, null).plain()).toHaveLength(1);
});

test("a page that has all takes the kernel's word and its nonce, and draws nothing anew", () => {
  const { model, session } = opened();
  const before = session.store.state;
  let drawn = 0;
  model.on("change:_state", () => {
    drawn += 1;
  });
  model.hear(letter(4));
  const saved = drawn;
  model.hear(current(4));
  expect(session.store.state).toBe(before);
  expect(session.modules.isIncomplete).toBe(false);
  expect(drawn).toBe(saved);
  expect(session.actions.canAct).toBe(true);
});

test("a page that lacks what came before asks for the whole", () => {
  const { model, syncs } = opened();
  model.hear(current(3));
  expect(syncs()).toBe(0);
  model.hear(current(5));
  expect(syncs()).toBe(1);
});

test("what comes before a hello is answered asks for nothing more, and is asked for after it", () => {
  const { model, control, syncs, again } = opened();
  model.hear(letter(6));
  model.hear(letter(7));
  expect([control().length, syncs()]).toEqual([1, 0]);
  model.hear({ ...START, kind: "state", seq: 6, now: 5.5, nonce: "n" } as KernelMessage);
  expect(syncs()).toBe(0);
  again();
  model.hear(letter(9));
  model.hear({ ...START, kind: "state", seq: 9, now: 6, nonce: "n" } as KernelMessage);
  model.hear(letter(11));
  expect(syncs()).toBe(1);
});

test("a hello names the snapshot that the page began with, never one that it can't build on", () => {
  const made = (saved: unknown, ...messages: KernelMessage[]) => {
    const { model, control, again } = opened(saved);
    for (const message of messages) model.hear(message);
    again();
    return (control().at(-1) as { made?: unknown }).made;
  };
  const whole = { ...START, kind: "state", seq: 7, now: 5.5, nonce: "n" } as KernelMessage;
  expect(made(START, letter(4))).toBe(1.25);
  expect(made(START, { kind: "beat", seq: 3, now: 8, quiet: 0, alive: false })).toBe(1.25);
  expect(made(START, whole)).toBe(5.5);
  expect(made(START, letter(4, [["append", ["nowhere", 7], "x"]]))).toBe(null);
});

test("whatever came and was lost, a page that is told that it has all has all", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 4, max: 9 }), { maxLength: 20 }), (order) => {
      const { model, session, control, again } = opened();
      for (const seq of order) model.hear(letter(seq));
      again();
      const { have, made } = control().at(-1) as { have: number; made: number | null };
      // As the kernel decides, which is at 9.
      if (have === 9 && made === 1.25) {
        const { parts } = session.store.state as unknown as { parts: { text: string }[] };
        expect(parts[0]?.text).toBe("abcxxxxxx");
      } else expect([...new Set(order)]).not.toHaveLength(6);
    }),
  );
});
