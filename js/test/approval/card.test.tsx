import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as names from "../../src/modules/names";
import type { ActMessage, ApprovalPart, Part } from "../../src/state/wire";
import { load } from "../modules/loaded";
import { type FakeModel, open, painted } from "../page";
import { approval, run, text, tool } from "../runs";

beforeEach(() => load("names", names));

const acts = (model: FakeModel) => model.sent.filter((each) => each.kind === "act") as ActMessage[];

/** The browser's word on what is in sight: tests say it themselves. */
class Sight {
  static readonly all = new Set<Sight>();
  static ratio = 1;
  constructor(private readonly told: (entries: { intersectionRatio: number }[]) => void) {}
  observe() {
    Sight.all.add(this);
    this.told([{ intersectionRatio: Sight.ratio }]);
  }
  disconnect() {
    Sight.all.delete(this);
  }
  static set(ratio: number) {
    Sight.ratio = ratio;
    for (const each of Sight.all) each.told([{ intersectionRatio: ratio }]);
  }
}

beforeEach(() => {
  Sight.ratio = 1;
  vi.stubGlobal("IntersectionObserver", Sight);
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const settle = async (ms = 0) => {
  await vi.advanceTimersByTimeAsync(ms);
  for (let turn = 0; turn < 4; turn++) {
    await vi.advanceTimersByTimeAsync(1);
    await new Promise((done) => requestAnimationFrame(done));
  }
};

const now = () => Date.now() / 1000;

/** A run that waits for one decision on a call, or for the one that is given. */
const asking = (given: Partial<ApprovalPart> = {}, called = {}): Part[] => [
  tool({ name: "delete_rows", arguments: '{"table": "orders"}', status: "waiting", ...called }),
  approval({ call: 0, asked_at: now() - 41, ...given }),
];

function page(parts: Part[], options?: { live: boolean }) {
  const opened = open(run({ status: "waiting", parts }), options);
  const view = opened.show();
  const button = (name: string) => view.ask(`.pw-ask .pw-${name}`) as HTMLButtonElement;
  return {
    ...opened,
    ...view,
    approve: () => button("approve"),
    deny: () => button("deny"),
    card: () => view.ask(".pw-ask"),
    isArmed: () => button("approve").getAttribute("aria-disabled") === "false",
    answer: (refused: string | null) =>
      opened.model.hear({ kind: "ack", id: acts(opened.model).at(-1)?.id ?? "", refused }),
  };
}

const key = (target: HTMLElement, name: string, given: KeyboardEventInit = {}) =>
  target.dispatchEvent(
    new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...given }),
  );

