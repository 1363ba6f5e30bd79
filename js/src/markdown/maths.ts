// Where formulas stand in markdown. Inline by pandoc's rule, so that a price stays a price: no
// space behind the first `$` or before the last, no digit behind the last. `$$` or `\[` at the
// start of a line begins a block of its own, up to its end or a blank line: so what is one can't
// change any more once a blank line has come.
import { textNodes, type VElement } from "./vdom";

const LONGEST = 2_000; // characters: how far one open mark is looked after

const DISPLAY = `\\$\\$(?!\\$)(?:[^\\\\$]|\\\\.|\\$(?!\\$)){1,${LONGEST}}?\\$\\$`;
/* `\[text\](url)` is a link that was escaped. */
const BRACKETS = `\\\\\\[.{1,${LONGEST}}?\\\\\\](?![([:])|\\\\\\(.{1,${LONGEST}}?\\\\\\)`;
const DOLLARS = `\\$(?![\\s$])(?:[^\\\\$]|\\\\.){1,${LONGEST}}(?<!\\s)\\$(?!\\d)`;

const INLINE = new RegExp(`^(?:${DISPLAY}|${BRACKETS}|${DOLLARS})`, "s");
/** In the middle of text: the dollar sign of `5$` doesn't begin a formula. */
const IN_TEXT = new RegExp(`(?<![\\p{L}\\p{N}])(?:${DISPLAY}|${DOLLARS})`, "suy");
/** The same among what hides a formula: code and other escapes. */
const ANYWHERE = new RegExp(
  `(?<!\`)(\`+)(?!\`).*?(?<!\`)\\1(?!\`)|(${BRACKETS})|\\\\.|(${DISPLAY}|${DOLLARS})`,
  "gs",
);
const BLOCK = /^ {0,3}(\$\$(?!\$)|\\\[)/;
const BLOCK_OR_BLANK = /\n(?: {0,3}(?:\$\$(?!\$)|\\\[)|[ \t]*(?:\n|$))/g;

/** A formula as marked's lexer has it; `raw` is its source. */
export interface Maths {
  type: "maths";
  raw: string;
}

/** The formula that an inline text starts with. */
export function inlineMaths(src: string): Maths | undefined {
  const [raw] = (/^[$\\]/.test(src) && INLINE.exec(src)) || [];
  return raw === undefined ? undefined : { type: "maths", raw };
}

/** How much of `text`, which `src` starts with, stands before the first formula of dollar signs. */
export function beforeMaths(text: string, src: string): number {
  for (let at = text.indexOf("$", 1); at > 0; at = text.indexOf("$", at + 1)) {
    IN_TEXT.lastIndex = at;
    if (IN_TEXT.test(src)) return at;
  }
  return text.length;
}

/** The block formula that a text starts with. Without an end it goes on to the blank line. */
export function blockMaths(src: string): Maths | undefined {
  const opened = BLOCK.exec(src);
  if (!opened) return;
  const blank = src.search(/\n[ \t]*(?:\n|$)/);
  const whole = blank < 0 ? src : src.slice(0, blank + 1);
  const from = opened[0].length;
  const close = whole.slice(from).search(opened[1] === "$$" ? /(?<!\\)\$\$/ : /(?<!\\)\\\]/);
  if (close < 0) return { type: "maths", raw: whole };
  const end = from + close + 2;
  const [rest] = /^[.,;:]?[ \t]*(?:\n|$)/.exec(whole.slice(end)) ?? [];
  const raw = whole.slice(0, end + (rest?.length ?? 0));
  // "$$a$$ and more" is a line of text
  return rest === undefined && !raw.includes("\n") ? undefined : { type: "maths", raw };
}

/** The lines of a text before a block formula that interrupts it. */
export function beforeBlockMaths(src: string): string {
  BLOCK_OR_BLANK.lastIndex = 0;
  for (let m = BLOCK_OR_BLANK.exec(src); m; m = BLOCK_OR_BLANK.exec(src)) {
    const at = m.index + 1;
    if (!/[$[]$/.test(m[0])) break;
    if (blockMaths(src.slice(at))) return src.slice(0, at);
  }
  return src;
}

/** Hides the formulas of `src` in `masked`, a text of the same length that emphasis is looked for in. */
export function maskMaths(src: string, masked: string): string {
  if (!/\$|\\[([]/.test(src)) return masked;
  let made = "";
  for (const { 0: raw, 2: brackets, 3: dollars, index } of src.matchAll(ANYWHERE)) {
    if (brackets ?? dollars) made += masked.slice(made.length, index) + "a".repeat(raw.length);
  }
  return made + masked.slice(made.length);
}

/** Whether what is still arriving has most likely begun a formula: a price has not. */
export const opensMaths = (rest: string): boolean =>
  /^(?:\\[([]|\$\$|\$[^\s\d$](?=.{0,80}$))/.test(rest);

/** A formula: its source until a module typesets it. */
export function maths({ raw }: Maths, isBlock = false): VElement {
  const source = raw.trim();
  const isDisplay = /^(?:\$\$|\\\[)/.test(source);
  return {
    tag: isBlock ? "div" : "span",
    attrs: { class: isDisplay ? "pw-maths pw-display" : "pw-maths", dir: "ltr" },
    kids: textNodes(source),
    leaf: source,
  };
}
