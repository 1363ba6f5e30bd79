import { beforeEach, describe, expect, test } from "vitest";
import * as module from "../../src/modules/pause";
import type { Wait } from "../../src/state/wire";
import { open, painted } from "../page";
import { run, text } from "../runs";
import { load } from "./loaded";

const pause = (given: Partial<Wait> = {}): Wait => ({
  purpose: "retry",
  why: "The server asked to wait",
  until: Date.now() / 1000 + 4.5,
  attempt: 2,
  ...given,
});

const button = (el: Element) => {
  const found = el.querySelector<HTMLElement>(".pw-pause button");
  if (found === null) throw new Error("no button");
  return found;
};

beforeEach(() => load("pause", module));

describe("a pause", () => {
  test("is said once the module is here that says it", async () => {
    const { show } = open(run({ wait: pause() }));
    const { el, ask } = show();
    expect(el.querySelector(".pw-pause")).toBeNull();
    expect(ask(".pw-status").textContent).toBe("Running");
    await painted();
    expect(button(el).textContent).toBe("Give up");
  });

  test("says until when, and which try it is", async () => {
    const { show } = open(run({ status: "connecting", wait: pause() }));
    const { ask } = show();
    await painted();
    expect(ask(".pw-pause span").textContent).toBe(
      "The server asked to wait: next try in 0:05 (2nd try)",
    );
    expect(ask(".pw-pause button").textContent).toBe("Give up");
  });

  test("counts by the kernel's clock", async () => {
    const { show, model } = open(run({ wait: pause({ until: 5_000 }) }));
    model.hear({ kind: "beat", seq: 0, now: 4_990.5, quiet: 0, alive: false });
    const { ask } = show();
    await painted();
    expect(ask(".pw-pause span").textContent).toContain("next try in 0:10");
  });

  test("before a lookup says what it looks for, and what is there stays", async () => {
    const { show, change } = open(
      run({ status: "interrupted", parts: [text("So far")], wait: null }),
    );
    const { el, ask } = show();
    expect(el.querySelector(".pw-pause")).toBeNull();
    change([
      "set",
      ["wait"],
      pause({ purpose: "look_up", why: "", until: Date.now() / 1000 + 3.5, attempt: 1 }),
    ]);
    await painted();
    expect(ask(".pw-pause span").textContent).toBe(
      "Looking up what the server made of it: next look in 4 s",
    );
    expect(button(el).textContent).toBe("Stop looking");
    expect(ask(".pw-answer").textContent).toBe("So far");
    change(["set", ["wait"], null]);
    await painted();
    expect(el.querySelector(".pw-pause")).toBeNull();
  });

  test("that is over says that it tries", async () => {
    const { show } = open(run({ wait: pause({ until: Date.now() / 1000 - 1, attempt: 3 }) }));
    const { ask } = show();
    await painted();
    expect(ask(".pw-pause span").textContent).toContain("trying now (3rd try)");
  });

  test("is given up once, and the click is seen at once", async () => {
    const { show, model } = open(run({ wait: pause() }));
    const { el } = show();
    await painted();
    button(el).click();
    await painted();
    button(el).click();
    expect(button(el).textContent).toBe("Stopping…");
    expect(button(el).getAttribute("aria-disabled")).toBe("true");
    const acts = model.sent.filter((message) => message.kind === "act");
    expect(acts).toMatchObject([{ action: "give_up", digests: [], nonce: "n1" }]);
    const stop = el.querySelector(".pw-head>button");
    expect(stop?.textContent).toBe("Stop"); // another click
  });

  test("that the kernel refused to give up may be given up again", async () => {
    const { show, model } = open(run({ wait: pause() }));
    const { el } = show();
    await painted();
    button(el).click();
    const [act] = model.sent.filter((message) => message.kind === "act");
    model.hear({ kind: "ack", id: act?.id ?? "", refused: "there is nothing to give up" });
    await painted();
    expect(el.querySelector(".pw-head")?.textContent).toContain("there is nothing to give up");
    button(el).click();
    expect(model.sent.filter((message) => message.kind === "act")).toHaveLength(2);
  });

  test("can't be given up without a kernel, and says why", async () => {
    const { show, model } = open(run({ wait: pause() }), { live: false });
    const { el } = show();
    await painted();
    expect(button(el).getAttribute("aria-disabled")).toBe("true");
    expect(button(el).title).toBe("This run has no live kernel");
    button(el).click();
    expect(model.sent.filter((message) => message.kind === "act")).toEqual([]);
  });

  test("of a run that has no kernel any more isn't shown", async () => {
    const { show, model } = open(run({ wait: pause() }));
    const { el } = show();
    await painted();
    expect(button(el).textContent).toBe("Give up");
    model.emit("comm:close");
    await painted();
    expect(el.querySelector(".pw-pause")).toBeNull();
  });

  test("says a reason of the server's as text", async () => {
    const { show } = open(run({ wait: pause({ why: "<b>wait</b>\u202e" }) }));
    const { el, ask } = show();
    await painted();
    expect(el.querySelector(".pw-pause b")).toBeNull();
    expect(ask(".pw-pause span").textContent).toContain("<b>wait</b>U+202E");
  });
});

describe("a run that was reused", () => {
  const reused = { kind: "notice", code: "reused", text: "From 26 Nov, not paid again." } as const;
  const state = run({
    status: "completed",
    origin: "stored",
    parts: [{ ...reused, count: 1, within: null, details: null }],
  });
  const acts = (model: { sent: { kind: string }[] }) =>
    model.sent.filter(({ kind }) => kind === "act");

  test("says since when, and runs anew at a click, once", async () => {
    const { show, model } = open(structuredClone(state));
    const { el, ask } = show();
    await painted();
    expect(ask(".pw-notice").textContent).toBe("From 26 Nov, not paid again.");
    expect(ask(".pw-anew button").textContent).toBe("Run anew");
    expect(ask(".pw-anew button").title).toBe("It is sent again, and paid again.");
    (ask(".pw-anew button") as HTMLElement).click();
    (ask(".pw-anew button") as HTMLElement).click();
    expect(acts(model)).toMatchObject([{ action: "anew" }]);
    expect(el.querySelector(".pw-pause")).toBeNull();
  });

  test("can't run anew without a kernel, and says so", async () => {
    const { show, model } = open(structuredClone(state), { live: false });
    const { ask } = show();
    await painted();
    expect(ask(".pw-anew button").getAttribute("aria-disabled")).toBe("true");
    expect(ask(".pw-anew button").title).toBe("This run has no live kernel");
    (ask(".pw-anew button") as HTMLElement).click();
    expect(acts(model)).toEqual([]);
  });

  test("isn't run anew by a file that a person has saved", async () => {
    const { show } = open({ ...structuredClone(state), origin: "replay" });
    const { el, ask } = show();
    await painted();
    expect(ask(".pw-notice").textContent).toBe("From 26 Nov, not paid again.");
    expect(el.querySelector(".pw-anew")).toBeNull();
  });
});