describe("Approve", () => {
  test("is armed half a second after it is in sight; a click before does nothing", async () => {
    const { model, approve, isArmed } = page(asking());
    await settle();
    approve().click();
    await settle(350);
    expect(isArmed()).toBe(false);
    approve().click();
    expect(acts(model)).toEqual([]);
    await settle(250);
    expect(isArmed()).toBe(true);
    approve().click();
    expect(acts(model)).toMatchObject([
      { action: "approve", digests: ["d1"], nonce: "n1", reason: null },
    ]);
  });

  test("isn't armed out of sight, nor in a page that isn't seen", async () => {
    Sight.ratio = 0.5;
    const { model, approve, isArmed } = page(asking());
    await settle(2_000);
    expect(isArmed()).toBe(false);
    Sight.set(1);
    await settle(300);
    expect(isArmed()).toBe(false);
    await settle(400);
    expect(isArmed()).toBe(true);
    vi.spyOn(document, "hidden", "get").mockReturnValue(true);
    approve().click();
    await settle();
    expect([acts(model), isArmed()]).toEqual([[], false]);
  });

  test("that moved under the pointer is armed anew", async () => {
    const { model, approve, isArmed } = page(asking());
    await settle(700);
    expect(isArmed()).toBe(true);
    approve().getBoundingClientRect = () => new DOMRect(0, 40, 80, 30);
    approve().click();
    await settle();
    expect([acts(model), isArmed()]).toEqual([[], false]);
    await settle(600);
    approve().click();
    expect(acts(model)).toHaveLength(1);
  });

  test("is armed anew when another request comes", async () => {
    const { model, change, approve, isArmed } = page(asking());
    await settle(700);
    change(["set", ["parts", 2], tool({ name: "other", status: "waiting" })]);
    change(["set", ["parts", 3], approval({ tool_name: "other", call: 2, digest: "d2" })]);
    await settle();
    expect(isArmed()).toBe(false);
    approve().click();
    expect(acts(model)).toEqual([]);
  });

  test("is never focused by itself", async () => {
    page(asking());
    await settle(1_000);
    expect(document.activeElement).toBe(document.body);
  });

  test("is sent once, whatever is clicked, in whatever view", async () => {
    const { model, show, approve, deny, el } = page(asking());
    const other = show();
    await settle(700);
    approve().click();
    approve().click();
    await settle();
    expect(el.textContent).toContain("Sending your approval…");
    approve().click();
    deny().click();
    other.ask(".pw-approve").click();
    await settle();
    expect(el.querySelector(".pw-reason")).toBeNull();
    expect(acts(model)).toHaveLength(1);
    expect(other.el.textContent).toContain("Sending your approval…");
    expect(approve().getAttribute("aria-disabled")).toBe("true");
  });
});

