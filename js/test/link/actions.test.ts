import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { ActMessage } from "../../src/state/wire";
import { type FakeModel, open, painted } from "../page";
import { run, tool } from "../runs";

const acts = (model: FakeModel) => model.sent.filter((each) => each.kind === "act") as ActMessage[];

/** JupyterLab's manager and kernel connection, as far as they are used. */
function lab() {
  const sent: { header: { msg_type: string }; content: unknown }[] = [];
  const slots = new Set<(sender: unknown, value: unknown) => void>();
  const signal = { connect: slots.add.bind(slots), disconnect: slots.delete.bind(slots) };
  const models = new Map<
    string,
    { get(name: string): unknown; comm_live: boolean; model_id: string }
  >();
  const kernel = {
    clientId: "c",
    username: "u",
    statusChanged: signal,
    sendControlMessage(message: never) {
      sent.push(message);
      return { done: Promise.reject(new Error("cancelled")) };
    },
  };
  return { manager: { kernel, _modelsSync: models }, models, sent, slots };
}

describe("Stop", () => {
  beforeEach(
    () =>
      void vi.useFakeTimers({
        toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
      }),
  );
  afterEach(() => void vi.useRealTimers());
  const settle = async () => {
    for (let turn = 0; turn < 4; turn++) {
      await vi.advanceTimersByTimeAsync(1);
      await new Promise((done) => requestAnimationFrame(done));
    }
  };

  test("is sent with the kernel's nonce, said at once, and sent only once", async () => {
    const { model, show } = open(run());
    const { ask } = show();
    ask(".pw-head button").click();
    await settle();
    expect(acts(model)).toMatchObject([{ action: "stop", nonce: "n1", digests: [], reason: null }]);
    expect(ask(".pw-head button").textContent).toBe("Stopping…");
    ask(".pw-head button").click();
    expect(acts(model)).toHaveLength(1);
  });

  test("says that the kernel is busy after 400 ms without an answer, and not with one", async () => {
    const { model, show } = open(run());
    const { el, ask } = show();
    ask(".pw-head button").click();
    await vi.advanceTimersByTimeAsync(390);
    await settle();
    expect(el.textContent).not.toContain("busy");
    await vi.advanceTimersByTimeAsync(20);
    await settle();
    expect(el.textContent).toContain("Sent: the kernel is busy with another cell");
    model.hear({ kind: "ack", id: acts(model)[0]?.id ?? "", refused: null });
    await settle();
    expect(el.textContent).not.toContain("busy");
  });

  test("that is refused says why and can be tried again", async () => {
    const { model, show } = open(run());
    const { el, ask } = show();
    ask(".pw-head button").click();
    model.hear({ kind: "ack", id: acts(model)[0]?.id ?? "", refused: "the run is over" });
    await settle();
    expect(el.textContent).toContain("Not done: the run is over");
    ask(".pw-head button").click();
    expect(acts(model)).toHaveLength(2);
  });

  test("is one click for all views", async () => {
    const { model, show } = open(run());
    const [left, right] = [show(), show()];
    left.ask(".pw-head button").click();
    await settle();
    expect(right.ask(".pw-head button").textContent).toBe("Stopping…");
    right.ask(".pw-head button").click();
    expect(acts(model)).toHaveLength(1);
  });

  test("of a restored run does nothing and says why", async () => {
    const { model, show } = open(run(), { live: false });
    const { ask } = show();
    await settle();
    const stop = ask(".pw-head button");
    expect(stop.getAttribute("aria-disabled")).toBe("true");
    expect(stop.title).toBe("This run has no live kernel");
    stop.click();
    expect(acts(model)).toEqual([]);
  });

  test("that was not answered is sent again, with its id, when the connection is back", async () => {
    const { model, show, answer } = open(run());
    show().ask(".pw-head button").click();
    answer();
    const [first, second] = acts(model);
    expect(second).toEqual(first);
    answer("another kernel");
    expect(acts(model)).toHaveLength(2);
  });
});

describe("the control channel", () => {
  test("carries the same action to the same comm, where the kernel can be reached", async () => {
    const { manager, models, sent } = lab();
    const { model, show } = open(run(), { manager });
    models.set("other", { get: () => ({}), comm_live: true, model_id: "other" });
    models.set("ours", { get: (name) => model.get(name), comm_live: true, model_id: "ours" });
    show().ask(".pw-head button").click();
    expect(sent.at(-1)).toMatchObject({
      header: { msg_type: "powawidget_msg", session: "c", username: "u" },
      channel: "control",
      content: { comm_id: "ours", data: { method: "custom", content: acts(model)[0] } },
    });
  });

  test("that fails leaves the comm's way", () => {
    const { manager, models } = lab();
    manager.kernel.sendControlMessage = () => {
      throw new Error("disposed");
    };
    const { model, show } = open(run(), { manager });
    models.set("ours", { get: (name) => model.get(name), comm_live: true, model_id: "ours" });
    show().ask(".pw-head button").click();
    expect(acts(model)).toHaveLength(1);
  });

  test("hosts that have none of it are no error", () => {
    for (const manager of [
      undefined,
      null,
      5,
      {},
      { kernel: null },
      { kernel: {}, _modelsSync: 3 },
    ]) {
      const { model, show } = open(run(), { manager });
      show().ask(".pw-head button").click();
      expect(acts(model)).toHaveLength(1);
    }
  });
});

describe("a kernel that dies", () => {
  test("leaves the run interrupted and nothing to press", async () => {
    const { manager, slots } = lab();
    const { show, close } = open(run(), { manager });
    const { el, ask } = show();
    for (const slot of slots) slot(manager.kernel, "dead");
    await painted();
    expect(ask(".pw-status").textContent).toBe("Interrupted: the kernel is gone");
    expect(el.querySelector(".pw-head button")).toBeNull();
    close();
    expect(slots.size).toBe(0);
  });

  test("is no news for a run that is over", async () => {
    const { manager, slots } = lab();
    const { show } = open(run({ status: "completed", ended: 1_007 }), { manager });
    const { ask } = show();
    for (const slot of slots) slot(manager.kernel, "dead");
    await painted();
    expect(ask(".pw-status").textContent).toBe("Done");
  });
});

describe("a file without a kernel", () => {
  test.each([
    ["running", "running", "running", "Running"],
    ["waiting", "waiting for approval", "waiting", "Waiting for you"],
    ["reconnecting", "reconnecting", "running", "Running"],
  ] as const)(
    "a run that a file holds as %s reads as of when it was saved",
    async (status, said, ofCall, word) => {
      const parts = [tool({ status: ofCall, started: 4_990 })];
      const { show, model, answer } = open(run({ status, parts }), { live: false });
      const { ask, el } = show();
      model.emit("comm:close");
      await painted();
      const header = ask(".pw-head").textContent;
      expect(header).toMatch(/^As of \d\d:\d\d: /);
      expect(header).toContain(`: ${said}; what came later isn’t in this file`);
      expect(el.textContent).not.toContain("Interrupted");
      expect(el.textContent).toContain(`${word}: `);
      expect(el.querySelector(".pw-took")?.textContent ?? "").toBe(""); // no clock goes on
      expect(ask(".pw-unseen[role=status]").textContent).toBe("");
      // A kernel that does speak and goes is known to have ended what went on.
      answer();
      await painted();
      model.emit("comm:close");
      await painted();
      expect(ask(".pw-status").textContent).toBe("Interrupted: the kernel is gone");
    },
  );
});
