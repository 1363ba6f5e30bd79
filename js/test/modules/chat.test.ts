import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import widget from "../../src/index";
import type { Factory } from "../../src/link/modules";
import { openSession } from "../../src/link/session";
import * as chatModule from "../../src/modules/chat";
import { outgoingOf } from "../../src/modules/chat/outgoing";
import { literal, pythonOfTurn } from "../../src/modules/chat/python";
import { Recall } from "../../src/modules/chat/recall";
import { CHAT } from "../../src/state/shape";
import type { ActMessage, ChatState, KernelMessage, Op, RunState } from "../../src/state/wire";
import { type ChatView, View } from "../../src/view/view";
import { FakeModel, painted } from "../page";
import { approval, run, text, tool } from "../runs";

const page = globalThis as { powawidgetModules?: Map<string, Promise<Factory>> };
const ends: (() => void)[] = [];

beforeEach(() => {
  page.powawidgetModules = new Map([["chat", Promise.resolve(() => chatModule)]]);
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
  page.powawidgetModules = new Map();
  document.body.replaceChildren();
  vi.useRealTimers();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});

const done = (message: string, answer: string, given: Partial<RunState> = {}) =>
  run({ message, status: "completed", parts: [text(answer)], ended: 1_004, ...given });

const chat = (turns: RunState[] = [], given: Partial<ChatState> = {}): ChatState => ({
  ...CHAT.read({ id: "c1", kind: "agent", name: "Analyst", writable: true }),
  turns,
  order: turns.map((_, index) => index),
  ...given,
});

/** A chat in a page, whose kernel has answered unless `live` is false. */
function open(state: ChatState, { live = true, nonce = "n1" } = {}) {
  const model = new FakeModel({ seq: 0, now: 1_010, chat: structuredClone(state) });
  const made = widget();
  const close = made.initialize({ model });
  const el = document.createElement("div");
  document.body.append(el);
  const remove = made.render({ model, el });
  ends.push(() => {
    remove();
    close();
  });
  let seq = 0;
  const answer = (by = nonce) =>
    model.hear({
      kind: "state",
      seq,
      now: Date.now() / 1000,
      chat: structuredClone(state),
      nonce: by,
    } as KernelMessage);
  if (live) answer();
  const ask = (selector: string): HTMLElement => {
    const found = el.querySelector<HTMLElement>(selector);
    if (found === null) throw new Error(`nothing matches ${selector} in ${el.textContent}`);
    return found;
  };
  return {
    model,
    el,
    ask,
    answer,
    close: () => {
      for (const end of ends.splice(0)) end();
    },
    change: (...ops: Op[]) => model.hear({ kind: "ops", seq: ++seq, ops }),
    ack: (id: string, refused: string | null = null) => model.hear({ kind: "ack", id, refused }),
    acts: () => model.sent.filter(({ kind }) => kind === "act") as ActMessage[],
    box: () => ask("textarea") as HTMLTextAreaElement,
    button: (name: string) =>
      [...el.querySelectorAll<HTMLButtonElement>("button")].find(
        (each) => each.textContent === name,
      ) as HTMLButtonElement,
  };
}

type Page = ReturnType<typeof open>;

const type = ({ box }: Page, words: string): void => {
  box().value = words;
  box().dispatchEvent(new Event("input", { bubbles: true }));
};

const key = ({ box }: Page, name: string, given: KeyboardEventInit = {}): KeyboardEvent => {
  const event = new KeyboardEvent("keydown", {
    key: name,
    bubbles: true,
    cancelable: true,
    ...given,
  });
  box().dispatchEvent(event);
  return event;
};

const say = (opened: Page, words: string): void => {
  type(opened, words);
  key(opened, "Enter");
};

const saidBy = ({ el }: Page) =>
  [...el.querySelectorAll(".pw-turn")].map((turn) => turn.textContent ?? "");