describe("a decision", () => {
  test("covers all requests that are open, shown on one card at the last", async () => {
    const { model, el, approve } = page([
      tool({ name: "north" }),
      approval({ tool_name: "north", call: 0, digest: "a", arguments: '{"sql": "SELECT 1"}' }),
      tool({ name: "south" }),
      approval({ tool_name: "south", call: 2, digest: "b", arguments: '{"sql": "SELECT 2"}' }),
    ]);
    await settle(700);
    expect(el.querySelectorAll(".pw-ask")).toHaveLength(1);
    const [first, last] = el.querySelectorAll(".pw-call");
    expect(first?.textContent).toContain("Decided together below");
    expect(last?.querySelector(".pw-ask-title")?.textContent).toBe("Approval needed: 2 calls");
    const card = last?.querySelector(".pw-ask")?.textContent;
    for (const said of ["north", "SELECT 1", "south", "SELECT 2", "these 2 calls, one decision"]) {
      expect(card).toContain(said);
    }
    expect(card).toContain("Deny all 2");
    expect(approve().textContent).toBe("Approve all 2");
    approve().click();
    expect(acts(model)[0]?.digests).toEqual(["a", "b"]);
  });

  test("says that it covers this call only, or the answer, or the run", async () => {
    for (const [given, said] of [
      [{}, ["Approval needed: delete_rows", "this call only"]],
      [{ covers: "answer", call: null }, ["Approval needed: the answer", "this answer only"]],
      [{ covers: "start", call: null }, ["Approval needed: this run", "this run only"]],
    ] as const) {
      const { card, remove } = page(asking(given));
      await settle();
      for (const each of said) expect(card().textContent).toContain(each);
      remove();
    }
  });

  test("on a call that was asked about before is a second gate", async () => {
    const { card } = page([
      ...asking({ decision: "approved" }),
      approval({ call: 0, digest: "e" }),
    ]);
    await settle();
    expect(card().textContent).toContain("second gate");
  });

  test("that is refused says why, and the card works again", async () => {
    const { model, el, approve, answer, isArmed } = page(asking());
    await settle(700);
    approve().click();
    answer("What is asked has changed since it was shown: look at it again.");
    await settle();
    expect(el.textContent).toContain("Not done: What is asked has changed");
    await settle(600);
    expect(isArmed()).toBe(true);
    approve().click();
    expect(acts(model)).toHaveLength(2);
  });

  test("that came back undone says why, and the card works again", async () => {
    const { model, el, change, approve, answer } = page(asking());
    await settle(700);
    approve().click();
    change(
      ["set", ["parts", 1, "decision"], "sending"],
      ["set", ["parts", 1, "choice"], "approve"],
      ["set", ["parts", 1, "by"], "click"],
    );
    answer(null);
    const line = async () => {
      await settle();
      return el.querySelector(".pw-decided")?.textContent;
    };
    expect(await line()).toBe("Sending your approval…");
    expect(el.querySelector(".pw-ask")).toBeNull();
    change(["set", ["parts", 1, "delivery"], "again"]);
    expect(await line()).toBe("Sending your approval again…");
    change(["set", ["parts", 1, "delivery"], "taken"]);
    expect(await line()).toBe("Approved, running");
    change(
      ["set", ["parts", 1, "decision"], "pending"],
      ["set", ["parts", 1, "outcome"], "Nothing was sent: no route"],
    );
    // At once: what has come of it is known.
    await settle();
    expect(el.querySelector(".pw-acts")?.textContent).not.toContain("Sending");
    expect(el.textContent).toContain("Nothing was sent: no route");
    await settle(700);
    approve().click();
    expect(acts(model)).toHaveLength(2);
  });

  test("that the kernel doesn't take within 400 ms says that it is busy", async () => {
    const { el, change, approve, answer } = page(asking());
    await settle(700);
    approve().click();
    await settle(350);
    expect(el.textContent).not.toContain("busy");
    await settle(60);
    expect(el.textContent).toContain("Sent: the kernel is busy with another cell");
    change(
      ["set", ["parts", 1, "decision"], "sending"],
      ["set", ["parts", 1, "choice"], "approve"],
      ["set", ["parts", 1, "by"], "click"],
      ["set", ["parts", 1, "delivery"], "sending"],
    );
    answer(null);
    await settle();
    expect(el.textContent).toContain("Sending your approval");
    expect(el.textContent).not.toContain("busy");
    expect(el.querySelector("[role=timer]")?.textContent ?? "").not.toContain("left");
  });

  test("leaves the focus that was in the card where the card was, and takes none from elsewhere", async () => {
    for (const isInside of [true, false]) {
      const { card, ask, change } = page(asking());
      await settle(100);
      const other = document.createElement("input");
      document.body.append(other);
      (isInside ? card() : other).focus();
      change(
        ["set", ["parts", 1, "choice"], "approve"],
        ["set", ["parts", 1, "decision"], "sending"],
      );
      await settle();
      const line = ask(".pw-decided");
      expect(document.activeElement).toBe(isInside ? line : other);
      expect(line.dataset.lmSuppressShortcuts).toBe("true");
    }
  });

  test("that somebody else is making can't be made here too", async () => {
    const { model, el } = page(
      asking({
        decision: "sending",
        choice: "approve",
        by: "policy: read-only tools",
        delivery: "taken",
      }),
    );
    await settle(700);
    expect(el.textContent).toContain("Approved by policy: read-only tools, running");
    expect(el.querySelector(".pw-ask")).toBeNull();
    expect(acts(model)).toEqual([]);
  });

  test("can't be made when the server is about to block the call", async () => {
    const { model, el, approve } = page(asking({ deadline: now() + 279, closes: now() + 20 }));
    await settle(700);
    expect(el.querySelector(".pw-ask .pw-took")?.textContent).toBe("4:39 left");
    await settle(1_000);
    expect(el.querySelector(".pw-ask .pw-took")?.textContent).toBe("4:38 left");
    await settle(20_000);
    expect(el.textContent).toContain("The server is about to block the call.");
    // In the place of other words: a line of its own would move the buttons.
    expect(el.querySelector(".pw-covers")?.textContent).toContain("about to block");
    expect(el.querySelector(".pw-ask-note")?.classList).toContain("pw-unseen");
    approve().click();
    key(el.querySelector(".pw-ask") as HTMLElement, "d");
    await settle();
    expect(el.querySelector(".pw-reason")).toBeNull();
    expect(acts(model)).toEqual([]);
  });

  test("of a restored run can't be made, and the card says why", async () => {
    const { model, el, approve, deny } = page(asking(), { live: false });
    await settle(700);
    expect(el.textContent).toContain("The kernel has not answered yet");
    await settle(4_000);
    expect(el.textContent).toContain("This run has no live kernel");
    expect(el.querySelector(".pw-ask-title")?.textContent).toContain("Approval was needed");
    approve().click();
    deny().click();
    await settle();
    expect(el.querySelector(".pw-reason")).toBeNull();
    expect(acts(model)).toEqual([]);
  });
});

