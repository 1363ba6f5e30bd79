import { expect, test } from "vitest";
import { open, painted } from "../page";
import { run, text } from "../runs";

const thinking = (given: object = {}) =>
  run({
    reasoning: {
      thoughts: [{ step: 1, text: "Hm", whole: false, within: null }],
      seconds: 0,
      since: 1_000,
      ...given,
    },
  });

const isOpen = (pill: HTMLElement) => pill.getAttribute("aria-expanded") === "true";

test("it is open while the model thinks, and closes itself once", async () => {
  const { show, change } = open(thinking());
  const { ask } = show();
  const pill = ask(".pw-pill");
  expect([isOpen(pill), pill.textContent]).toEqual([true, "Thinking…"]);
  change(["set", ["reasoning", "since"], null], ["set", ["reasoning", "seconds"], 4.2]);
  await painted();
  expect([isOpen(pill), pill.textContent]).toEqual([false, "Thought for 4.2 s"]);
});

test("thinking again in a later step doesn't open it", async () => {
  const { show, change } = open(thinking());
  const pill = show().ask(".pw-pill");
  change(["set", ["reasoning", "since"], null], ["set", ["parts", 0], text("So")]);
  await painted();
  change(
    ["set", ["reasoning", "since"], 1_009],
    ["set", ["reasoning", "thoughts", 1], { step: 2, text: "Oh" }],
  );
  await painted();
  expect([isOpen(pill), pill.textContent]).toEqual([false, "Thinking… 2 steps"]);
});

test("who closed it while it thought finds it closed, who opened it after finds it open", async () => {
  const { show, change } = open(thinking());
  const [left, right] = [show(), show()];
  left.ask(".pw-pill").click();
  await painted();
  change(["append", ["reasoning", "thoughts", 0, "text"], ", well"]);
  await painted();
  expect(isOpen(left.ask(".pw-pill"))).toBe(false);
  change(["set", ["reasoning", "since"], null]);
  await painted();
  right.ask(".pw-pill").click();
  change(["set", ["status"], "completed"]);
  await painted();
  expect(isOpen(right.ask(".pw-pill"))).toBe(true);
  expect(right.ask(".pw-thoughts").textContent).toBe("Hm, well");
});

test("empty thinking is said in words", async () => {
  const { show } = open(
    thinking({ thoughts: [{ step: 1, text: "", whole: true }], since: null, seconds: 1 }),
  );
  const { ask } = show();
  ask(".pw-pill").click();
  await painted();
  expect(ask(".pw-thoughts").textContent).toBe("The provider shows nothing of this thinking.");
});

test("no thinking, no pill", () => {
  expect(open(run()).show().el.querySelector(".pw-pill")).toBeNull();
});

test("two clicks before the page paints leave it as it was", async () => {
  const { show } = open(thinking());
  const pill = show().ask(".pw-pill");
  pill.click();
  pill.click();
  await painted();
  expect(isOpen(pill)).toBe(true);
});
