// How the modules of a page are asked for, come, fail, and are drawn in.
import { render } from "preact";
import { afterEach, expect, test, vi } from "vitest";
import { Chat } from "../../src/components/Chat";
import { Run } from "../../src/components/Run";
import { openModules } from "../../src/link/modules";
import { openSession } from "../../src/link/session";
import type { ChatState, KernelMessage, RunState } from "../../src/state/wire";
import { useModule } from "../../src/view/hooks";
import { type AnyView, type ChatView, View } from "../../src/view/view";
import { load } from "../modules/loaded";
import { FakeModel, painted } from "../page";
import { approval, delegation, run, text, tool } from "../runs";

const ends: (() => void)[] = [];
const page = globalThis as {
  powawidgetModules?: Map<string, unknown>;
  powawidgetFailures?: Map<string, number>;
};
afterEach(() => {
  vi.useRealTimers();
  page.powawidgetModules?.clear();
  page.powawidgetFailures?.clear();
  for (const end of ends.splice(0)) end();
});

/** A session with a live kernel, and what it has asked for. */
function opened(state: RunState = run(), core: object = {}) {
  const model = new FakeModel({ seq: 0, now: 1, state });
  const session = openSession(model, core);
  ends.push(session.close);
  model.hear({ kind: "state", seq: 0, now: 1, state, nonce: "n1" });
  const wants = () => model.sent.filter(({ kind }) => kind === "want").length;
  return { model, session, wants };
}

const Probe = ({ view }: { view: AnyView }) => {
  const shown = useModule(view, "pause");
  return <p>{shown === undefined ? "without" : "with"}</p>;
};

function shown(view: AnyView) {
  const host = document.createElement("div");
  render(<Probe view={view} />, host);
  return {
    host,
    remove() {
      render(null, host);
      view.close();
    },
  };
}

const come = (module: string): KernelMessage =>
  ({ kind: "module", module, hash: module, packed: "" }) as KernelMessage;

test("two views and two widgets of a page ask once", async () => {
  const first = opened();
  const second = opened();
  const views = [first, first, second].map(({ session }) => shown(new View(session)));
  await painted();
  expect([first.wants(), second.wants()]).toEqual([1, 0]);
  expect(views.map(({ host }) => host.textContent)).toEqual(["without", "without", "without"]);
});

test("a page that was there before its kernel asks as soon as one speaks", async () => {
  const model = new FakeModel({ seq: 0, now: 1, state: run() });
  const session = openSession(model, {});
  ends.push(session.close);
  shown(new View(session));
  const wants = () => model.sent.filter(({ kind }) => kind === "want").length;
  await painted();
  expect(wants()).toBe(0);
  model.hear({ kind: "state", seq: 0, now: 1, state: run(), nonce: "n1" });
  await painted();
  expect(wants()).toBe(1);
});

test("a run without a kernel is drawn with what another run of the page was sent", async () => {
  load("pause", {} as never);
  const session = openSession(new FakeModel({ seq: 0, now: 1, state: run() }), {});
  ends.push(session.close);
  const { host } = shown(new View(session));
  await painted();
  expect(host.textContent).toBe("with");
});

test("a module that comes late is drawn in every view that is there, and in no other", async () => {
  let give: (factory: unknown) => void = () => {};
  const factory = new Promise((resolve) => {
    give = resolve;
  });
  page.powawidgetModules = new Map([["pause", factory]]);
  const { session } = opened();
  const [first, gone, last] = [1, 2, 3].map(() => shown(new View(session)));
  await painted();
  gone?.remove();
  give(() => ({}));
  await painted();
  expect([first, gone, last].map((each) => each?.host.textContent)).toEqual(["with", "", "with"]);
});

test("a module that can't be used is asked for no sooner by drawing what needs it", async () => {
  // What comes can't be evaluated here: happy-dom's page imports nothing from a blob.
  const { model, session, wants } = opened();
  const { host } = shown(new View(session));
  for (let each = 0; each < 5; each++) {
    await painted();
    model.hear(come("pause"));
    await painted();
    session.store.emit("kernel");
  }
  expect([wants(), host.textContent]).toEqual([1, "without"]);
});

test("a widget that is closed before its module came leaves it to the others to ask", async () => {
  const first = opened();
  const second = opened();
  const [closed, open] = [first, second].map(({ session }) => shown(new View(session)));
  await painted();
  first.session.close();
  await painted();
  closed?.remove();
  expect([first.wants(), second.wants()]).toEqual([1, 1]);
  expect(open?.host.textContent).toBe("without");
});

/** The modules of a widget, and the times in seconds at which it asked for one. */
function asking(answer: (receive: ReturnType<typeof openModules>["receive"]) => void = () => {}) {
  const link = { kernel: "n1" as string | null, times: [] as number[] };
  const start = Date.now();
  const modules = openModules({
    core: {},
    kernel: () => link.kernel,
    send: () => {
      link.times.push(Math.round((Date.now() - start) / 1000));
      answer(modules.receive);
    },
    // What is drawn needs it, and asks whenever it is drawn.
    changed: (name) => modules.fetch(name),
  });
  ends.push(modules.close);
  return Object.assign(link, { modules });
}