describe("a chat", () => {
  test("reads as its turns in their order, with and without its module", async () => {
    page.powawidgetModules = new Map();
    const state = chat([done("Why?", "Because."), done("Who?", "They.")], { order: [1, 0] });
    const bare = open(state, { live: false });
    await painted();
    expect(saidBy(bare)).toEqual([
      expect.stringMatching(/Who\?.*They\./),
      expect.stringMatching(/Why\?.*Because\./),
    ]);
    expect(bare.el.querySelector("textarea")).toBeNull();
    page.powawidgetModules = new Map([["chat", Promise.resolve(() => chatModule)]]);
    const whole = open(state);
    await painted();
    expect(saidBy(whole)[0]).toMatch(/Who\?.*They\..*Retry.*Copy.*Copy as Python/);
    expect(whole.el.querySelector("textarea")).not.toBeNull();
  });

  test("keeps the turns that are drawn when its module comes", async () => {
    let give: (factory: Factory) => void = () => {};
    const coming = new Promise<Factory>((resolve) => {
      give = resolve;
    });
    page.powawidgetModules = new Map([["chat", coming]]);
    const { el, ask } = open(chat([done("Why?", "Because.")]));
    await painted();
    const before = ask(".pw-turn .pw-answer");
    expect(el.querySelector("textarea")).toBeNull();
    give(() => chatModule);
    await painted();
    expect(ask(".pw-turn .pw-answer")).toBe(before);
    expect(el.querySelector("textarea")).not.toBeNull();
  });

  test("sends each change to its own turn, and to no other", async () => {
    const opened = open(chat([done("a", "A"), run({ message: "b", parts: [text("B")] })]));
    await painted();
    const touched: string[] = [];
    const turns = [...opened.el.querySelectorAll(".pw-turn")];
    const watch = new MutationObserver((found) => {
      for (const { target } of found) {
        const place = turns.findIndex((turn) => turn.contains(target));
        if (place >= 0) touched.push(String(place)); // not the header, whose clock goes on
      }
    });
    watch.observe(opened.el, { subtree: true, childList: true, characterData: true });
    opened.change(["append", ["turns", 1, "parts", 0, "text"], " and more"]);
    await painted();
    watch.disconnect();
    expect(saidBy(opened)[1]).toContain("B and more");
    expect(new Set(touched)).toEqual(new Set(["1"]));
  });

  test("takes in new turns, earlier turns, and what changes in the middle of both", async () => {
    const opened = open(chat([done("b", "B")]));
    opened.change(
      ["set", ["turns", 1], run({ message: "c" })],
      ["set", ["order", 1], 1],
      ["set", ["turns", 1, "parts", 0], text("C")],
    );
    opened.change(
      ["set", ["turns", 2], done("a", "A")],
      ["set", ["order"], [2, 0, 1]],
      ["append", ["turns", 1, "parts", 0, "text"], "C"],
    );
    await painted();
    expect(saidBy(opened)).toEqual([
      expect.stringMatching(/a.*A/),
      expect.stringMatching(/b.*B/),
      expect.stringMatching(/c.*CC/),
    ]);
    expect(opened.ask(".pw-head").textContent).toMatch(/Running.*Turn 3/);
  });

  test.each([
    [["set", ["turns", 7, "status"], "failed"]],
    [["set", ["turns", "__proto__", "x"], 1]],
    [["set", ["turns", "constructor"], 1]],
    [["set", ["queued", 3], { id: "x", text: "y" }]],
    [["append", ["name"], 7]],
  ])("asks for the whole where a change leads nowhere: %j", (op) => {
    const { model, change } = open(chat([done("a", "A")]));
    const before = model.sent.length;
    change(op as unknown as Op);
    expect(model.sent.slice(before)).toMatchObject([{ kind: "sync", have: 0 }]);
  });

  test("that is saved by anybody else is read with nothing believed", async () => {
    const hostile = { turns: [{ status: "odd" }, 7], order: [0, "1", 99, -1], queued: [null] };
    const { el } = open(hostile as unknown as ChatState, { live: false });
    await painted();
    expect(el.querySelector(".pw-head")).not.toBeNull();
  });

  test("of a hundred turns redraws only the live one for a token", async () => {
    const turns = Array.from({ length: 100 }, (_, index) => done(`q${index}`, `a${index}`));
    const opened = open(chat([...turns, run({ message: "last", parts: [text("x")] })]));
    await painted();
    const nodes = new Set<Node>();
    const watch = new MutationObserver((found) => {
      for (const { target } of found) nodes.add(target);
    });
    watch.observe(opened.el, { subtree: true, childList: true, characterData: true });
    for (let piece = 0; piece < 20; piece++) {
      opened.change(["append", ["turns", 100, "parts", 0, "text"], "y"]);
      await painted();
    }
    watch.disconnect();
    const last = opened.el.querySelector(".pw-turn:last-of-type") as Element;
    const others = [...opened.el.querySelectorAll(".pw-turn")].filter((turn) => turn !== last);
    expect([...nodes].some((node) => last.contains(node))).toBe(true);
    expect(others.some((turn) => [...nodes].some((node) => turn.contains(node)))).toBe(false);
    expect(last.textContent).toContain(`x${"y".repeat(20)}`);
  });
});

