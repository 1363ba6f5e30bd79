// The loader: what a widget does until the page has the core, and how the core comes.
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { base91 } from "../pack.mjs";
import { unpacked } from "../src/link/packed";
import loader from "../src/loader";
import { FakeModel } from "./page";
import { run, text } from "./runs";

type Core = () => {
  initialize(given: { model: FakeModel }): () => void;
  render(given: { model: FakeModel; el: HTMLElement }): () => void;
};
const page = globalThis as unknown as {
  powawidgetCores: Map<string, Promise<Core>>;
  evaluated: number;
};

const CORE = `
globalThis.evaluated = (globalThis.evaluated ?? 0) + 1;
export default () => ({
  initialize: ({ model }) => { model.log.push("initialize"); return () => model.log.push("close"); },
  render: ({ model, el }) => {
    model.log.push("render");
    el.append("from the core");
    return () => model.log.push("remove");
  },
});`;

/** A blob that tells what it was made of; one of a response isn't of this class. */
class TextBlob extends Blob {
  readonly code: string;

  constructor(parts: BlobPart[], options?: BlobPropertyBag) {
    super(parts, options);
    this.code = String(parts[0]);
  }
}
Object.assign(globalThis, { unpacked });

let served = "";
let addresses = 0;
const failures = () => vi.mocked(console.error).mock.calls.length;

beforeEach(() => {
  page.powawidgetCores.clear();
  page.evaluated = 0;
  vi.spyOn(console, "error").mockImplementation(() => {});
  // Node imports no blob: an address of its own with the same content stands for it.
  vi.stubGlobal("Blob", TextBlob);
  vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
    const code = blob instanceof TextBlob ? blob.code : served;
    return `data:text/javascript,${encodeURIComponent(`${code}// ${++addresses}`)}`;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  document.body.replaceChildren();
});

class Model extends FakeModel {
  readonly log: string[] = [];
  /** Whether the page was told of all widgets at once, where the core has no code. */
  isLoadedAgain = false;
  readonly asked: unknown[] = [];
  /** How many questions get lost on their way. */
  lost = 0;
  readonly #parts = new Map<string, FakeModel>();

  constructor(state: unknown, code: () => Promise<string> | string) {
    super(state);
    this.values.set("_core", ["IPY_MODEL_the-core-0", "IPY_MODEL_the-core-1"]);
    this.widget_manager = {
      get_model: async (id: string) => {
        const [, which] = /^the-core-([01])$/.exec(id) ?? [];
        if (which === undefined) throw new Error("no such model");
        const packed = await code();
        const half = Math.ceil(packed.length / 2);
        const known = this.#parts.get(id);
        if (known !== undefined) return known;
        const part = new FakeModel(null);
        this.#parts.set(id, part);
        const told = () => part.set("code", packed.slice(half * +which, half * (+which + 1)));
        if (!this.isLoadedAgain) told();
        const send = (asked: unknown) => {
          this.asked.push(asked);
          if (this.asked.length > this.lost) setTimeout(told);
        };
        return Object.assign(part, { comm: { send } });
      },
    };
  }
}

/** The core as the kernel packs it. */
function packed(code = CORE): string {
  served = code;
  return `export default (packed) => globalThis.unpacked(packed);\n${base91(gzipSync(code))}`;
}

const STATE = { seq: 0, now: 1, state: run({ name: "Analyst", parts: [text("The first half.")] }) };

/** A widget as anywidget makes it, with a view. */
function opened(code: () => Promise<string> | string = () => packed(), state: unknown = STATE) {
  const model = new Model(state, code);
  const widget = loader();
  const close = widget.initialize({ model } as never);
  const show = () => {
    const el = document.createElement("div");
    document.body.append(el);
    return { el, remove: widget.render({ model, el } as never) };
  };
  return { model, close, show, ...show() };
}

/** A promise that the test settles. */
function held<T>() {
  let give: (value: T) => void = () => {};
  const promise = new Promise<T>((resolve) => {
    give = resolve;
  });
  return { promise, give };
}

test("ten widgets of a page evaluate the core once, and each is initialized before its view", async () => {
  const all = Array.from({ length: 10 }, () => opened());
  for (const { el } of all) await vi.waitFor(() => expect(el.textContent).toBe("from the core"));
  expect(page.evaluated).toBe(1);
  expect(all.map(({ model }) => model.log)).toEqual(Array(10).fill(["initialize", "render"]));
});

