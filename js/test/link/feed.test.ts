import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openFeed } from "../../src/link/feed";
import { openRun, type RunStore } from "../../src/state/run";
import { readSnapshot } from "../../src/state/shape";
import type { KernelMessage, Op, PageMessage, RunState, Snapshot } from "../../src/state/wire";

import { run, text, tool } from "../runs";

interface Link {
  send(message: PageMessage): void;
  save(snapshot: Snapshot): void;
  saves(): boolean;
  liveness(): "live";
}

const SILENT: Link = { send: () => {}, save: () => {}, saves: () => false, liveness: () => "live" };

/** A run and what feeds it, as one thing. */
function openStore(saved: unknown, link: Link) {
  const feed = openFeed(saved, readSnapshot, openRun, link);
  const made = Object.create(feed.store, Object.getOwnPropertyDescriptors(feed));
  return made as RunStore & typeof feed;
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.setSystemTime(5_000_000);
});
afterEach(() => vi.useRealTimers());

function store(state: unknown = run({ parts: [text("")] }), seq: unknown = 0) {
  const sent: PageMessage[] = [];
  const saved: unknown[] = [];
  const made = openStore(
    { seq, now: 1, state },
    {
      send: (message) => sent.push(message),
      save: (snapshot) => saved.push(snapshot),
      saves: () => false,
      liveness: () => "live",
    },
  );
  return {
    store: made,
    sent,
    saved,
    syncs: () => sent.filter(({ kind }) => kind === "sync").length,
  };
}

const letter = (seq: number): KernelMessage => ({
  kind: "ops",
  seq,
  ops: [["append", ["parts", 0, "text"], String.fromCharCode(96 + seq)]],
});
const whole = (seq: number, words: string, nonce = "n"): KernelMessage => ({
  kind: "state",
  seq,
  now: 5_000,
  nonce,
  state: run({ parts: [text(words)] }),
});
const textOf = (made: Pick<RunStore, "state">) => (made.state.parts[0] as { text: string }).text;

describe("numbers", () => {
  test("messages in order are applied as they come", () => {
    const { store: made, syncs } = store();
    for (const seq of [1, 2, 3]) made.receive(letter(seq));
    expect(textOf(made)).toBe("abc");
    expect(made.snapshot.seq).toBe(3);
    expect(syncs()).toBe(0);
  });

  test("a message that comes twice counts once", () => {
    const { store: made } = store();
    for (const seq of [1, 1, 2, 1, 2]) made.receive(letter(seq));
    expect(textOf(made)).toBe("ab");
  });

  test("messages out of order wait for those before them", () => {
    const { store: made } = store();
    for (const seq of [3, 1, 2]) made.receive(letter(seq));
    expect(textOf(made)).toBe("abc");
  });

  test("whatever is lost, doubled or reordered, the whole run and what follows make it right", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 40 }), (order) => {
        const { store: made } = store();
        for (const seq of order) made.receive(letter(seq));
        expect("abcdefghijkl".startsWith(textOf(made))).toBe(true);
        made.receive(whole(12, "abcdefghijkl"));
        made.receive(letter(13));
        expect(textOf(made)).toBe("abcdefghijklm");
      }),
    );
  });

  test("a gap asks for the whole run once, then every two seconds and more while unanswered", () => {
    const { store: made, syncs } = store();
    for (const seq of [2, 3, 4]) made.receive(letter(seq));
    expect(syncs()).toBe(1);
    vi.advanceTimersByTime(1_900);
    made.receive(letter(5));
    expect(syncs()).toBe(1);
    vi.advanceTimersByTime(200);
    expect(syncs()).toBe(2);
    made.receive(whole(5, "abcde"));
    expect(textOf(made)).toBe("abcde");
    vi.advanceTimersByTime(120_000);
    expect(syncs()).toBe(2);
  });

  test("a heartbeat ahead of what is known asks too: the tail was lost", () => {
    const { store: made, syncs } = store();
    made.receive({ kind: "beat", seq: 0, now: 5_000, quiet: 0 });
    expect(syncs()).toBe(0);
    made.receive({ kind: "beat", seq: 4, now: 5_001, quiet: 0 });
    expect(syncs()).toBe(1);
  });

  test("what was held back is applied to the whole run that came", () => {
    const { store: made } = store();
    for (const seq of [3, 5, 6]) made.receive(letter(seq));
    made.receive(whole(4, "abcd"));
    expect(textOf(made)).toBe("abcdef");
  });

  test("an older whole run of the same kernel is not gone back to", () => {
    const { store: made } = store();
    made.receive(whole(0, ""));
    for (const seq of [1, 2]) made.receive(letter(seq));
    made.receive(whole(1, "a"));
    expect(textOf(made)).toBe("ab");
  });

  test("numbers of a saved notebook mean nothing to a live kernel", () => {
    const { store: made } = store(run({ parts: [text("old")] }), 9e9);
    made.receive(whole(1, "a"));
    made.receive(letter(2));
    expect(textOf(made)).toBe("ab");
  });

  test("a change that doesn't fit stops all applying until the whole run has come", () => {
    const { store: made, syncs } = store();
    const bad = [["set", ["__proto__", "x"], 1]] as unknown as Op[];
    made.receive({ kind: "ops", seq: 1, ops: bad });
    made.receive(letter(2));
    expect([textOf(made), syncs()]).toEqual(["", 1]);
    made.receive(whole(2, "ab"));
    made.receive(letter(3));
    expect(textOf(made)).toBe("abc");
  });
});

