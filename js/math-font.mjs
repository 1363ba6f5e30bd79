// The font for formulas with what the typesetter writes and people type, which is about half of it.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";

const ESCAPES = /\\u(?:\{([0-9a-f]+)\}|([0-9a-f]{4}))/gi;
/**
 * What a formula may have beside what the typesetter names: a bar that another font draws is longer,
 * and an integral or a bracket of another font doesn't grow.
 */
const TYPED = [
  [0x20, 0x7e],
  [0xa0, 0xff],
  [0x2b0, 0x36f], // accents
  [0x370, 0x3ff], // Greek
  [0x20d0, 0x20f0], // accents of formulas
  [0x2100, 0x22ff], // letters, arrows and operators
  [0x2772, 0x2773],
  [0x27c0, 0x27ff],
  [0x290a, 0x290b],
  [0x294e, 0x295f],
  [0x2985, 0x2986],
  [0x2a0a, 0x2a1c],
  [0x2afc, 0x2aff],
  [0x1d400, 0x1d7ff], // letters in all their styles, which the typesetter finds by counting
];

const range = ([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index));

/** The characters that a formula may come to: those that the library names, and what is typed. */
async function characters() {
  const library = await readFile(fileURLToPath(import.meta.resolve("temml")), "utf8");
  const escaped = [...library.matchAll(ESCAPES)].map(([, long, short]) =>
    parseInt(long ?? short, 16),
  );
  const isCharacter = (code) => code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  const named = escaped.filter(isCharacter).map((code) => String.fromCodePoint(code));
  return [...new Set([...library, ...named, ...TYPED.flatMap(range)])].join("");
}

/**
 * The font of that path, cut. Brackets and roots of all sizes stay: its table for formulas names them.
 *
 * @param {string} path
 * @param {"woff2" | "truetype"} targetFormat
 */
export const cut = async (path, targetFormat) =>
  subsetFont(await readFile(path), await characters(), { targetFormat });

export const mathFont = {
  name: "math-font",
  setup(build) {
    build.onLoad({ filter: /\.woff2$/ }, async ({ path }) => ({
      contents: await cut(path, "woff2"),
      loader: "binary",
    }));
  },
};
