import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compact, type Json, parseJson, pretty } from "../../src/text/json";
import { runs } from "../seeds";

const read = (source: string): Json => {
  const value = parseJson(source);
  if (!value) throw new Error(`${source} was not read`);
  return value;
};

/** What JSON.parse would make of it. */
const plain = (value: Json): unknown => JSON.parse(compact(value));

test("it reads what JSON.parse reads, to the same values", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (source) => {
      expect(plain(read(source))).toEqual(JSON.parse(source));
      expect(JSON.parse(pretty(read(source)))).toEqual(JSON.parse(source));
    }),
  );
});

test("it refuses what JSON.parse refuses", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[],:"\\truefalsn0123456789.eE+- \n') }),
      (source) => {
        let parses = true;
        try {
          JSON.parse(source);
        } catch {
          parses = false;
        }
        expect(parseJson(source) !== null).toBe(parses);
      },
    ),
    { numRuns: runs(1_000) },
  );
});

describe("what is shown is what was written", () => {
  test("a number keeps every digit", () => {
    const source = '{"id": 12345678901234567890, "price": 1.10, "tiny": 1e-400}';
    expect(compact(read(source))).toBe(source);
  });

  test("a key that comes twice is there twice, keys keep their order", () => {
    const source = '{"b": 1, "2": 2, "b": 3, "__proto__": 4}';
    expect(compact(read(source))).toBe(source);
  });

  test("a nest too deep to be read is text, not a crash", () => {
    expect(parseJson("[".repeat(100_000))).toBeNull();
    expect(parseJson(`${"[".repeat(500)}${"]".repeat(500)}`)).toBeNull();
  });
});

test("more values than are read at once are told from what is none; a long text is one value", () => {
  const many = JSON.stringify(new Array(30_000).fill(1));
  expect(parseJson(many)).toBeUndefined();
  expect(parseJson(many, 40_000)).toMatchObject({ kind: "list" });
  expect(parseJson(`${many.slice(0, 100)}x`)).toBeNull();
  expect(parseJson(JSON.stringify("x".repeat(3_000_000)))).toMatchObject({ kind: "text" });
});

test("a long nest is written as it was read, not anew", () => {
  const long = `[${"1 ,".repeat(70_000)}  [2]]`;
  const value = parseJson(`{"n":[ 1 ], "list": ${long} }`, 100_000);
  const [small, list] = value?.kind === "object" ? value.entries.map(([, each]) => each) : [];
  expect(compact(list as Json)).toBe(long);
  expect(pretty(list as Json)).toBe(long);
  expect(compact(small as Json)).toBe("[1]");
});

test("short flat values stay on one line, others are indented", () => {
  expect(pretty(read('{"x":[1,2,3],"y":[{"a":1,"b":[1,2]}],"z":{}}'))).toBe(
    '{\n  "x": [1, 2, 3],\n  "y": [\n    {\n      "a": 1,\n      "b": [1, 2]\n    }\n  ],\n  "z": {}\n}',
  );
});