describe("the box", () => {
  test("sends with Enter, once, and is empty then", async () => {
    const opened = open(chat());
    await painted();
    say(opened, "Which orders are late?");
    expect(opened.acts()).toMatchObject([
      { action: "send", text: "Which orders are late?", nonce: "n1", turn: null, item: null },
    ]);
    expect(opened.box().value).toBe("");
    key(opened, "Enter");
    key(opened, "Enter", { repeat: true });
    expect(opened.acts()).toHaveLength(1);
  });

  test.each([
    ["breaks the line with Shift+Enter", { shiftKey: true }, true],
    ["leaves Enter to an input method", { isComposing: true }, true],
    ["leaves Enter to an input method that says so late", { keyCode: 229 }, true],
    ["sends nothing while Enter is held down", { repeat: true }, false],
  ])("%s", async (_, given, isTheBoxs) => {
    const opened = open(chat());
    await painted();
    type(opened, "half");
    const event = key(opened, "Enter", given);
    expect(opened.acts()).toEqual([]);
    expect(event.defaultPrevented).toBe(!isTheBoxs);
    expect(opened.box().value).toBe("half");
  });

  test("sends no blanks", async () => {
    const opened = open(chat());
    await painted();
    say(opened, "  \n ");
    expect(opened.acts()).toEqual([]);
  });

  test("tells no key to the page around it, and asks JupyterLab for none", async () => {
    const opened = open(chat());
    await painted();
    const heard = vi.fn();
    document.body.addEventListener("keydown", heard);
    for (const name of ["Enter", "a", "d", "Escape", "ArrowUp"]) key(opened, name);
    document.body.removeEventListener("keydown", heard);
    expect(heard).not.toHaveBeenCalled();
    expect(opened.box().closest("[data-lm-suppress-shortcuts]")).not.toBeNull();
  });

  test("brings back what was said with Up, and the draft with Down or Escape", async () => {
    const opened = open(chat([done("one", "1"), done("two", "2")]));
    await painted();
    type(opened, "draft");
    opened.box().setSelectionRange(5, 5);
    expect(key(opened, "ArrowUp").defaultPrevented).toBe(false);
    opened.box().setSelectionRange(0, 0);
    key(opened, "ArrowUp");
    expect(opened.box().value).toBe("two");
    key(opened, "ArrowUp");
    key(opened, "ArrowUp");
    expect(opened.box().value).toBe("one");
    key(opened, "ArrowDown");
    key(opened, "ArrowDown");
    expect(opened.box().value).toBe("draft");
    opened.box().setSelectionRange(0, 0);
    key(opened, "ArrowUp");
    key(opened, "Escape");
    expect(opened.box().value).toBe("draft");
    expect(opened.acts()).toEqual([]);
  });

  test("is left with Escape", async () => {
    const opened = open(chat());
    await painted();
    opened.box().focus();
    key(opened, "Escape");
    expect(document.activeElement).not.toBe(opened.box());
  });

  test("says that it queues while an answer comes", async () => {
    const opened = open(chat([run({ message: "a" })]));
    await painted();
    expect(opened.button("Queue")).toBeDefined();
    opened.change(["set", ["turns", 0, "status"], "completed"]);
    await painted();
    expect(opened.button("Send")).toBeDefined();
  });

  test("isn't there where a conversation can only be read", async () => {
    const state = chat([done("a", "A", { origin: "stored" })], {
      writable: false,
      session_id: "s1",
    });
    const { el } = open(state);
    await painted();
    expect(el.querySelector("textarea")).toBeNull();
    expect(el.textContent).toContain('pb.agent("Analyst").chat(session_id="s1")');
    expect(el.textContent).not.toContain("Retry");
  });
});

