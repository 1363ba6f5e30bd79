import { describe, expect, test } from "vitest";
import { applyOps, OpError } from "../../src/state/ops";
import type { Op } from "../../src/state/wire";
import { run, text, tool } from "../runs";

describe("a change that doesn't fit is refused and changes nothing", () => {
  const bad: [string, unknown][] = [
    ["the prototype", ["set", ["__proto__", "polluted"], 1]],
    ["the prototype of a part", ["set", ["parts", 0, "__proto__"], {}]],
    ["the constructor", ["set", ["constructor", "prototype", "polluted"], 1]],
    ["an unknown field", ["set", ["nonsense"], 1]],
    ["an inherited name", ["set", ["toString"], "x"]],
    ["a part's kind", ["set", ["parts", 0, "kind"], "tool"]],
    ["another kind's field", ["set", ["parts", 0, "result"], "x"]],
    ["a place beyond the end", ["set", ["parts", 5], text("x")]],
    ["a place before the start", ["set", ["parts", -1], text("x")]],
    ["a place that is no number", ["set", ["parts", "0"], text("x")]],
    ["a list's length", ["set", ["parts", "length"], 0]],
    ["a path through a text", ["set", ["name", "length"], 0]],
    ["a path through nothing", ["set", ["error", "title"], "x"]],
    ["an empty path", ["set", [], {}]],
    ["a word that isn't one", ["set", ["status"], "dancing"]],
    ["a number for a text", ["set", ["name"], 5]],
    ["a number appended", ["append", ["parts", 0, "text"], 5]],
    ["an append to a number", ["append", ["step"], "x"]],
    ["an unknown verb", ["delete", ["name"], null]],
    ["no change at all", null],
    ["a path that is a text", ["set", "name", "x"]],
  ];
  test.each(bad)("%s", (_, op) => {
    const state = run({ parts: [text("a"), tool()] });
    const before = structuredClone(state);
    expect(() => applyOps(state, [op as Op])).toThrow(OpError);
    expect(state).toEqual(before);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

test("a part that is set is read, never taken over", () => {
  const state = run();
  const hostile = JSON.parse('{"kind": "tool", "name": 7, "__proto__": {"x": 1}, "extra": true}');
  applyOps(state, [["set", ["parts", 0], hostile]]);
  expect(state.parts).toEqual([{ ...tool(), name: "", arguments: "", status: "running" }]);
  expect((state.parts[0] as unknown as { x?: unknown }).x).toBeUndefined();
});

test("each change is told right after it was made", () => {
  const state = run();
  const seen: string[] = [];
  applyOps(
    state,
    [
      ["set", ["parts", 0], text("a")],
      ["append", ["parts", 0, "text"], "b"],
    ],
    () => seen.push(JSON.stringify(state.parts[0])),
  );
  expect(seen).toEqual([JSON.stringify(text("a")), JSON.stringify(text("ab"))]);
});
