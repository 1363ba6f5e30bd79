import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import widget from "../../src/index";
import * as inboxModule from "../../src/modules/inbox";
import { type Item, Order } from "../../src/modules/inbox/order";
import * as words from "../../src/modules/inbox/words";
import { CHAT } from "../../src/state/shape";
import type { ActMessage, ApprovalPart, KernelMessage, Op, WaitingRow } from "../../src/state/wire";
import { FakeModel } from "../page";
import { approval, run } from "../runs";
import { load } from "./loaded";

const ends: (() => void)[] = [];

beforeEach(() => {
  load("inbox", inboxModule);
  vi.stubGlobal("IntersectionObserver", undefined); // all is in sight
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
  document.body.replaceChildren();
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

interface Asking {
  row: WaitingRow;
  parts: ApprovalPart[];
}

/** An inbox in a page, and a kernel that tells it of what waits. */
async function open({ manager = undefined as unknown } = {}) {
  const chat = CHAT.read({ id: "", name: "inbox", turns: [], order: [] });
  const model = new FakeModel({ seq: 0, now: now(), chat: structuredClone(chat) });
  model.widget_manager = manager;
  model.values.set("_board", "powawidget-abc");
  model.values.set("_drawn_by", "inbox");
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
  let asked = 0;
  const rows: Asking[] = [];
  model.hear({ kind: "state", seq, now: now(), chat, nonce: "n1" } as KernelMessage);
  await settle();
  const ops = (...given: Op[]) => model.hear({ kind: "ops", seq: ++seq, ops: given });
  const tell = (more = 0) =>
    model.hear({
      kind: "waiting",
      rows: rows.map(({ row }) => structuredClone(row)),
      more,
      trouble: "",
    } as unknown as KernelMessage);
  const told = ({ row, parts }: Asking) =>
    ops([
      "set",
      ["turns", row.turn],
      run({ name: row.name, status: row.ended === null ? "waiting" : "completed", parts }),
    ]);
  const ask = (given: Partial<ApprovalPart> = {}, about: Partial<WaitingRow> = {}, others = 0) => {
    const id = `r${rows.length}`;
    const parts = Array.from({ length: 1 + others }, () =>
      approval({
        digest: `d${asked++}`,
        asked_at: now(),
        deadline: now() + 300,
        closes: now() + 295,
        ...given,
      }),
    );
    const row: WaitingRow = {
      ...{ id, turn: rows.length, name: "Operator", cell: 12, cell_id: "c12", hidden: false },
      ...{ ended: null, late: false, moved: false, ...about },
    };
    const asking = { row, parts };
    rows.push(asking);
    told(asking);
    return asking;
  };
  const decide = (asking: Asking, given: Partial<ApprovalPart> = { decision: "approved" }) => {
    for (const part of asking.parts) Object.assign(part, { decided_at: now(), ...given });
    asking.row.ended = now();
    told(asking);
  };
  const all = (selector: string) => [...el.querySelectorAll<HTMLElement>(selector)];
  return {
    model,
    el,
    rows,
    ask,
    decide,
    tell,
    all,
    said: (selector: string) => all(selector).map(({ textContent }) => textContent),
    list: () => all(".pw-inbox-rows")[0] as HTMLElement,
    status: () => all(".pw-status")[0]?.textContent,
    button: (name: string) =>
      all("button").find(({ textContent }) => textContent === name) as HTMLButtonElement,
    acts: () => model.sent.filter(({ kind }) => kind === "act") as ActMessage[],
    hides: () => model.sent.filter((each) => (each.kind as string) === "hide_row"),
  };
}

const point = (list: HTMLElement, isIn: boolean) =>
  list.dispatchEvent(new Event(isIn ? "pointerenter" : "pointerleave"));

describe("an inbox", () => {
  test("says in one line that nothing waits, and whose runs it covers", async () => {
    const { tell, status, said, all } = await open();
    tell();
    await settle();
    expect(status()).toBe(words.nothing);
    expect(said(".pw-who")).toEqual([words.kernel]);
    expect(said(".pw-unseen")).toContain(words.covers);
    expect(all(".pw-inbox-row")).toEqual([]);
  });

  test("has the soonest deadline first and open, the others as lines", async () => {
    const { ask, tell, status, all, said } = await open();
    ask({ tool_name: "late" });
    ask({ tool_name: "soon", deadline: now() + 48, closes: now() + 43 });
    ask({ tool_name: "later", deadline: now() + 400 });
    tell();
    await settle();
    expect(status()).toBe("3 wait for you");
    expect(said(".pw-ask .pw-name")).toEqual(["soon"]);
    expect(said(".pw-inbox-line .pw-name")).toEqual(["late", "later"]);
    expect(all(".pw-inbox-row > *")[0]?.classList.contains("pw-ask")).toBe(true);
    expect(said(".pw-figures")).toEqual([expect.stringMatching(/^soonest in 0:4[789]$/)]);
    expect(said(".pw-ask-title")).toEqual(["Operator wants soon"]);
  });

  test("decides by the card's own buttons, armed as the card's are", async () => {
    const { ask, tell, all, acts } = await open();
    ask();
    ask({}, {}, 1);
    tell();
    await settle();
    const approve = () => all(".pw-approve")[0] as HTMLElement;
    approve().click();
    expect(acts()).toEqual([]);
    await settle(700);
    approve().click();
    expect(acts()).toMatchObject([{ action: "approve", digests: ["d0"], turn: 0, nonce: "n1" }]);
    (all(".pw-inbox-line")[0] as HTMLElement).click();
    await settle(700);
    expect(all(".pw-approve").map(({ textContent }) => textContent)).toContain("Approve all 2");
    all(".pw-deny").at(-1)?.click();
    await settle();
    all(".pw-firm")[0]?.click();
    expect(acts()[1]).toMatchObject({ action: "deny", digests: ["d1", "d2"], turn: 1 });
  });

  test("denies with a correction: the reason begins with the arguments", async () => {
    const { ask, tell, button, all, acts } = await open();
    ask({ arguments: '{"table": "orders"}' });
    tell();
    await settle();
    button(words.correct).click();
    await settle();
    const field = all(".pw-input")[0] as HTMLInputElement;
    expect(field.value).toBe('Call it with these arguments instead: {"table": "orders"}');
    expect(document.activeElement).toBe(field);
    field.value = field.value.replace("orders", "drafts");
    all(".pw-firm")[0]?.click();
    expect(acts()).toMatchObject([
      { action: "deny", reason: 'Call it with these arguments instead: {"table": "drafts"}' },
    ]);
  });

  test("a correction hides nothing of the arguments, and stays JSON", async () => {
    const given = { to: "a\u202eb\u200b\u{e0041}\ud800é😀" };
    const { ask, tell, button, all } = await open();
    // As a model may write it: with the characters themselves, on several lines.
    const raw = `{\n\t"to": "${given.to}"\n}`;
    ask({ arguments: raw });
    tell();
    await settle();
    button(words.correct).click();
    await settle();
    const { value } = all(".pw-input")[0] as HTMLInputElement;
    expect(value).toMatch(/instead: \{ "to": "a\\u202eb\\u200b\\udb40\\udc41\\ud800é😀" \}$/);
    expect(JSON.parse(value.slice(value.indexOf("{")))).toEqual(given);
  });

  test("a key that is held since it has opened the field sends nothing", async () => {
    const { ask, tell, button, all, acts } = await open();
    ask();
    tell();
    await settle();
    button(words.correct).click();
    await settle();
    const field = all(".pw-input")[0] as HTMLInputElement;
    const press = (repeat: boolean) =>
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, repeat }));
    press(true);
    await settle();
    expect(acts()).toEqual([]);
    press(false);
    expect(acts()).toMatchObject([{ action: "deny" }]);
  });

  test("offers no correction that wouldn't fit into a reason", async () => {
    const { ask, tell, button } = await open();
    ask({ arguments: JSON.stringify({ text: "x".repeat(2_000) }) });
    tell();
    await settle();
    expect(button(words.correct)).toBeUndefined();
    expect(button(words.notNow)).toBeDefined();
  });

  test("takes a row out of sight by Not now, which decides nothing, and shows it again", async () => {
    const { ask, tell, button, all, acts, hides, rows, status, said } = await open();
    ask();
    tell();
    await settle(1_000);
    button(words.notNow).dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
    expect(hides()).toMatchObject([{ row: "r0" }]);
    expect(acts()).toEqual([]);
    (rows[0] as Asking).row.hidden = true;
    tell();
    await settle(6_000);
    expect(status()).toBe(words.nothing);
    expect(all(".pw-inbox-row")).toEqual([]);
    expect(said(".pw-inbox-notes")).toEqual(["1 hidden: show"]);
    button(words.show).click();
    expect(hides()[1]).toMatchObject({ row: null });
    (rows[0] as Asking).row.hidden = false;
    tell();
    await settle();
    expect(all(".pw-ask")).toHaveLength(1);
  });

  test("keeps what has ended in its place while the pointer is there, with what became of it", async () => {
    const { ask, tell, decide, list, said, all, status } = await open();
    const first = ask({ tool_name: "one" });
    ask({ tool_name: "two" });
    const third = ask({ tool_name: "three" });
    tell();
    await settle();
    point(list(), true);
    decide(first, { decision: "approved", by: "click", choice: "approve" });
    decide(third, { decision: "expired", by: "deadline" });
    ask({ tool_name: "four", deadline: now() + 5 });
    tell();
    await settle(60_000);
    expect(status()).toBe("2 wait for you");
    expect(all(".pw-inbox-row").map((row) => row.classList.contains("pw-inbox-over"))).toEqual([
      true,
      false,
      true,
      false,
    ]);
    const [one, two, three, four] = said(".pw-inbox-row");
    expect(one).toMatch(/^Approved by a person at [\d:]+, after 0 s: oneOperator$/);
    expect(two).toContain("two");
    expect(three).toBe("Not answered in 5 min: the server blocked the call: threeOperator");
    expect(four).toContain("four");
    point(list(), false);
    await settle(2_000);
    expect(said(".pw-inbox-row .pw-name")).toEqual(["four", "two"]);
  });

  test("keeps what has ended for a moment where nobody is there", async () => {
    const { ask, tell, decide, all, status } = await open();
    const first = ask();
    tell();
    await settle();
    decide(first);
    tell();
    await settle(3_000);
    expect(all(".pw-inbox-over")).toHaveLength(1);
    await settle(2_000);
    expect(all(".pw-inbox-row")).toEqual([]);
    expect(status()).toBe(words.nothing);
  });

  test("tells the true state of a request whose time is over", async () => {
    const { ask, tell, rows, said, list } = await open();
    ask();
    tell();
    await settle();
    point(list(), true);
    vi.setSystemTime(Date.now() + 1_800_000);
    Object.assign((rows[0] as Asking).row, { ended: now(), late: true });
    tell();
    await settle();
    expect(said(".pw-inbox-row")[0]).toContain("its time is over");
    expect(said(".pw-inbox-row")[0]).not.toContain("wait");
  });

  test("puts equal calls under one heading, each with its own buttons", async () => {
    const { ask, tell, said, all } = await open();
    ask({ tool_name: "mail" });
    ask({ tool_name: "write" });
    ask({ tool_name: "mail" });
    tell();
    await settle();
    expect(said(".pw-inbox-same")).toEqual(["2 runs ask for the same"]);
    const [heading, one, two] = all(".pw-inbox-rows > li");
    expect(heading?.classList.contains("pw-inbox-same")).toBe(true);
    expect([one, two].map((row) => row?.textContent?.includes("mail"))).toEqual([true, true]);
    all(".pw-inbox-line")[0]?.click();
    await settle();
    expect(all(".pw-approve").map(({ textContent }) => textContent)).toEqual([
      "Approve",
      "Approve",
    ]);
  });

  test("says how many wait that it doesn't list", async () => {
    const { ask, tell, said } = await open();
    ask();
    tell(12);
    await settle();
    expect(said(".pw-inbox-notes")[0]).toContain("12 more wait");
  });

  test("tells the number of a cell that the page can't go to", async () => {
    const { ask, tell, button, said } = await open();
    ask();
    tell();
    await settle();
    button("cell 12 ↗").click();
    await settle();
    expect(said(".pw-inbox-way")).toEqual([words.noWay(12)]);
  });

  test("goes to the cell by its id, in the notebook around", async () => {
    const cells = [{ id: "c1" }, { id: "c12" }];
    const { ask, tell, button, said, el } = await open({
      manager: { context: { model: { cells } } },
    });
    const made = (within: Element, name: string) => {
      const element = document.createElement("div");
      element.className = name;
      within.append(element);
      return element;
    };
    const box = made(made(document.body, "jp-Notebook"), "jp-WindowedPanel-outer");
    const [first, target] = [made(box, "jp-Cell"), made(box, "jp-Cell")];
    first.append(el);
    for (const [index, cell] of [first, target].entries())
      cell.setAttribute("data-windowed-list-index", `${index}`);
    Object.defineProperty(target, "clientHeight", { value: 80 });
    const went = vi.fn();
    target.scrollIntoView = went;
    ask();
    tell();
    await settle();
    expect(went).not.toHaveBeenCalled();
    button("cell 12 ↗").click();
    await settle();
    expect(went).toHaveBeenCalled();
    expect(said(".pw-inbox-way")).toEqual([]);
  });

  /** Notebooks in sight; the inbox stands in a tab of its own. */
  async function beside(path: string, height = 80, others = ["a.ipynb", "sub/a.ipynb"]) {
    const cells = [{ id: "c1" }, { id: "c12" }];
    const page = await open({ manager: { context: { path, model: { cells } } } });
    const went: string[] = [];
    const blocks: unknown[] = [];
    const boxes = others.map((each) => {
      const panel = document.createElement("div");
      panel.id = `id ${each}`;
      panel.className = "jp-NotebookPanel";
      const tab = document.createElement("li");
      tab.className = "lm-TabBar-tab";
      tab.dataset.id = panel.id;
      tab.title = `Name: a.ipynb\nPath: ${each}\nLast Saved: now`;
      const box = document.createElement("div");
      box.className = "jp-WindowedPanel-outer";
      Object.defineProperty(box, "clientHeight", { value: 500 });
      const notebook = document.createElement("div");
      notebook.className = "jp-Notebook";
      const cell = document.createElement("div");
      cell.className = "jp-Cell";
      cell.setAttribute("data-windowed-list-index", "1");
      Object.defineProperty(cell, "clientHeight", { value: height });
      cell.scrollIntoView = (how) => {
        went.push(each);
        blocks.push((how as ScrollIntoViewOptions).block);
      };
      box.append(cell);
      notebook.append(box);
      panel.append(notebook);
      document.body.append(tab, panel);
      return box;
    });
    page.ask();
    page.tell();
    await settle();
    const go = async () => {
      page.button("cell 12 ↗").click();
      for (let frame = 0; frame < 20; frame++) await settle();
    };
    return { ...page, went: () => new Set(went), blocks: () => new Set(blocks), boxes, go };
  }

  test.each([["a.ipynb"], ["sub/a.ipynb"]])(
    "from a tab it moves its notebook %s alone",
    async (path) => {
      const { go, went, said } = await beside(path);
      await go();
      expect(went()).toEqual(new Set([path]));
      expect(said(".pw-inbox-way")).toEqual([]);
    },
  );

  test("moves no other notebook where its own isn't in sight", async () => {
    const { go, went, said } = await beside("b.ipynb", 80, ["a.ipynb"]);
    await go();
    expect(went()).toEqual(new Set());
    expect(said(".pw-inbox-way")).toEqual([words.noWay(12)]);
  });

  test("of a cell taller than the window it shows the beginning", async () => {
    const { go, blocks } = await beside("a.ipynb", 900);
    await go();
    expect(blocks()).toEqual(new Set(["start"]));
  });

  test("tells the number of a cell that isn't drawn anywhere, and is where it was", async () => {
    const { go, boxes, said } = await beside("a.ipynb", 0);
    (boxes[0] as Element).scrollTop = 70;
    await go();
    expect((boxes[0] as Element).scrollTop).toBe(70);
    expect(said(".pw-inbox-way")).toEqual([words.noWay(12)]);
  });

  test("what is said of hidden ones and of more moves no row", async () => {
    const { ask, tell, list, all } = await open();
    ask();
    ask({}, { hidden: true });
    tell(3);
    await settle();
    const [notes] = all(".pw-inbox-notes");
    expect(list().compareDocumentPosition(notes as Node)).toBe(Node.DOCUMENT_POSITION_FOLLOWING);
  });

  test("without a kernel nothing acts, and the card says why", async () => {
    const { ask, tell, all, hides, button, acts, model, status } = await open();
    ask();
    ask();
    tell();
    await settle(700);
    model.emit("comm:close");
    await settle(700);
    expect(status()).toBe(words.gone);
    expect(all(".pw-ask-note")[0]?.textContent).toBe("This run has no live kernel");
    // Nor does anything count down.
    expect(all(".pw-inbox-line").length).toBe(1);
    expect(all("[role=timer]")).toEqual([]);
    button(words.notNow).click();
    all(".pw-approve")[0]?.click();
    all(".pw-deny")[0]?.click();
    await settle();
    expect([hides(), acts(), all(".pw-input")]).toEqual([[], [], []]);
  });
});

