// How values read on the page: `tests/values.json` says it, for transcripts as well.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
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