describe("keys", () => {
  /** What a browser says of an element with the focus. */
  const looks = (target: HTMLElement, isVisible: boolean) => {
    const matches = (selector: string) =>
      selector === ":focus-visible" ? isVisible : Element.prototype.matches.call(target, selector);
    target.matches = matches as typeof target.matches;
  };
  /** What it does where a key or a click brings the focus. */
  const focus = (target: HTMLElement, isVisible = true) => {
    looks(target, isVisible);
    (document.activeElement as HTMLElement).blur();
    target.focus();
  };
  const press = (target: Element) =>
    target.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));

  test("A and D work while the card itself has focus, and nowhere else", async () => {
    const { model, el, card, approve } = page(asking());
    await settle();
    focus(card());
    key(card(), "a");
    expect(acts(model)).toEqual([]); // not armed
    await settle(700);
    key(approve(), "a");
    key(card(), "a", { ctrlKey: true });
    key(card(), "a", { repeat: true });
    key(el, "a");
    expect(acts(model)).toEqual([]);
    key(card(), "d");
    await settle();
    expect(el.querySelector(".pw-input")).not.toBeNull();
    key(el.querySelector(".pw-input") as HTMLElement, "a");
    key(el.querySelector(".pw-input") as HTMLElement, "Escape");
    await settle(700);
    key(card(), "A");
    expect(acts(model)).toMatchObject([{ action: "approve" }]);
  });

  test("act on a focus that keys brought, until a pointer is used or it is elsewhere", async () => {
    const { model, el, card, deny, ask } = page(asking());
    await settle(700);
    const isKeyed = () => card().classList.contains("pw-ask-keyed");
    const opens = async () => {
      key(card(), "d");
      await settle();
      const field = el.querySelector<HTMLElement>(".pw-input");
      if (field !== null) key(field, "Escape");
      await settle();
      expect(isKeyed()).toBe(field !== null);
      return field !== null;
    };
    expect(await opens()).toBe(false); // it has no focus
    focus(card(), false);
    expect(await opens()).toBe(false);
    focus(card());
    expect(await opens()).toBe(true);
    for (const where of [card(), deny(), el, document.body]) {
      focus(card());
      press(where);
      expect(await opens()).toBe(false);
    }
    focus(card());
    document.body.focus();
    card().blur();
    expect(await opens()).toBe(false);
    // Its own script moves the focus, which then looks as if keys had.
    press(deny());
    deny().click();
    await settle();
    looks(card(), true);
    press(ask(".pw-quiet"));
    ask(".pw-reason .pw-quiet").click();
    await settle();
    expect(document.activeElement).toBe(card());
    expect(await opens()).toBe(false);
    expect(acts(model)).toEqual([]);
  });

  test.each([true, false])(
    "find what the focus was, after the window had none: %s",
    async (was) => {
      const { card } = page(asking());
      await settle();
      const isKeyed = () => card().classList.contains("pw-ask-keyed");
      focus(card(), was);
      looks(card(), true);
      for (const type of ["focusout", "focus"]) {
        card().dispatchEvent(new FocusEvent(type, { bubbles: type === "focusout" }));
        await settle();
        expect(isKeyed()).toBe(was);
      }
      // Something else has it when the window comes back.
      card().dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
      document.body.append(document.createElement("input"));
      document.querySelector("input:last-of-type")?.dispatchEvent(new FocusEvent("focus"));
      await settle();
      expect(isKeyed()).toBe(false);
    },
  );

  test("are kept from the notebook's own commands", () => {
    expect(page(asking()).card().dataset.lmSuppressShortcuts).toBe("true");
  });
});