describe("Enter in the box", () => {
  const asking = () =>
    chat([
      run({
        message: "clean up",
        status: "waiting",
        parts: [tool({ name: "delete_rows", status: "waiting" }), approval({ call: 0 })],
      }),
    ]);

  test("approves nothing, whatever is typed while a decision is waited for", async () => {
    vi.stubGlobal("IntersectionObserver", undefined);
    const opened = open(asking());
    await painted();
    opened.box().focus();
    // Long enough for Approve to be armed.
    await new Promise((ready) => setTimeout(ready, 800));
    expect(opened.button("Approve").getAttribute("aria-disabled")).toBe("false");
    for (const name of ["a", "A", "Enter", "d", "D", " ", "Tab", "Enter"]) key(opened, name);
    say(opened, "approve");
    say(opened, "yes");
    expect(opened.acts().map(({ action }) => action)).toEqual(["send", "send"]);
    expect(document.activeElement).toBe(opened.box());
  });

  test("stays in the box when a request comes while somebody types", async () => {
    const opened = open(chat([run({ message: "clean up" })]));
    await painted();
    opened.box().focus();
    type(opened, "and then");
    opened.change(
      ["set", ["turns", 0, "parts", 0], tool({ name: "delete_rows", status: "waiting" })],
      ["set", ["turns", 0, "parts", 1], approval({ call: 0 })],
      ["set", ["turns", 0, "status"], "waiting"],
    );
    await painted();
    expect(opened.el.querySelector(".pw-ask")).not.toBeNull();
    expect(document.activeElement).toBe(opened.box());
    expect(opened.box().value).toBe("and then");
  });

  test("and a click on Approve is for the turn that asks", async () => {
    vi.stubGlobal("IntersectionObserver", undefined);
    const state = asking();
    const opened = open({ ...state, turns: [done("a", "A"), ...state.turns], order: [0, 1] });
    await painted();
    await new Promise((ready) => setTimeout(ready, 800));
    opened.button("Approve").click();
    expect(opened.acts()).toMatchObject([{ action: "approve", turn: 1, digests: ["d1"] }]);
  });
});

describe("a message on its way", () => {
  const fake = () =>
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  const settle = async (ms = 0) => {
    await vi.advanceTimersByTimeAsync(ms);
    for (let turn = 0; turn < 4; turn++) {
      await vi.advanceTimersByTimeAsync(1);
      await new Promise((ready) => requestAnimationFrame(ready));
    }
  };

  test("stands where its turn will stand, at once; after 400 ms it says why nothing happens", async () => {
    fake();
    const opened = open(chat([done("a", "A")]));
    await settle();
    say(opened, "b");
    await settle();
    expect(saidBy(opened)[1]).toMatch(/b.*Sending…/);
    await settle(400);
    expect(saidBy(opened)[1]).toMatch(/b.*Sent: the kernel is busy with another cell/);
    opened.change(["set", ["turns", 1], run({ message: "b" })], ["set", ["order", 1], 1]);
    opened.ack(opened.acts()[0]?.id ?? "");
    await settle();
    expect(saidBy(opened)).toHaveLength(2);
    expect(saidBy(opened)[1]).not.toContain("Sen");
  });

  test("stands in the queue while an answer comes, and stays the same element once the kernel has queued it", async () => {
    fake();
    const opened = open(chat([run({ message: "a" })]));
    await settle();
    say(opened, "b");
    await settle();
    const id = opened.acts()[0]?.id ?? "";
    expect(opened.ask(".pw-queue").textContent).toMatch(/b.*Sending…/);
    opened.change(["set", ["queued"], [{ id, text: "b" }]]);
    await settle();
    expect(opened.el.querySelectorAll(".pw-queue li")).toHaveLength(1);
    opened.ack(id);
    await settle();
    expect(opened.el.querySelectorAll(".pw-queue li")).toHaveLength(1);
    expect(opened.ask(".pw-queue").textContent).not.toContain("Sending");
  });

  test("that is refused says why, and can be changed or dropped", async () => {
    const opened = open(chat());
    await painted();
    say(opened, "b");
    opened.ack(opened.acts()[0]?.id ?? "", "A message may have 1,000,000 characters.");
    await painted();
    expect(opened.ask(".pw-queue").textContent).toContain("1,000,000");
    opened.button("Edit").click();
    await painted();
    expect(opened.box().value).toBe("b");
    expect(opened.el.querySelector(".pw-queue")).toBeNull();
    expect(opened.acts()).toHaveLength(1);
  });

  test("is sent again by its id after the page was loaded again, and the draft is there", async () => {
    const first = open(chat());
    await painted();
    say(first, "b");
    type(first, "half a thought");
    const [sent] = first.acts();
    first.close();
    const second = open(chat());
    await painted();
    expect(second.acts()).toMatchObject([{ id: sent?.id, action: "send", text: "b" }]);
    expect(second.box().value).toBe("half a thought");
    second.ack(sent?.id ?? "");
    await painted();
    second.close();
    const third = open(chat());
    await painted();
    expect(third.acts()).toEqual([]);
  });

  test("is not sent to another kernel, but kept to be changed", async () => {
    const first = open(chat());
    await painted();
    say(first, "b");
    first.close();
    const second = open(chat(), { nonce: "n2" });
    await painted();
    expect(second.acts()).toEqual([]);
    expect(second.ask(".pw-queue").textContent).toMatch(/b.*the kernel was restarted/);
    second.button("Edit").click();
    expect(second.box().value).toBe("b");
  });

  test("is sent again when the connection is back, under its id", async () => {
    const opened = open(chat());
    await painted();
    say(opened, "b");
    opened.answer();
    expect(opened.acts().map(({ id }) => id)).toEqual([opened.acts()[0]?.id, opened.acts()[0]?.id]);
  });

  test("isn't sent where nobody would hear it: the text stays", async () => {
    const opened = open(chat());
    await painted();
    opened.model.emit("comm:close");
    await painted();
    say(opened, "b");
    await painted();
    expect(opened.acts()).toEqual([]);
    expect(opened.box().value).toBe("b");
    expect(opened.ask(".pw-inert").textContent).toContain("No live kernel");
  });

  test("is sent again by the box once it is drawn, and not by what drawing calls", async () => {
    const before = open(chat());
    await painted();
    say(before, "b");
    before.close();
    const model = new FakeModel({ seq: 0, now: 1_010, chat: chat() });
    const session = openSession(model, {});
    model.hear({ kind: "state", seq: 0, now: 1_010, chat: chat(), nonce: "n1" } as KernelMessage);
    const texts = () => model.sent.flatMap((each) => (each.kind === "act" ? [each.text] : []));
    const out = outgoingOf(new View(session) as ChatView);
    expect(texts()).toEqual([]);
    out.start();
    out.start();
    expect(texts()).toEqual(["b"]);
    session.close();
  });

  test("lives without a place to keep it", async () => {
    vi.stubGlobal("sessionStorage", undefined);
    const opened = open(chat());
    await painted();
    say(opened, "b");
    expect(opened.acts()).toHaveLength(1);
  });
});

