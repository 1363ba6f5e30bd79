// How values read on the page: `tests/values.json` says it, for transcripts as well.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { piecesOf } from "../../src/modules/results/content";
import { pictureOf } from "../../src/modules/results/pictures";
import { sizeOfPicture } from "../../src/modules/results/pixels";
import { cellOf, type Row, recordsOf } from "../../src/modules/results/tables";
import { peek } from "../../src/text/glance";
import { compact, isScalar, type Json, parseJson } from "../../src/text/json";
import { settled } from "../../src/text/terminal";
import { markOf, visible } from "../../src/text/visible";

const root = join(import.meta.dirname, "../../..");
const CASES = JSON.parse(readFileSync(join(root, "tests/values.json"), "utf-8"));

const marked = (text: string): string =>
  visible(text)
    .map((part) => (typeof part === "string" ? part : `⟦${markOf(part)}⟧`))
    .join("");

describe("a hidden character is marked where nothing needs it", () => {
  test.each(CASES.marks as [string, string][])("%j", (text, shown) => {
    expect(marked(text)).toBe(shown);
  });
});

describe("text for a terminal is settled", () => {
  test.each(CASES.terminal as [string, string][])("%j", (text, shown) => {
    expect(settled(text)).toBe(shown);
  });
});

describe("pictures are found in every shape", () => {
  test.each(CASES.pictures as [unknown, string | null][])("%j", (value, address) => {
    const read = parseJson(JSON.stringify(value)) as Json;
    expect(pictureOf(read)).toBe(address ?? "");
    const within = parseJson(JSON.stringify({ content: [value] })) as Json;
    expect(piecesOf(within)?.some((piece) => "picture" in piece) ?? false).toBe(address !== null);
  });
});

describe("what came piece by piece is read so", () => {
  test.each(CASES.content as [unknown, unknown[][] | null][])("%j", (value, pieces) => {
    const read = piecesOf(parseJson(JSON.stringify(value)) as Json);
    const told = read?.map((piece) => {
      if ("picture" in piece) return ["picture"];
      const value =
        piece.value && (piece.value.kind === "text" ? piece.value.text : compact(piece.value));
      if (!("what" in piece)) return [value];
      return [piece.what, ...piece.facts, piece.length, value].filter((each) => each !== undefined);
    });
    expect(told ?? null).toEqual(pieces);
  });
});

describe("the size of a picture is read from its header", () => {
  test.each(CASES.pixels as [string, string, [number, number] | null][])("%s", (_, data, size) => {
    expect(sizeOfPicture(data)).toEqual(size);
  });
});

describe("tables are found in every shape", () => {
  test.each(CASES.tables as [string, string[] | null, (string | null)[][] | null][])(
    "%s",
    (source, columns, rows) => {
      const records = recordsOf(parseJson(source) as Json);
      const textAt = (row: Row, name: string) => {
        const value = cellOf(row, name);
        return value && isScalar(value) ? value.text : null;
      };
      expect(records?.columns ?? null).toEqual(columns);
      expect(
        records?.rows.map((row) => records.columns.map((name) => textAt(row, name))) ?? null,
      ).toEqual(rows);
    },
  );
});

describe("a closed card says in words what came of its call", () => {
  test.each(CASES.peeks as [string, boolean, string][])("%j, whole: %s", (result, full, said) => {
    expect(peek({ result, full, status: "done" })).toBe(said);
  });
});

test("long floods of carriage returns and escapes take no time", () => {
  for (const flood of ["\r", "\x1b[", "\x1b[1", "\r\n", "a\r", "\x1b[31m"]) {
    const text = `a${flood.repeat(200_000 / flood.length)}b`;
    expect(settled(text).length).toBeLessThanOrEqual(text.length);
  }
});
