import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lookalikes } from "../../src/modules/names/lookalikes";
import { hasHidden } from "../../src/text/visible";

const TABLE = join(import.meta.dirname, "../../../tests/lookalikes.json");
const names: [string, string][] = JSON.parse(readFileSync(TABLE, "utf8"));

test.each(names)("%j is shown as %j", (name, shown) => {
  const parts = lookalikes(name);
  expect(parts.map((part) => (typeof part === "string" ? part : `⟦${part.label}⟧`)).join("")).toBe(
    shown,
  );
  // Nothing of it is lost.
  expect(parts.map((part) => (typeof part === "string" ? part : part.text)).join("")).toBe(name);
});

test("no character of another script, and no other form of ASCII, is unmarked beside Latin", () => {
  const isShown = (character: string) =>
    !hasHidden(character) && lookalikes(`dr${character}p`).length === 1;
  const all = Array.from({ length: 0x1e944 }, (_, code) => code)
    .filter((code) => code > 0x7e && (code < 0xd800 || code > 0xdfff))
    .map((code) => String.fromCodePoint(code));
  const shown = all.filter(isShown);
  expect(shown.length).toBeGreaterThan(50_000); // Han, hangul, what nobody has named yet
  const scripts = /(?=\p{L})[\p{sc=Cyrl}\p{sc=Grek}\p{sc=Armn}\p{sc=Cher}\p{sc=Lisu}\p{sc=Copt}]/u;
  const others =
    /(?=\p{L})[\p{sc=Arab}\p{sc=Thai}\p{sc=Deva}\p{sc=Dsrt}\p{sc=Osge}]|[\p{Pd}\p{Z}]/u;
  const odd = shown.filter((each) => scripts.test(each) || others.test(each));
  expect(odd.join("")).toBe("ΓΔΘΛΞΠΣΦΨΩβδεζθλμξπτφψω"); // of formulas: they look like no Latin one
  const forms = shown.filter((each) => /^[!-~]$/.test(each.normalize("NFKC")));
  expect(forms.filter((each) => !/\p{No}/u.test(each))).toEqual([]);
});