describe("what is queued", () => {
  const queued = [
    { id: "m1", text: "first" },
    { id: "m2", text: "second" },
  ];
  const live = () => chat([run({ message: "a" })], { queued });

  test("is taken up to be changed: it is in the box at once", async () => {
    const opened = open(live());
    await painted();
    type(opened, "draft");
    opened.button("Edit").click();
    expect(opened.acts()).toMatchObject([{ action: "unqueue", item: "m1" }]);
    expect(opened.box().value).toBe("first\n\ndraft");
    await painted();
    expect(opened.ask(".pw-queue li").textContent).toContain("Taking back…");
    opened.change(["set", ["queued"], [queued[1]]]);
    opened.ack(opened.acts()[0]?.id ?? "");
    await painted();
    expect(opened.box().value).toBe("first\n\ndraft");
    expect(opened.el.querySelectorAll(".pw-queue li")).toHaveLength(1);
  });

  test("leaves the box again where it had been sent already", async () => {
    const opened = open(live());
    await painted();
    type(opened, "draft");
    opened.button("Edit").click();
    opened.ack(opened.acts()[0]?.id ?? "", "It has been sent already.");
    await painted();
    expect(opened.box().value).toBe("draft");
  });

  test("is taken back once, however often that is clicked", async () => {
    const opened = open(live());
    await painted();
    opened.button("Take back").click();
    await painted();
    opened.button("Take back").click();
    expect(opened.acts()).toMatchObject([{ action: "unqueue", item: "m1" }]);
    expect(opened.box().value).toBe("");
  });

  test("waits after a failure, and says so", async () => {
    const failed = done("a", "A", { status: "failed" });
    const opened = open(chat([failed], { queued, paused: "The answer before failed." }));
    await painted();
    expect(opened.ask(".pw-paused").textContent).toContain(
      "The answer before failed. 2 messages wait.",
    );
    opened.button("Send anyway").click();
    opened.button("Send anyway").click();
    opened.button("Discard").click();
    expect(opened.acts().map(({ action }) => action)).toEqual(["resume", "discard"]);
  });
});