describe("the order", () => {
  const item = (id: string, given: Partial<Item> = {}): Item => ({
    ...{ id, due: 0, same: id, isOver: false, ...given },
  });

  test("nothing moves while somebody is in the list, whatever changes", () => {
    const step = fc.record({
      kind: fc.constantFrom("ask", "end", "gone", "in", "out", "wait", "open"),
      at: fc.nat(9),
      due: fc.nat(300),
      same: fc.constantFrom("a", "b", "c"),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const order = new Order();
        let items: Item[] = [];
        let isIn = false;
        let now = 0;
        for (const [number, { kind, at, due, same }] of steps.entries()) {
          const chosen = items[at % Math.max(1, items.length)];
          if (kind === "ask") items = [...items, item(`${number}`, { due, same })];
          else if (kind === "end" && chosen)
            items = items.map((each) => (each === chosen ? { ...each, isOver: true } : each));
          else if (kind === "gone" && chosen?.isOver) items = items.filter((one) => one !== chosen);
          else if (kind === "in" || kind === "out") isIn = kind === "in";
          else if (kind === "wait") now += due * 50;
          else if (kind === "open" && chosen) order.open(chosen.id);
          const before = order.ids;
          const opened = before.filter((id) => order.isOpen(id));
          order.update(items, isIn, now);
          const after = order.ids;
          expect(new Set(after).size).toBe(after.length);
          if (isIn) {
            expect(after.slice(0, before.length)).toEqual(before);
            // What comes meanwhile comes as a line: it has no button that decides.
            for (const id of after.slice(before.length)) expect(order.isOpen(id)).toBe(false);
            for (const id of opened) expect(order.isOpen(id)).toBe(true);
          }
          for (const { id, isOver } of items) if (!isOver) expect(after).toContain(id);
        }
        now += 60_000;
        order.update(items, false, now);
        order.update(items, false, now + 60_000);
        const waiting = items.filter(({ isOver }) => !isOver);
        expect(order.ids.toSorted()).toEqual(waiting.map(({ id }) => id).toSorted());
        const dues = order.groups.map(({ ids }) => items.find(({ id }) => id === ids[0])?.due ?? 0);
        expect(dues).toEqual(dues.toSorted((a, b) => a - b));
      }),
      { numRuns: 300 },
    );
  });
});