describe("where the state lies", () => {
  test("changes are applied to the object that is saved, which is set only for a whole run", () => {
    const { store: made, saved } = store();
    for (const seq of [1, 2, 3]) made.receive(letter(seq));
    expect(saved).toHaveLength(1);
    expect(saved[0]).toBe(made.snapshot);
    expect(saved[0]).toMatchObject({ seq: 3, state: { parts: [{ text: "abc" }] } });
    made.receive(whole(7, "abcdefg"));
    expect(saved).toHaveLength(2);
    expect(saved[1]).toBe(made.snapshot);
  });

  const hostile: unknown[] = [
    undefined,
    null,
    7,
    "state",
    [],
    {},
    { seq: "x", now: Number.NaN, state: [] },
    { seq: 1, now: 1, state: { parts: "no", reasoning: 5, usage: [], error: "e", status: {} } },
    { seq: 1, now: 1, state: { parts: [null, 5, {}, { kind: "__proto__" }, { kind: "tool" }] } },
    { seq: 1, now: 1, state: JSON.parse('{"__proto__": {"name": "x"}, "constructor": 1}') },
    { seq: 1, now: 1, state: { parts: [{ kind: "approval", call: 1e99, arguments: [] }] } },
    { seq: 1, now: 1, state: { reasoning: { thoughts: [{}, 3], seconds: "1", since: [] } } },
  ];
  test.each(hostile.map((saved) => [JSON.stringify(saved), saved]))(
    "a saved %s is read",
    (_, saved) => {
      const made = openStore(saved, SILENT);
      expect(Array.isArray(made.state.parts)).toBe(true);
      expect(made.state.name).toBe("");
      expect(made.nonce).toBeNull();
    },
  );

  test("any value at all is read as a state", () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (saved) => {
        const made = openStore({ seq: 0, state: saved }, SILENT);
        expect(made.state.kind).toMatch(/agent|orchestration|workflow/);
      }),
    );
  });

  test.each([
    undefined,
    5,
    {},
    { kind: "x" },
    { kind: "ops" },
    { kind: "ops", seq: 1, ops: 5 },
    { kind: "state" },
  ])("the message %o does no harm", (message) => {
    const { store: made } = store();
    expect(() => made.receive(message)).not.toThrow();
  });
});