describe("a turn", () => {
  test("is asked again and copied; Stop stands once, in the header", async () => {
    const copied: string[] = [];
    vi.stubGlobal("navigator", {
      ...navigator,
      clipboard: { writeText: async (words: string) => void copied.push(words) },
    });
    const turns = [done("Why?", "Because.\n\n1. So."), run({ message: "b" })];
    const opened = open(chat(turns, { session_id: "s1", options: "temperature=0.2" }));
    await painted();
    opened.button("Retry").click();
    opened.button("Retry").click();
    const [first] = opened.el.querySelectorAll(".pw-turn");
    const press = (turn: Element | undefined, name: string) =>
      [...(turn?.querySelectorAll("button") ?? [])]
        .find((each) => each.textContent === name)
        ?.click();
    const stops = [...opened.el.querySelectorAll("button")].filter(
      ({ textContent }) => textContent === "Stop",
    );
    expect(stops).toHaveLength(1);
    stops[0]?.click();
    press(first, "Copy");
    press(first, "Copy as Python");
    await painted();
    expect(opened.acts()).toMatchObject([
      { action: "retry", turn: 0 },
      { action: "stop", turn: 1 },
    ]);
    expect(copied).toEqual([
      "Because.\n\n1. So.",
      'run = pb.agent("Analyst").run("Why?", session_id="s1", temperature=0.2)\nrun',
    ]);
  });

  test("that was sent again, that failed or that is stored says so", async () => {
    const turns = [
      done("a", "A", { status: "failed", usage: { total_tokens: 12 } }),
      done("b", "B", { origin: "stored" }),
    ];
    const opened = open(chat(turns, { retried: [0] }));
    await painted();
    expect(saidBy(opened)[0]).toMatch(/Failed · .*12 tokens · Sent again below/);
    expect(saidBy(opened)[1]).toContain("stored");
  });

  test("before the first is fetched when asked for, and missing runs are said", async () => {
    const state = chat([done("b", "B", { origin: "stored" })], { earlier: 35, missing: 2 });
    const opened = open(state);
    await painted();
    expect(opened.el.textContent).toMatch(/2 runs of this conversation are missing here/);
    opened.button("Show 20 earlier turns of 35").click();
    expect(opened.acts()).toMatchObject([{ action: "earlier" }]);
    opened.change(["set", ["loading"], true]);
    await painted();
    opened.button("Loading earlier turns…").click();
    expect(opened.acts()).toHaveLength(1);
  });
});

describe("Python", () => {
  test.each([
    ['say "hi"\n\tC:\\dir', '"say \\"hi\\"\\n\\tC:\\\\dir"'],
    ["Grüße, 東京 👩‍🔬", '"Grüße, 東京 👩‍🔬"'],
    ["a\u202eb\u200bc", '"a\\u202eb\\u200bc"'],
    ["\ud83d alone \u0000\u007f\u2028", '"\\ud83d alone \\u0000\\u007f\\u2028"'],
    ["tag \u{e0041}", '"tag \\U000e0041"'],
    ["'''\"\"\"", '"\'\'\'\\"\\"\\""'],
  ])("says %j as it is", (words, written) => {
    expect(literal(words)).toBe(written);
  });

  test("needs no session before there is one", () => {
    expect(pythonOfTurn(chat(), run({ message: "hi" }))).toBe(
      'run = pb.agent("Analyst").run("hi")\nrun',
    );
  });
});

describe("what was said before", () => {
  const at = (words: string, caret: number | null = words.length) => ({ text: words, caret });

  test("comes back from the start of the box only", () => {
    const recall = new Recall(() => ["one", "two"]);
    expect(recall.up(at("a\nb", 3))).toBeNull();
    expect(recall.up(at("a\nb", null))).toBeNull();
    expect(recall.up(at("a\nb", 0))).toBe("two");
    expect(recall.up(at("two"))).toBe("one");
    expect(recall.up(at("one"))).toBeNull();
    expect(recall.down(at("one"))).toBe("two");
    expect(recall.down(at("two"))).toBe("a\nb");
    expect(recall.down(at("a\nb"))).toBeNull();
  });

  test("that was changed is a draft of its own", () => {
    const recall = new Recall(() => ["one", "two"]);
    recall.up(at(""));
    expect(recall.up(at("two!"))).toBeNull();
    expect(recall.up(at("two!", 0))).toBe("two");
    expect(recall.down(at("two"))).toBe("two!");
  });

  test("is walked line by line first", () => {
    const recall = new Recall(() => ["one", "two\nlines"]);
    expect(recall.up(at(""))).toBe("two\nlines");
    expect(recall.up(at("two\nlines"))).toBeNull();
    expect(recall.up(at("two\nlines", 2))).toBe("one");
  });

  test("is nothing in a new chat", () => {
    expect(new Recall(() => []).up(at(""))).toBeNull();
  });
});