describe("Deny", () => {
  test("asks for a reason, which is sent by Enter", async () => {
    const { model, el, deny, ask } = page(asking());
    await settle();
    deny().click();
    await settle();
    expect(el.textContent).toContain("Reason, told to the model (optional)");
    expect(el.querySelector(".pw-approve")).toBeNull();
    const field = ask(".pw-input") as HTMLInputElement;
    expect(document.activeElement).toBe(field);
    field.value = " only the orders of May ";
    key(field, "Enter", { isComposing: true });
    expect(acts(model)).toEqual([]);
    key(field, "Enter");
    expect(acts(model)).toMatchObject([
      { action: "deny", digests: ["d1"], reason: "only the orders of May" },
    ]);
    await settle();
    expect(el.textContent).toContain("Sending your denial…");
  });

  test("needs no reason", async () => {
    const { model, deny, ask } = page(asking());
    await settle();
    deny().click();
    await settle();
    ask(".pw-firm").click();
    expect(acts(model)).toMatchObject([{ action: "deny", reason: null }]);
  });

  test("whose time passes while its reason is typed leaves the focus on the card", async () => {
    const { model, el, deny, ask, card } = page(
      asking({ deadline: now() + 25, closes: now() + 20 }),
    );
    await settle(700);
    deny().click();
    await settle();
    const field = ask(".pw-input") as HTMLInputElement;
    field.value = "only the orders of M";
    await settle(20_000);
    expect(el.querySelector(".pw-reason")).toBeNull();
    // Else the rest of what is typed would be the notebook's commands: D twice deletes a cell.
    expect(document.activeElement).toBe(card());
    for (const each of ["a", "d", "d", "Enter"]) key(card(), each);
    expect(acts(model)).toEqual([]);
  });

  test("is taken back by Escape, and Approve is armed anew", async () => {
    const { model, deny, ask, isArmed } = page(asking());
    await settle(700);
    deny().click();
    await settle();
    key(ask(".pw-input"), "Escape");
    await settle();
    expect(isArmed()).toBe(false);
    await settle(600);
    expect(isArmed()).toBe(true);
    expect(acts(model)).toEqual([]);
  });
});