test("on a page that was loaded again each half of the core is asked for", async () => {
  const model = new Model(STATE, () => packed());
  model.isLoadedAgain = true;
  const widget = loader();
  widget.initialize({ model } as never);
  const el = document.createElement("div");
  widget.render({ model, el } as never);
  await vi.waitFor(() => expect(el.textContent).toBe("from the core"));
  expect(model.asked).toEqual(Array(2).fill({ method: "request_state" }));
});

test("a half of the core that was lost on its way is asked for once more", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const model = new Model(STATE, () => packed());
  model.isLoadedAgain = true;
  model.lost = 1;
  const widget = loader();
  widget.initialize({ model } as never);
  const el = document.createElement("div");
  widget.render({ model, el } as never);
  await vi.advanceTimersByTimeAsync(15_000);
  expect([model.asked.length, el.textContent]).toEqual([2, expect.not.stringContaining("core")]);
  await vi.advanceTimersByTimeAsync(10_000);
  vi.useRealTimers();
  await vi.waitFor(() => expect(el.textContent).toBe("from the core"));
  expect(model.asked.length).toBe(3);
});

test("two notebooks of one page share the core; one of another version has its own", async () => {
  const other = vi.fn();
  page.powawidgetCores.set("another version", Promise.resolve(other));
  const first = opened();
  await vi.waitFor(() => expect(first.el.textContent).toBe("from the core"));
  const second = opened(() => Promise.reject(new Error("the other notebook's isn't asked for")));
  await vi.waitFor(() => expect(second.el.textContent).toBe("from the core"));
  expect([page.evaluated, page.powawidgetCores.size]).toEqual([1, 2]);
  expect(other).not.toHaveBeenCalled();
});

test("until the core is there, the status and the text are shown, as text", async () => {
  const { promise, give } = held<string>();
  const hostile = "<img src=x onerror=alert(1)> **bold**";
  const { el } = opened(() => promise, { ...STATE, state: run({ parts: [text(hostile)] }) });
  expect(el.textContent).toBe(`Analyst: running\n\n${hostile}`);
  expect(el.querySelector("img")).toBeNull();
  give(packed());
  await vi.waitFor(() => expect(el.textContent).toBe("from the core"));
});

test("a chat is told by its last turn, and what can't be read by nothing", () => {
  const never = () => new Promise<string>(() => {});
  const turns = [run({ parts: [text("one")] }), run({ status: "completed", parts: [text("two")] })];
  const chat = { seq: 0, now: 1, chat: { name: "Writer", turns, order: [0, 1] } };
  expect(opened(never, chat).el.textContent).toBe("Writer: completed\n\ntwo");
  const empty = { seq: 0, now: 1, chat: { name: "Writer", turns: [], order: [] } };
  expect(opened(never, empty).el.textContent).toBe("Writer: ready");
  for (const odd of [null, 7, {}, { state: null }, { state: { parts: 7 } }]) {
    expect(opened(never, odd).el.textContent).toBe("");
  }
});

test("the text follows what the kernel answers while the core is awaited", () => {
  const { model, el } = opened(() => new Promise<string>(() => {}));
  const state = run({ status: "completed", parts: [text("Both halves.")] });
  model.hear({ kind: "state", seq: 3, now: 2, state, nonce: "n" });
  expect(el.textContent).toBe("Analyst: completed\n\nBoth halves.");
});

test("a view and a widget that go before the core comes are never drawn", async () => {
  const { promise, give } = held<string>();
  const { model, el, remove, close } = opened(() => promise);
  remove();
  expect(el.textContent).toBe("");
  close();
  give(packed());
  await vi.waitFor(() => expect(page.evaluated).toBe(1));
  await new Promise((done) => setTimeout(done));
  expect(model.log).toEqual([]);
  expect(model.listening).toBe(0);
});

test("what was drawn by the core is removed and closed by it", async () => {
  const { model, el, remove, close } = opened();
  await vi.waitFor(() => expect(el.textContent).toBe("from the core"));
  remove();
  close();
  expect(model.log).toEqual(["initialize", "render", "remove", "close"]);
  expect(model.listening).toBe(0);
});

