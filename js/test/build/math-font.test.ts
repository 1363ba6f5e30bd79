// The font for formulas is cut to what the typesetter writes, and can still draw formulas.
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cut } from "../../math-font.mjs";

const FONT = fileURLToPath(
  import.meta.resolve("@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2"),
);

/** Where each table of a font begins, by its name. */
function tablesOf(font: Buffer): Map<string, number> {
  const entry = (index: number) => 12 + 16 * index;
  return new Map(
    Array.from({ length: font.readUInt16BE(4) }, (_, index) => [
      font.toString("latin1", entry(index), entry(index) + 4),
      font.readUInt32BE(entry(index) + 8),
    ]),
  );
}

/** The characters that a font has, by its table of format 12. */
function charactersOf(font: Buffer): Set<number> {
  const cmap = tablesOf(font).get("cmap") as number;
  const codes = new Set<number>();
  for (let index = 0; index < font.readUInt16BE(cmap + 2); index++) {
    const at = cmap + font.readUInt32BE(cmap + 4 + 8 * index + 4);
    if (font.readUInt16BE(at) !== 12) continue;
    for (let group = 0; group < font.readUInt32BE(at + 12); group++) {
      const [first, last] = [0, 4].map((more) => font.readUInt32BE(at + 16 + 12 * group + more));
      for (let code = first as number; code <= (last as number); code++) codes.add(code);
    }
  }
  return codes;
}

test("it is far smaller, has the table for formulas, and what formulas are written in", async () => {
  const font = Buffer.from(await cut(FONT, "truetype"));
  const woff2 = await cut(FONT, "woff2");
  expect(woff2.length).toBeLessThan(240_000);
  expect([...tablesOf(font).keys()]).toContain("MATH");
  const codes = charactersOf(font);
  for (const letter of "azAZ09(){}[]|+-=<>αΩ∑∫∏√∞≤≥≠∈∉⊂∪∩→⇒⟨⟩⌊⌋∂∇ℝℂ𝑥𝐀𝔄𝒜𝖠𝚊ℏ…¯ˉ∳⨌⨔⦅❲⟰⤋\u0305\u0330\u20d7\u20ec∛") {
    expect(codes.has(letter.codePointAt(0) as number), letter).toBe(true);
  }
});
