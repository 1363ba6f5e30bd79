// What stands at the foot of the box. The browser says here what is laid out where.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { open, painted } from "../page";
import { approval, run, text, tool } from "../runs";

const TALL = 2_000;
const CARD = { from: 1_500, to: 1_800 };
let observers: (() => void)[];

/** The box shows 600 px of 2,000 in which a request stands; its offset is what was set. */
beforeEach(() => {
  observers = [];
  vi.stubGlobal(
    "ResizeObserver",
    class {
      readonly #els = new Set<Element>();
      constructor(told: (entries: { target: Element }[]) => void) {
        observers.push(() => told([...this.#els].map((target) => ({ target }))));
      }
      observe(el: Element) {
        this.#els.add(el);
      }
      unobserve(el: Element) {
        this.#els.delete(el);
      }
    },
  );
  const is = (el: Element, name: string) => el.classList.contains(name);
  const number = (name: string, of: (el: HTMLElement) => number) =>
    vi.spyOn(HTMLElement.prototype, name as "clientHeight", "get").mockImplementation(function (
      this: HTMLElement,
    ) {
      return of(this);
    });
  const own = (el: HTMLElement) => Number.parseInt(el.style.maxHeight, 10) || 640;
  const shown = (el: HTMLElement) => (is(el, "pw-box-whole") ? TALL : Math.min(own(el), TALL));
  number("clientHeight", (el) => (is(el, "pw-box") ? shown(el) : 0));
  number("scrollHeight", (el) => (is(el, "pw-box") ? TALL : 0));
  vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(function (this: Element) {
    const { scrollTop = 0 } = this.closest(".pw-box") ?? {};
    const [top, bottom] = is(this, "pw-ask")
      ? [CARD.from - scrollTop, CARD.to - scrollTop]
      : [0, 0];
    return { top, bottom, left: 0, right: 0 } as DOMRect;
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const call = tool({ name: "delete_rows", status: "waiting" });
const live = () => {
  const opened = open(run({ parts: [text("So"), call] }));
  const view = opened.show();
  const box = view.ask(".pw-box");
  const scroll = async (to: number) => {
    box.scrollTop = to;
    box.dispatchEvent(new Event("scroll"));
    await painted();
  };
  const ask = async () => {
    opened.change(["set", ["parts", 2], approval({ call: 1 })], ["set", ["status"], "waiting"]);
    await painted();
    for (const told of observers) told();
    await painted();
  };
  const foot = () => view.el.querySelector(".pw-jump")?.textContent ?? "";
  return { ...opened, ...view, box, scroll, request: ask, foot };
};

test("a reader at the end is brought to what is asked, and stays followed", async () => {
  const { box, request, foot, scroll } = live();
  await scroll(TALL - 640);
  await request();
  expect(box.scrollTop).toBe(TALL - 640);
  expect(foot()).toBe("");
  CARD.to = 1_700; // more was said below it
  for (const told of observers) told();
  expect(box.scrollTop).toBe(TALL - 640);
  CARD.to = 1_800;
});

test("a reader elsewhere is told what waits; a click goes there in the box", async () => {
  const { box, request, foot, scroll, ask, change } = live();
  await scroll(200);
  expect(foot()).toBe("Jump to latest");
  await request();
  expect([box.scrollTop, foot()]).toEqual([200, "Waiting for you: delete_rows"]);
  ask(".pw-jump").click();
  await scroll(box.scrollTop);
  expect(box.scrollTop).toBe(CARD.to + 14 - 640);
  expect(foot()).toBe("");
  await scroll(200);
  change(["set", ["parts", 2, "decision"], "approved"], ["set", ["status"], "completed"]);
  await painted();
  expect(foot(), "nothing to jump to once it is over").toBe("");
});

test("the whole is offered where something is cut, and says what it is", async () => {
  const { ask, el, box } = live();
  for (const told of observers) told();
  await painted();
  expect(ask(".pw-whole").textContent).toBe("Show the whole run");
  ask(".pw-whole").click();
  await painted();
  expect(box.className).toBe("pw-box pw-box-whole");
  expect([ask(".pw-whole").textContent, el.querySelector(".pw-grip")]).toEqual(["Show less", null]);
});

test("the height is set by keys and by dragging, and goes back to the usual one", async () => {
  const { ask, box } = live();
  for (const told of observers) told();
  await painted();
  const grip = ask(".pw-grip");
  const press = async (key: string) => {
    grip.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await painted();
    return [box.style.maxHeight, grip.getAttribute("aria-valuenow")];
  };
  expect(await press("ArrowDown")).toEqual(["680px", "680"]);
  expect(await press("ArrowUp")).toEqual(["", "640"]);
  grip.setPointerCapture = () => {};
  const point = (type: string, clientY: number) =>
    grip.dispatchEvent(new MouseEvent(type, { clientY, bubbles: true }));
  point("pointerdown", 700);
  point("pointermove", 500);
  await painted();
  expect(box.style.maxHeight).toBe("440px");
  point("lostpointercapture", 500);
  point("pointermove", 100);
  await painted();
  expect(box.style.maxHeight).toBe("440px");
  expect((await press("Home"))[0]).toBe("");
});

test.each([
  [300, "300px", false],
  [null, "", true],
  ["nonsense", "", false],
] as const)("a kernel's max_height of %s is obeyed", (given, height, isWhole) => {
  const opened = open(run({ parts: [text("So")] }));
  opened.model.values.set("_max_height", given);
  const box = opened.show().ask(".pw-box");
  expect([box.style.maxHeight, box.className.includes("whole")]).toEqual([height, isWhole]);
});

test("a box is as tall as it may be while more is in it, and no taller than what is in it", async () => {
  const { box } = live();
  const sized = async () => {
    for (const told of observers) told();
    await painted();
  };
  await sized();
  expect(box.className).toBe("pw-box pw-box-full");
  vi.spyOn(box, "scrollHeight", "get").mockReturnValue(640); // a card was closed
  await sized();
  expect(box.className).toBe("pw-box ");
});

test("views that got another size look in one go, before any is drawn anew", async () => {
  const boxes = [live(), live(), live()].map(({ box }) => box);
  expect(observers).toHaveLength(1);
  const order: string[] = [];
  boxes.forEach((box, index) => {
    vi.spyOn(box, "scrollHeight", "get").mockImplementation(() => {
      order.push(`look ${index}`);
      return TALL;
    });
    new MutationObserver(() => order.push("drawn")).observe(box, { attributes: true });
  });
  observers[0]?.();
  await painted();
  expect(order.indexOf("drawn")).toBeGreaterThan(order.indexOf("look 2"));
});