test.each([
  ["can't be unpacked", () => "no gzip"],
  ["can't be parsed", () => packed("export default (")],
  ["throws", () => packed("throw new Error('broken'); export default 1")],
  ["is something else", () => packed("export default 'no function'")],
  ["isn't there", () => Promise.reject(new Error("no such model"))],
])("after a core that %s the next widget tries again", async (_, broken) => {
  const first = opened(broken);
  await vi.waitFor(() => expect(failures()).toBe(1));
  expect(first.el.textContent).toBe("Analyst: running\n\nThe first half.");
  expect(page.powawidgetCores.size).toBe(0);
  const second = opened();
  await vi.waitFor(() => expect(second.el.textContent).toBe("from the core"));
  const again = first.show(); // the same widget in another place: its own core is still broken
  await vi.waitFor(() => expect(again.el.textContent).toBe("from the core"));
  expect(first.model.log).toEqual(["initialize", "render"]);
});

test("once a later view brings the core, the loader neither listens nor asks any more", async () => {
  const first = opened(() => "no gzip");
  await vi.waitFor(() => expect(failures()).toBe(1));
  const second = opened(); // puts a whole core on the page
  await vi.waitFor(() => expect(second.el.textContent).toBe("from the core"));
  expect(first.model.listening).toBeGreaterThan(0);
  const again = first.show();
  await vi.waitFor(() => expect(again.el.textContent).toBe("from the core"));
  expect(first.model.listening).toBe(0);
  vi.useFakeTimers();
  const asked = first.model.sent.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(first.model.sent.length).toBe(asked);
});

test("a widget that waited for another's broken core takes its own", async () => {
  const { promise, give } = held<string>();
  const first = opened(() => promise);
  const second = opened();
  give("no gzip");
  await vi.waitFor(() => expect(second.el.textContent).toBe("from the core"));
  expect([failures(), page.evaluated]).toEqual([1, 1]);
  expect(first.el.textContent).toContain("The first half.");
});

test("a page that is without the core for long says hello where a run is under way", () => {
  vi.useFakeTimers();
  const never = () => new Promise<string>(() => {});
  const live = opened(never).model;
  const over = opened(never, { ...STATE, state: run({ status: "completed" }) }).model;
  const closed = opened(never);
  closed.close();
  expect(live.sent).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(live.sent.map(({ kind }) => kind)).toEqual(["hello"]);
  expect([over.sent, closed.model.sent]).toEqual([[], []]);
});

test("it goes on to ask until the run is over; until it is answered, with the same hello", () => {
  vi.useFakeTimers();
  const { model, el } = opened(() => new Promise<string>(() => {}));
  const ids = () => model.sent.map((message) => (message as { id: string }).id);
  vi.advanceTimersByTime(3_000);
  expect(new Set(ids())).toEqual(new Set([ids()[0]]));
  expect(ids().length).toBe(2);
  const now = { now: 2, nonce: "n" };
  model.hear({ kind: "state", seq: 3, state: run({ parts: [text("More.")] }), ...now });
  vi.advanceTimersByTime(20_000);
  expect(new Set(ids()).size).toBe(2);
  const asked = ids().length;
  model.hear({ kind: "state", seq: 9, state: run({ status: "failed" }), ...now });
  expect(el.textContent).toBe("Analyst: failed");
  vi.advanceTimersByTime(60_000);
  expect(ids().length).toBe(asked);
});

test("where the core's model neither comes nor fails, the next widget tries again", async () => {
  vi.useFakeTimers();
  const { promise, give } = held<string>();
  const first = opened(() => promise);
  const second = opened(); // waits for the first's
  expect(second.el.textContent).toBe("Analyst: running\n\nThe first half.");
  await vi.advanceTimersByTimeAsync(20_000);
  vi.useRealTimers();
  await vi.waitFor(() => expect(second.el.textContent).toBe("from the core"));
  const third = opened(() => Promise.reject(new Error("the second's is there")));
  await vi.waitFor(() => expect(third.el.textContent).toBe("from the core"));
  expect(first.el.textContent).toBe("Analyst: running\n\nThe first half.");
  expect(failures()).toBe(0);
  give(packed()); // late, after all
  await vi.waitFor(() => expect(first.el.textContent).toBe("from the core"));
});

test("a widget without another to wait for isn't waited for either", async () => {
  vi.useFakeTimers();
  const first = opened(() => new Promise<string>(() => {}));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(page.powawidgetCores.size).toBe(0);
  vi.useRealTimers();
  const second = opened();
  await vi.waitFor(() => expect(second.el.textContent).toBe("from the core"));
  expect(first.el.textContent).toContain("The first half.");
});