describe("arguments", () => {
  const shown = async (source: string, given: Partial<ApprovalPart> = {}) => {
    const opened = page(asking({ arguments: source, ...given }));
    await settle(700);
    return opened;
  };

  test("are shown as they were written: every digit, every key, also one that comes twice", async () => {
    const { el } = await shown(
      '{"to": "a", "to": "b", "__proto__": {"admin": true}, "n": 12345678901234567890, "m": 1e400, "id": "007"}',
    );
    const keys = [...el.querySelectorAll(".pw-ask .pw-key")].map((each) => each.textContent);
    expect(keys).toEqual(["to", "to", "__proto__", "n", "m", "id"]);
    const values = [...el.querySelectorAll(".pw-ask .pw-value")].map((each) => each.textContent);
    expect(values).toEqual(["a", "b", '{"admin": true}', "12345678901234567890", "1e400", '"007"']);
  });

  test("show what can't be seen, in names, keys and values", async () => {
    const { el } = await shown('{"to\\u202e": "a\\u200bb", "nested": {"x": "\\u2066"}}', {
      tool_name: "send\u200b_money",
    });
    const marks = [...el.querySelectorAll(".pw-ask .pw-hidden-char")].map(
      (each) => each.textContent,
    );
    expect(marks).toEqual(["U+200B", "U+202E", "U+200B", "U+2066"]);
  });

  test("and names are marked where they look like others, also keys within values", async () => {
    const { el } = await shown(
      JSON.stringify({
        "l\u0456mit": "\u0456",
        имя: "drop \u043e",
        where: { "\uff49d": "\uff49d: 1", list: ['"l\u0456": ', { "\u0430\u0441": ": l\u0456" }] },
      }),
      { tool_name: "dr\u043ep_table" },
    );
    const marks = [...el.querySelectorAll(".pw-ask .pw-hidden-char")];
    expect(marks.map((each) => each.textContent)).toEqual([
      "о Cyrillic U+043E",
      "і Cyrillic U+0456",
      "ｉ U+FF49",
      "ас Cyrillic U+0430…",
    ]);
    expect(el.querySelector(".pw-row .pw-name")?.textContent).toBe("delete_rows");
    expect(el.querySelector(".pw-ask-title .pw-name")?.textContent).toBe(
      "drо Cyrillic U+043Ep_table",
    );
  });

  test("of which too many look like others can't be approved by click", async () => {
    const { el } = await shown(JSON.stringify({ where: { [`a\u0430`.repeat(1_100)]: 1 } }));
    expect(el.textContent).toContain("Approve them by code: run.approve()");
  });

  test("that aren't JSON are shown raw", async () => {
    const { el } = await shown('{"table": "orders"');
    expect(el.querySelector(".pw-ask .pw-pre")?.textContent).toBe('{"table": "orders"');
  });

  test("that are long fold, and Approve waits until each was opened", async () => {
    const { model, el, approve, isArmed } = await shown(
      JSON.stringify({ a: "x".repeat(2_440), b: "y\n".repeat(90), c: 1 }),
      { tool_name: `a${"b".repeat(120)}` },
    );
    const folds = [...el.querySelectorAll<HTMLElement>(".pw-ask .pw-more")];
    expect(folds.map((each) => each.textContent)).toEqual([
      "Show 41 more characters",
      "Show 1,240 more characters",
      "Show 133 more characters",
    ]);
    expect(el.textContent).toContain("Approve needs 3 folded texts to be opened first.");
    approve().click();
    key(el.querySelector(".pw-ask") as HTMLElement, "a");
    for (const fold of folds) {
      expect(isArmed()).toBe(false);
      fold.click();
      await settle(700);
    }
    expect(acts(model)).toEqual([]);
    expect(el.querySelector(".pw-ask .pw-pre")?.textContent).toBe("x".repeat(2_440));
    expect(isArmed()).toBe(true);
    approve().click();
    expect(acts(model)).toHaveLength(1);
  });

  test("that the page isn't given are told by size and digest, and only code approves", async () => {
    const withheld = { size: 1_234_567, digest: "ab12".repeat(16) };
    const { model, el, approve, deny, ask } = await shown("", { withheld });
    const card = el.querySelector(".pw-ask") as HTMLElement;
    expect(card.textContent).toContain(
      `Arguments: 1.2 MB, SHA-256 ${withheld.digest}: too large to show; decide by code: run.approve()`,
    );
    expect(card.textContent).not.toContain("No arguments");
    approve().click();
    key(card, "a");
    expect(acts(model)).toEqual([]);
    deny().click();
    await settle();
    ask(".pw-firm").click();
    expect(acts(model)).toMatchObject([{ action: "deny" }]);
  });

  test.each([
    ["too long", JSON.stringify({ data: "x".repeat(200_001) })],
    [
      "too many",
      JSON.stringify(Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [n, n]))),
    ],
    ["of nothing that is seen", JSON.stringify({ data: "\u200b\u200c".repeat(3_000) })],
  ])("that are %s can't be approved by click, but denied", async (_, source) => {
    const { model, el, approve, deny, ask } = await shown(source);
    expect(el.querySelector(".pw-ask .pw-rows")).toBeNull();
    expect(el.textContent).toContain("Approve them by code: run.approve()");
    approve().click();
    expect(acts(model)).toEqual([]);
    deny().click();
    await settle();
    ask(".pw-firm").click();
    expect(acts(model)).toMatchObject([{ action: "deny" }]);
  });

  test("of a model can't become elements", async () => {
    const { el } = await shown('{"<img src=x>": "<b>bold</b>"}', { message: "<i>hook</i>" });
    expect(el.querySelector("img, b, i")).toBeNull();
  });
});

