// The font for formulas with what the typesetter writes, which is half of the font.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";

const ESCAPES = /\\u(?:\{([0-9a-f]+)\}|([0-9a-f]{4}))/gi;
/** Letters of formulas in all their styles, which the typesetter finds by counting. */
const STYLED = { first: 0x1d400, last: 0x1d7ff };
const ASCII = { first: 0x20, last: 0x7e };

const range = ({ first, last }) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index));

/** The characters that a formula may come to: those that the library names, and what is typed. */
async function characters() {
  const library = await readFile(fileURLToPath(import.meta.resolve("temml")), "utf8");
  const escaped = [...library.matchAll(ESCAPES)].map(([, long, short]) =>
    parseInt(long ?? short, 16),
  );
  const isCharacter = (code) => code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  const named = escaped.filter(isCharacter).map((code) => String.fromCodePoint(code));
  return [...new Set([...library, ...named, ...range(ASCII), ...range(STYLED)])].join("");
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