/** Lays out the rows of the list, as the style does: happy-dom has no layout. */
function layOut(list: () => HTMLElement | undefined): void {
  const cardOf = (title: string) => 220 - 40 * (Number(/\d+/.exec(title)?.[0]) % 4);
  const LINE = 36;
  const GAP = 8;
  const heightOf = (li: HTMLElement): number => {
    const title = li.querySelector(".pw-ask-title")?.textContent;
    const natural = title ? cardOf(title) : LINE;
    return Math.max(natural, Number.parseFloat(li.style.minHeight) || 0);
  };
  const rectOf = (li: HTMLElement): DOMRect => {
    let top = 0;
    for (const each of [...(list()?.children ?? [])] as HTMLElement[]) {
      if (each === li) break;
      top += heightOf(each) + GAP;
    }
    return new DOMRect(0, top, 600, heightOf(li));
  };
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockImplementation(function rect(
    this: HTMLElement,
  ) {
    const li = this.closest<HTMLElement>(".pw-inbox-rows > li");
    if (li === null) return new DOMRect(0, 0, 600, 10);
    const around = rectOf(li);
    if (!this.classList.contains("pw-approve")) return around;
    return new DOMRect(500, around.bottom - 40, 80, 30);
  });
}

describe("under the pointer", () => {
  test("no other row's Approve ever comes, and none is armed after a change", async () => {
    const step = fc.record({
      kind: fc.constantFrom("ask", "decide", "expire", "further", "hide", "open", "out", "wait"),
      at: fc.nat(9),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const { ask, tell, decide, list, all, rows, acts } = await open();
        layOut(list);
        for (let each = 0; each < 3; each++) ask({ tool_name: `tool ${each}` });
        tell();
        await settle(700);
        const digestOf = (button: Element | undefined) =>
          button?.closest("li")?.querySelector(".pw-ask .pw-name")?.textContent;
        const at = (y: number) =>
          all(".pw-approve").find((button) => {
            const { top, bottom } = button.getBoundingClientRect();
            return top <= y && y <= bottom;
          });
        const target = all(".pw-approve")[0] as HTMLElement;
        const y = target.getBoundingClientRect().top + 5;
        const own = digestOf(target);
        point(list(), true);
        let name = 10;
        for (const { kind, at: place } of steps) {
          const asked = rows.filter(({ row }) => row.ended === null && !row.hidden);
          const chosen = asked[place % Math.max(1, asked.length)];
          const isOwn = chosen?.parts[0]?.tool_name === own;
          if (kind === "ask") ask({ tool_name: `tool ${name++}`, deadline: now() + 5 + place });
          else if (kind === "decide" && chosen) decide(chosen);
          else if (kind === "expire" && chosen) decide(chosen, { decision: "expired" });
          else if (kind === "hide" && chosen) chosen.row.hidden = true;
          else if (kind === "further" && chosen) {
            Object.assign(chosen.row, { ended: now(), moved: true });
            ask({ tool_name: `tool ${name++}` }, {}, 1);
          } else if (kind === "open") {
            const lines = all(".pw-inbox-line");
            // A line below: who opens one above it has the pointer there, not here.
            const below = lines.filter((line) => line.getBoundingClientRect().top > y);
            below[place % Math.max(1, below.length)]?.click();
          } else if (kind === "out") {
            point(list(), false);
            await settle(100); // and back before anything may have moved
            point(list(), true);
          } else if (kind === "wait") await settle(place * 1_000);
          tell();
          await settle();
          const here = at(y);
          if (here !== undefined) expect(digestOf(here)).toBe(own);
          if (isOwn && /decide|expire|further|hide/.test(kind)) expect(here).toBeUndefined();
        }
        // Once nobody is there rows move, and whatever comes here then is armed anew.
        const before = at(y);
        point(list(), false);
        let moved: HTMLElement | undefined;
        for (let tick = 0; tick < 80 && moved === undefined; tick++) {
          await settle(100);
          const here = at(y);
          if (here !== undefined && here !== before) moved = here;
        }
        moved?.click();
        expect(acts()).toEqual([]);
        for (const end of ends.splice(0)) end();
        document.body.replaceChildren();
        vi.restoreAllMocks();
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