const wrong = { ...come("pause"), hash: "another" } as never;
const broken = { ...come("pause"), packed: null } as never;

test.each([
  ["isn't answered", () => {}, [0, 62, 132]],
  ["is of another version", (receive: (message: never) => void) => receive(wrong), [0, 2, 12]],
  ["can't be run", (receive: (message: never) => void) => receive(broken), [0, 2, 12]],
])("what %s is asked for three times, ever later, then given up", async (_, answer, times) => {
  vi.useFakeTimers();
  const link = asking(answer);
  link.modules.fetch("pause");
  expect(link.modules.isIncomplete).toBe(false);
  await vi.advanceTimersByTimeAsync(600_000);
  expect(link.times).toEqual(times);
  expect(link.modules.isIncomplete).toBe(true);
});

test("what no kernel will send is given up once for all widgets, and tried with the next kernel", async () => {
  vi.useFakeTimers();
  const answer = (receive: (message: never) => void) => receive(wrong);
  const widgets = [1, 2, 3, 4].map(() => asking(answer));
  const tries = () => widgets.flatMap(({ times }) => times).length;
  for (const { modules } of widgets) modules.fetch("pause");
  await vi.advanceTimersByTimeAsync(600_000);
  expect(tries()).toBe(3);
  expect(widgets.map(({ modules }) => modules.isIncomplete)).toEqual([true, true, true, true]);
  for (const widget of widgets) {
    widget.kernel = "n2";
    widget.modules.fetch("pause");
  }
  await vi.advanceTimersByTimeAsync(0);
  expect(tries()).toBe(4);
});

test("the view says that part of it won't come", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
  const { model, session } = opened(run({ parts: [approval()] }));
  const host = document.createElement("div");
  const view = new View(session) as View;
  render(<Run view={view} />, host);
  expect(host.textContent).not.toContain("3 tries");
  session.modules.fetch("pause");
  for (let each = 0; each < 3; each++) {
    model.hear(wrong);
    await vi.advanceTimersByTimeAsync(20_000);
    session.modules.fetch("pause");
  }
  vi.useRealTimers();
  await painted();
  expect(host.textContent).toContain("didn't come in 3 tries");
  render(null, host);
  view.close();
});

test("what a kernel sends late is taken", async () => {
  vi.useFakeTimers();
  const link = asking();
  link.modules.fetch("pause");
  await vi.advanceTimersByTimeAsync(600_000);
  page.powawidgetModules?.set(
    "pause",
    Promise.resolve(() => "the module"),
  );
  link.modules.receive(come("pause") as never);
  link.modules.fetch("pause");
  await vi.advanceTimersByTimeAsync(0);
  expect([link.modules.loaded("pause"), link.modules.isIncomplete]).toEqual(["the module", false]);
});

test("the module is given the core of the widget that uses it", async () => {
  load("pause", {} as never);
  const given: unknown[] = [];
  page.powawidgetModules?.set(
    "pause",
    Promise.resolve((core: unknown) => given.push(core)),
  );
  const [one, other] = [{}, {}];
  for (const core of [one, other]) shown(new View(opened(run(), core).session));
  await painted();
  expect(given[0]).toBe(one);
  expect(given[1]).toBe(other);
});

const PARTS = [
  text("What I **know** [1].\n\n```py\nx = 1\n```\n\n$a^2$"),
  tool({ result: '[{"a": 1}]', full: true, json: true, status: "failed" }),
  delegation({ status: "running" }),
  approval(),
];

test("a run that is drawn, opened, changed and removed leaves no listener behind", async () => {
  const state = run({ parts: PARTS, citations: [{ key: "1", source: "s", excerpt: "e" }] });
  const { model, session } = opened(state);
  const { changes } = session.store;
  const host = document.createElement("div");
  document.body.append(host);
  const counts: number[] = [];
  for (let each = 0; each < 3; each++) {
    const view = new View(session) as View;
    render(<Run view={view} />, host);
    await painted();
    for (const row of host.querySelectorAll<HTMLElement>("[aria-expanded]")) row.click();
    await painted();
    model.hear({
      kind: "ops",
      seq: each + 1,
      ops: [["append", ["parts", 0, "text"], " more"]],
    });
    await painted();
    counts.push(changes.keys.length);
    render(null, host);
    view.close();
    expect(changes.keys).toEqual([]);
  }
  expect(counts[0]).toBeGreaterThan(10);
  expect(new Set(counts).size).toBe(1);
});

test("a chat that is drawn and removed leaves no listener behind, on no turn of it", async () => {
  const turns = [run({ parts: PARTS }), run({ parts: PARTS })];
  const chat = { id: "c", name: "A", kind: "agent", turns, order: [0, 1] } as unknown as ChatState;
  const model = new FakeModel({ seq: 0, now: 1, chat });
  const session = openSession(model, {});
  ends.push(session.close);
  const host = document.createElement("div");
  const view = new View(session) as ChatView;
  render(<Chat view={view} />, host);
  await painted();
  const stores = [session.store, session.turn(0).store, session.turn(1).store];
  expect(stores.every(({ changes }) => changes.keys.length > 2)).toBe(true);
  render(null, host);
  view.close();
  expect(stores.flatMap(({ changes }) => changes.keys)).toEqual([]);
});
