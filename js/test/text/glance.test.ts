import { describe, expect, test } from "vitest";
import { isImage, languageOf, peek, tellingArgument } from "../../src/text/glance";
import { clock, count, duration } from "../../src/text/words";
import { tool } from "../runs";

describe("the argument that tells most", () => {
  test.each([
    ['{"query": "SELECT 1\\n  FROM t"}', "SELECT 1 FROM t"],
    ['{"language": "python", "code": "print(1)"}', "print(1)"],
    ['{"city": "Paris", "sleep": 1.0}', "city Paris"],
    ['{"id": 12345678901234567890}', "id 12345678901234567890"],
    ['{"limit": 5, "colour": "red"}', "colour red"],
    ['{"filter": {"a": 1}}', 'filter {"a": 1}'],
    ["{}", ""],
    ["", ""],
    ["not json", "not json"],
    ['["a", "b"]', '["a", "b"]'],
  ])("%s is told as %s", (source, told) => expect(tellingArgument(source)).toBe(told));

  test("a long one is cut", () => {
    const told = tellingArgument(JSON.stringify({ query: "x".repeat(10_000) }));
    expect(told).toBe(`${"x".repeat(160)}…`);
  });
});

describe("a glance at the result", () => {
  const done = (result: string | null) => peek(tool({ result, full: true }));
  test.each([
    [JSON.stringify(Array.from({ length: 1204 }, (_, id) => ({ id }))), "1,204 rows"],
    ['[{"a": 1}]', "1 row"],
    ["[1, 2]", "2 items"],
    ["[]", "0 items"],
    ['{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5}', "object, 5 keys"],
    ["first\nsecond", "first"],
    ["data:image/png;base64,iVBORw0KGgo=", "image"],
    ["", ""],
    [null, ""],
    ["[broken", "[broken"],
  ])("%s", (result, told) => expect(done(result)).toBe(told));

  test("a failure tells the error, not its marks", () => {
    expect(peek(tool({ status: "failed", result: "Error: not found" }))).toBe("not found");
    expect(peek(tool({ status: "failed", result: '{"error": "no route"}', full: true }))).toBe(
      "no route",
    );
  });

  test("a preview that is cut is said in words, never by a wrong count", () => {
    const result = JSON.stringify(Array.from({ length: 99 }, (_, id) => ({ id }))).slice(0, 200);
    expect(peek(tool({ result, full: false }))).toBe("rows");
    expect(peek(tool({ result: result.slice(0, 1), full: false }))).toBe("list");
    expect(peek(tool({ result: '{"id": 1, "na', full: false }))).toBe("object");
    expect(peek(tool({ result: "Found 3", full: false }))).toBe("Found 3");
  });
});

test("only raster images that carry their own data are images", () => {
  expect(isImage("data:image/jpeg;base64,/9j/4AAQ")).toBe(true);
  for (const other of [
    "data:image/svg+xml;base64,PHN2Zz4=",
    "data:text/html;base64,PGI+",
    "https://example.org/a.png",
    'data:image/png;base64,AA==" onerror="x',
    " data:image/png;base64,AA==",
  ]) {
    expect(isImage(other)).toBe(false);
  }
});

test("code is known by its key, or by its look where the key says little", () => {
  expect(languageOf("sql", "anything")).toBe("sql");
  expect(languageOf("query", "select 1")).toBe("sql");
  expect(languageOf("query", "how many tides a day?")).toBe("");
  expect(languageOf("command", "ls -l")).toBe("shell");
});

test("times and counts read well", () => {
  expect([0, 0.053, 0.9996, 9.96, 65.03, 3_729].map(duration)).toEqual([
    "<0.1 s",
    "0.1 s",
    "1.0 s",
    "10.0 s",
    "1:05",
    "1:02:09",
  ]);
  expect([-3, 0, 7.9, 61, 3_729].map(clock)).toEqual(["0:00", "0:00", "0:07", "1:01", "1:02:09"]);
  expect(count(1_234_567)).toBe("1,234,567");
});