describe("who listens", () => {
  test("a text receives the pieces, not the whole, and no other listener is called", () => {
    const { store: made } = store(run({ parts: [text("x")] }));
    const received: string[] = [];
    const keys: string[] = [];
    made.onText("parts/0/text", { append: (piece) => received.push(piece), reset: () => {} });
    for (const key of ["root", "parts", "parts/0"] as const)
      made.changes.on(key, () => keys.push(key));
    for (const seq of [1, 2, 3]) made.receive(letter(seq));
    expect(received).toEqual(["a", "b", "c"]);
    expect(keys).toEqual([]);
  });

  test("after a gap a text that went on is only continued; one that changed is drawn anew", () => {
    const { store: made } = store(run({ parts: [text("one")] }));
    const received: string[] = [];
    made.onText("parts/0/text", {
      append: (piece) => received.push(`+${piece}`),
      reset: (all) => received.push(`=${all}`),
    });
    made.receive(whole(1, "one two"));
    made.receive(whole(2, "another"));
    expect(received).toEqual(["+ two", "=another"]);
  });

  test("a text that is replaced and grows in one message is given both, in order", () => {
    const { store: made } = store(run({ parts: [text("one")] }));
    const received: string[] = [];
    made.onText("parts/0/text", {
      append: (piece) => received.push(`+${piece}`),
      reset: (all) => received.push(`=${all}`),
    });
    const ops: Op[] = [
      ["set", ["parts", 0, "text"], "A"],
      ["append", ["parts", 0, "text"], "B"],
    ];
    made.receive({ kind: "ops", seq: 1, ops });
    expect(received).toEqual(["=A", "+B"]);
  });

  test("only the part that changed is emitted", () => {
    const state: RunState = run({ parts: [tool(), tool(), text("x")] });
    const { store: made } = store(state);
    const keys: string[] = [];
    for (const key of ["root", "parts", "parts/0", "parts/1", "parts/2"] as const) {
      made.changes.on(key, () => keys.push(key));
    }
    made.receive({ kind: "ops", seq: 1, ops: [["set", ["parts", 1, "seconds"], 2]] });
    expect(keys).toEqual(["parts/1"]);
  });

  test("who stops listening receives nothing more", () => {
    const { store: made } = store();
    const received: string[] = [];
    const off = made.onText("parts/0/text", {
      append: (piece) => received.push(piece),
      reset: () => {},
    });
    made.receive(letter(1));
    off();
    made.receive(letter(2));
    expect(received).toEqual(["a"]);
  });
});

test("20,000 pieces of one text cost no more each at the end than at the start", () => {
  let work = 0;
  /** The same value, but each place in it that is looked at counts. */
  const counted = <T>(value: T): T =>
    typeof value !== "object" || value === null
      ? value
      : (new Proxy(value, {
          get: (on, key) => {
            work++;
            return counted(Reflect.get(on, key));
          },
          getOwnPropertyDescriptor: (on, key) => {
            work++;
            return Reflect.getOwnPropertyDescriptor(on, key);
          },
        }) as T);
  const read = (saved: unknown) => {
    const snapshot = readSnapshot(saved);
    return { ...snapshot, state: counted(snapshot.state) };
  };
  const texts = [...Array(500)].map(() => text("so far"));
  const link = { ...SILENT, save: () => work++, send: () => work++ };
  const feed = openFeed({ seq: 0, now: 1, state: run({ parts: texts }) }, read, openRun, link);
  const given = (piece: string) => {
    work += piece.length;
  };
  feed.store.onText("parts/0/text", { append: given, reset: given });
  const ops: Op[] = [["append", ["parts", 0, "text"], "ten chars."]];
  const batch = (from: number) => {
    const before = work;
    for (let seq = from; seq < from + 5_000; seq++) feed.receive({ kind: "ops", seq, ops });
    return work - before;
  };
  const costs = [1, 5_001, 10_001, 15_001].map(batch);
  expect(feed.store.state.parts[0]).toMatchObject({ text: `so far${"ten chars.".repeat(20_000)}` });
  expect(new Set(costs).size).toBe(1);
  expect(costs[0]).toBeLessThan(5_000 * 40);
});

test("until the kernel has told its time, it is that of the snapshot, and goes on", () => {
  vi.useFakeTimers();
  const { store } = openFeed(
    { seq: 0, now: 1_796_000_000, state: run() },
    readSnapshot,
    openRun,
    SILENT,
  );
  expect(store.kernel.now).toBeCloseTo(1_796_000_000, 0);
  vi.advanceTimersByTime(5_000);
  expect(store.kernel.now).toBeCloseTo(1_796_000_005, 0);
  vi.useRealTimers();
});