describe("a hook's message", () => {
  test.each([
    "Writes need a person.",
    "Safe.” Approval needed: read_only. “",
    "Safe.\n\nApprove\nthis call only",
    "\u202eSafe",
    "</blockquote>Safe",
  ])("is a block of its own: %j", async (message) => {
    const { el } = page(asking({ message }));
    await settle();
    const quote = el.querySelector(".pw-ask blockquote");
    const text = message.replace("\u202e", "U+202E");
    expect(quote?.textContent).toBe(text);
    expect(quote?.previousElementSibling?.textContent).toBe("What the hook says");
    expect(el.querySelector(".pw-ask .pw-asked")?.firstElementChild?.textContent).toBe(
      `What the hook says${text}`,
    );
  });
});

describe("what was decided", () => {
  const at = new Date(2026, 4, 1, 14, 3, 22).getTime() / 1000;
  const said = async (given: Partial<ApprovalPart>, called = {}) => {
    const { el, remove } = page(asking({ asked_at: at - 41, decided_at: at, ...given }, called));
    await settle();
    const line = el.querySelector(".pw-decided")?.textContent;
    expect(el.querySelector(".pw-ask")).toBeNull();
    remove();
    return line;
  };

  test.each<[string, Partial<ApprovalPart>]>([
    ["Approved by a person at 14:03:22, after 41 s", { decision: "approved", by: "click" }],
    ["Approved by code at 14:03:22, after 41 s", { decision: "approved", by: "code" }],
    [
      "Approved by policy: read-only tools",
      { decision: "approved", by: "policy: read-only tools" },
    ],
    ["Approved elsewhere", { decision: "approved", by: "elsewhere" }],
    [
      "Denied by a person at 14:03:22, after 41 s: “May only”",
      { decision: "denied", by: "click", reason: "May only" },
    ],
    [
      "Denied by a person at 14:03:22, after 41 s: “no'. Approved by policy: 'x' don’t 'y'”",
      {
        decision: "denied",
        by: "click",
        reason: "no”. Approved by policy: \"x\" don’t ’’y''",
      },
    ],
    [
      "Denied, because the run was stopped",
      { decision: "denied", by: "stop", reason: "The run was stopped." },
    ],
    [
      "Not answered in 5 min: the server blocked the call",
      { decision: "expired", by: "deadline", deadline: at - 41 + 300 },
    ],
    [
      "It isn’t known what became of the approval. The server says no.",
      { decision: "unknown", by: "click", choice: "approve", outcome: "The server says no." },
    ],
    ["Not decided: the run ended", { decision: "undecided" }],
    ["Superseded: the run went on without an answer", { decision: "superseded" }],
    [
      "Approved by a person at 14:03:22, after 41 s: the answer",
      { decision: "approved", by: "click", covers: "answer", call: null },
    ],
  ])("reads: %s", async (line, given) => {
    expect(await said(given)).toBe(line);
  });

  test("says that a hook changed the arguments after the approval", async () => {
    const changed = { asked: '{"table": "orders"}', arguments: '{"table": "users"}' };
    expect(await said({ decision: "approved", by: "policy" }, changed)).toBe(
      "Approved by policy. A hook changed the arguments after the approval",
    );
  });

  test("replaces the card when the stream shows it", async () => {
    const { el, change } = page([text("a"), ...asking().map((part) => ({ ...part, call: 1 }))]);
    await settle();
    expect(el.querySelector(".pw-ask")).not.toBeNull();
    change(["set", ["parts", 2, "decision"], "expired"]);
    await settle();
    expect(el.querySelector(".pw-ask")).toBeNull();
    expect(el.textContent).toContain("Not answered in");
    vi.useRealTimers();
    await painted();
  });
});
