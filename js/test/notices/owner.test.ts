// What one page says for all its kernels: it adds them up, and forgets those that are gone.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Notice } from "../../src/state/wire";
import { FakeModel } from "../page";

const NAME = Symbol.for("powawidget.notices.1");
const closes: (() => void)[] = [];
let front = true;

class Stub {
  static permission = "granted";
  static all: Stub[] = [];
  onclick: (() => void) | null = null;
  isOpen = true;
  constructor(
    readonly title: string,
    readonly options: object,
  ) {
    Stub.all.push(this);
  }
  close(): void {
    this.isOpen = false;
  }
}

/** The same code again, as another kernel's model brings it. */
async function brought() {
  vi.resetModules();
  const widget = (await import("../../src/notices")).default();
  return {
    ...widget,
    initialize(given: Parameters<typeof widget.initialize>[0]): () => void {
      const close = widget.initialize(given);
      closes.push(close);
      return close;
    },
  };
}

/** A model of a kernel, whose statuses the host tells. */
function modelOf(source: string) {
  const model = new FakeModel(null);
  let onStatus: (sender: unknown, status: unknown) => void = () => {};
  let onConnection = onStatus;
  const signal = (keep: (slot: typeof onStatus) => void) => ({
    connect: keep,
    disconnect: () => keep(() => {}),
  });
  model.widget_manager = {
    kernel: {
      statusChanged: signal((slot) => {
        onStatus = slot;
      }),
      connectionStatusChanged: signal((slot) => {
        onConnection = slot;
      }),
    },
  };
  return {
    model,
    says: (waiting: unknown, notices: unknown = [], more: object = {}) =>
      model.emit("msg:custom", { kind: "notices", source, waiting, notices, used: true, ...more }),
    status: (status: string) => onStatus(null, status),
    connection: (status: string) => onConnection(null, status),
    hellos: () => model.sent.length,
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  front = true;
  Stub.all = [];
  Stub.permission = "granted";
  localStorage.clear();
  document.title = "a";
  (globalThis as { [NAME]?: unknown })[NAME] = undefined;
  vi.stubGlobal("Notification", Stub);
  vi.stubGlobal("isSecureContext", true);
  vi.spyOn(document, "hasFocus").mockImplementation(() => front);
});
afterEach(() => {
  for (const close of closes.splice(0)) close();
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("two kernels are added up, also where each brings the code; two models of one kernel count once", async () => {
  const [first, second, again] = [modelOf("a"), modelOf("b"), modelOf("a")];
  const close = (await brought()).initialize(first);
  (await brought()).initialize(second);
  (await brought()).initialize(again);
  first.says(2);
  second.says(1);
  again.says(2);
  expect(document.title).toBe("(3) a");
  first.says(0);
  expect(document.title).toBe("(1) a"); // what was said last, by whichever model
  first.says(2);
  close();
  expect(document.title).toBe("(3) a"); // the other notebook of that kernel is there
  again.status("restarting");
  expect(document.title).toBe("(1) a");
  second.connection("disconnected");
  expect(document.title).toBe("a");
  const before = second.hellos();
  second.connection("connected");
  expect(second.hellos()).toBe(before + 1); // and asks
});

test.each(["dead", "restarting", "autorestarting", "terminating"])(
  "a kernel that is %s takes its count back",
  async (status) => {
    const one = modelOf("a");
    (await brought()).initialize(one);
    one.says(4);
    one.status("busy");
    expect(document.title).toBe("(4) a");
    one.status(status);
    expect(document.title).toBe("a");
  },
);

test("a comm that is closed takes it back, and whatever is no such message changes nothing", async () => {
  const one = modelOf("a");
  (await brought()).initialize(one);
  one.says(1);
  for (const wrong of [null, 7, {}, { kind: "notices" }, { kind: "ops", waiting: 9 }]) {
    one.model.emit("msg:custom", wrong);
  }
  expect(document.title).toBe("(1) a");
  one.says("<b>", [{ id: 1 }, null, "x", { id: "x".repeat(200), what: "asks" }]);
  expect(document.title).toBe("a");
  one.says(1);
  one.model.emit("comm:close");
  expect(document.title).toBe("a");
});

const asks = (id: string): Notice => ({ id, what: "asks" });

test("a notice is shown once while nobody looks, closed when it is over, and never repeated", async () => {
  localStorage.setItem("powawidget-notices", "on");
  const one = modelOf("a");
  (await brought()).initialize(one);
  front = false;
  one.says(1, [asks("a-1")]);
  one.says(1, [asks("a-1")]);
  await vi.advanceTimersByTimeAsync(1_000);
  one.says(1, [asks("a-1")]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Stub.all.map(({ title, options }) => [title, options])).toEqual([
    ["An agent waits for you", { tag: "a-1" }],
  ]);
  one.says(0, []);
  expect(Stub.all.map(({ isOpen }) => isOpen)).toEqual([false]);
  one.says(0, [{ id: "a-2", what: "ready" }]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Stub.all.map(({ title }) => title)).toEqual([
    "An agent waits for you",
    "An answer is ready",
  ]);
  // Loaded again, the page is told once more.
  (globalThis as { [NAME]?: unknown })[NAME] = undefined;
  const loaded = modelOf("a");
  (await brought()).initialize(loaded);
  loaded.says(0, [{ id: "a-2", what: "ready" }]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Stub.all).toHaveLength(2);
});

test.each([
  ["in front", () => {}],
  ["not switched on", () => localStorage.clear()],
  ["blocked", () => Object.assign(Stub, { permission: "denied" })],
  ["decided before it is looked at", () => {}],
])("nothing is shown where it is %s", async (what, arrange) => {
  localStorage.setItem("powawidget-notices", "on");
  arrange();
  front = what === "in front";
  const one = modelOf("a");
  (await brought()).initialize(one);
  one.says(1, [asks("a-1")]);
  if (what.startsWith("decided")) one.says(0, []);
  await vi.advanceTimersByTimeAsync(1_000);
  front = false;
  if (what === "in front") one.says(1, [asks("a-1")]); // it was seen
  await vi.advanceTimersByTimeAsync(1_000);
  expect(Stub.all).toEqual([]);
});

test("a page within another one says nothing anywhere, and tells so", async () => {
  vi.stubGlobal("top", {});
  localStorage.setItem("powawidget-notices", "on");
  const one = modelOf("a");
  const widget = await brought();
  widget.initialize(one);
  front = false;
  one.says(3, [asks("a-1")]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([document.title, Stub.all]).toEqual(["a", []]);
  const el = document.createElement("div");
  const remove = widget.render({ el });
  expect(el.textContent).toContain("in a frame");
  expect(el.querySelector("button")?.hidden).toBe(true);
  remove();
  expect(el.childElementCount).toBe(0);
});

test("the line asks the browser by a click alone, and says how it stands", async () => {
  Stub.permission = "default";
  const asked = vi.fn(async () => {
    Stub.permission = "granted";
    return "granted";
  });
  Object.assign(Stub, { requestPermission: asked });
  const one = modelOf("a");
  const widget = await brought();
  widget.initialize(one);
  one.says(0);
  const el = document.createElement("div");
  document.body.append(el);
  widget.render({ el });
  const button = el.querySelector("button") as HTMLButtonElement;
  expect(button.textContent).toBe("Notify me");
  expect(asked).not.toHaveBeenCalled();
  button.click();
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toHaveBeenCalledOnce();
  expect(button.textContent).toBe("Don't notify me");
  one.says(0, [], { used: false });
  expect([button.hidden, el.textContent]).toEqual([
    true,
    expect.stringContaining("options.notices"),
  ]);
  one.says(0);
  Stub.permission = "denied";
  one.says(0);
  expect([button.hidden, el.textContent]).toEqual([true, expect.stringContaining("blocks")]);
});

test("all lines of a page say the same, and a button does what it says", async () => {
  const lineOf = async (source: string) => {
    const model = modelOf(source);
    const widget = await brought();
    widget.initialize(model);
    model.says(0);
    const el = document.createElement("div");
    document.body.append(el);
    widget.render({ el });
    return el;
  };
  const [first, second] = [await lineOf("a"), await lineOf("b")];
  const button = (el: HTMLElement) => el.querySelector("button") as HTMLButtonElement;
  button(first).click();
  await vi.advanceTimersByTimeAsync(1);
  expect([button(first).textContent, button(second).textContent]).toEqual([
    "Don't notify me",
    "Don't notify me",
  ]);
  button(second).click();
  await vi.advanceTimersByTimeAsync(1);
  expect([button(first).textContent, first.textContent]).toEqual([
    "Notify me",
    expect.stringContaining("can notify you"),
  ]);
  // Another tab has switched it, and this one wasn't told: the button does what stands on it.
  localStorage.setItem("powawidget-notices", "on");
  button(second).click();
  await vi.advanceTimersByTimeAsync(1);
  expect(localStorage.getItem("powawidget-notices")).toBe("on");
  // A person comes back from the browser's settings.
  Stub.permission = "denied";
  dispatchEvent(new Event("focus"));
  expect([button(first).hidden, button(second).hidden]).toEqual([true, true]);
});

test("an answer stays told while other runs come and go, and its kernel ends", async () => {
  localStorage.setItem("powawidget-notices", "on");
  const one = modelOf("a");
  (await brought()).initialize(one);
  front = false;
  one.says(0, [{ id: "a-1", what: "ready" }]);
  await vi.advanceTimersByTimeAsync(1_000);
  one.says(1, [asks("a-2")]);
  await vi.advanceTimersByTimeAsync(1_000);
  one.status("dead");
  expect(Stub.all.map(({ title, isOpen }) => [title, isOpen])).toEqual([
    ["An answer is ready", true],
    ["An agent waits for you", false],
  ]);
});

test("a line without a kernel, as in a saved notebook, says that nothing is noticed there", async () => {
  const one = modelOf("a");
  const widget = await brought();
  widget.initialize(one);
  const el = document.createElement("div");
  widget.render({ el });
  const button = el.querySelector("button") as HTMLButtonElement;
  expect([el.textContent, button.hidden]).toEqual([expect.stringContaining("without"), true]);
  one.says(0);
  expect([el.textContent, button.hidden]).toEqual([expect.stringContaining("title says"), false]);
  one.status("dead");
  expect([el.textContent, button.hidden]).toEqual([expect.stringContaining("without"), true]);
});
