import { describe, expect, test } from "vitest";
import type { FileMessage } from "../../src/state/wire";
import { open } from "../page";
import { run, text, tool } from "../runs";

const LONG = "🚢🚢 of ships and their sails";

const filed = (cuts: unknown[], seq = 1): FileMessage => ({ kind: "file", bytes: 9, seq, cuts });
const opened = () => {
  const page = open(run({ parts: [text(""), tool({ result: LONG, full: true })] }));
  return { ...page, saved: () => page.model.get("_state") };
};
const CUTS = [
  [["state", "parts", 0, "text"], 4, "\n… more"],
  [["state", "parts", 1, "full"], false],
];

describe("what goes into the notebook's file", () => {
  test("is the whole with the kernel's cuts, while the page goes on showing the whole", () => {
    const { change, model, saved } = opened();
    change(["append", ["parts", 0, "text"], LONG]);
    const whole = saved();
    model.hear(filed(CUTS));
    expect(saved()).toMatchObject({
      seq: 1,
      state: { parts: [{ text: "🚢🚢\n… more" }, { result: LONG, full: false }] },
    });
    expect(whole).toMatchObject({ state: { parts: [{ text: LONG }, { full: true }] } });
  });

  test("is the whole where nothing is cut", () => {
    const { change, model, saved } = opened();
    change(["append", ["parts", 0, "text"], LONG]);
    model.hear(filed([]));
    expect(saved()).toMatchObject({ state: { parts: [{ text: LONG }, {}] } });
  });

  test("is cut only where the page has what the kernel cut, then also after it came whole", () => {
    const { change, model, saved } = opened();
    model.hear(filed(CUTS, 2));
    expect(saved()).toMatchObject({ seq: 0, state: { parts: [{ text: "" }, { full: true }] } });
    change(["append", ["parts", 0, "text"], LONG]);
    const state = run({ parts: [text(`${LONG}.`), tool({ result: LONG, full: true })] });
    model.hear({ kind: "state", seq: 2, now: 9, state, nonce: "n1" });
    expect(saved()).toMatchObject({ seq: 2, state: { parts: [{ text: "🚢🚢\n… more" }, {}] } });
  });

  test("is the whole again with what comes after the cuts, until there are others", () => {
    const { change, model, saved } = opened();
    change(["append", ["parts", 0, "text"], LONG]);
    model.hear(filed(CUTS));
    change(["append", ["parts", 0, "text"], " And more."]);
    expect(saved()).toMatchObject({
      seq: 2,
      state: { parts: [{ text: `${LONG} And more.` }, { result: LONG, full: true }] },
    });
    model.hear(filed(CUTS, 2));
    expect(saved()).toMatchObject({ state: { parts: [{ text: "🚢🚢\n… more" }, {}] } });
  });

  test("a path that leads nowhere changes nothing, not even what all objects have", () => {
    const { model, saved } = opened();
    model.hear(filed([[["state", "__proto__", "planted"], 1]], 0));
    expect(({} as { planted?: number }).planted).toBeUndefined();
    expect(saved()).toMatchObject({ seq: 0, state: { parts: [{ text: "" }, { result: LONG }] } });
  });
});
