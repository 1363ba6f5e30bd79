// Where formulas stand in markdown; `powawidget/transcript/formulas.py` has the same rules. Between
// dollars by pandoc's rule, so that a price stays a price: no space or mark of a sentence behind the
// first `$`, no space or open bracket before the last, no digit behind it; nor a colon or a slash
// before the last, as in `$HOME/bin:$PATH`. Code spans win: a formula in a line holds no backtick but
// in GitHub's form. `$$`, `\[` or `\begin` at the start of a line begins a block of its own, up to its
// end or a blank line: so what is one can't change any more once a blank line has come.
import { CJK } from "./cjk";
import { textNodes, type VElement } from "./vdom";

const LONGEST = 2_000; // characters: how far one open mark is looked after

const DISPLAY = `\\$\\$(?!\\$)(?:[^\\\\$\`]|\\\\.|\\$(?!\\$)){1,${LONGEST}}?\\$\\$`;
/* `\[text\](url)` is a link that was escaped. */
const BRACKETS =
  `\\\\\\[[^\`]{1,${LONGEST}}?\\\\\\](?![([:])|\\\\\\([^\`]{1,${LONGEST}}?\\\\\\)` +
  `|\\\\begin\\{(?<env>[A-Za-z]{1,20}\\*?)\\}[^\`]{0,${LONGEST}}?\\\\end\\{\\k<env>\\}`;
const DOLLARS =
  `\\$(?![\\s$)\\]}.,;:!?])(?:[^\\\\$\`]|\\\\.){1,${LONGEST}}(?<![\\s([{:/])\\$(?![\\d$])` +
  `|\\$\`[^\`]{1,${LONGEST}}\`\\$(?!\\d)`;

const INLINE = new RegExp(`^(?:${DISPLAY}|${BRACKETS}|${DOLLARS})`, "s");
/**
 * In the middle of text: the dollar sign of `5$` doesn't begin a formula, but `as$$x$$` has one, and
 * so have letters that are written without blanks.
 */
const IN_TEXT = new RegExp(`${DISPLAY}|(?<!(?![${CJK}])[\\p{L}\\p{N}])(?:${DOLLARS})`, "suy");
/** The same among what hides a formula: code and other escapes. */
const ANYWHERE = new RegExp(
  `(?<!\`)(?<ticks>\`+)(?!\`).*?(?<!\`)\\k<ticks>(?!\`)|(?<slash>${BRACKETS})|\\\\.|(?<dollars>${DISPLAY}|${DOLLARS})`,
  "gs",
);
const BLOCK = /^ {0,3}(\$\$(?!\$)|\\\[|\\begin\{([A-Za-z]{1,20}\*?)\})/;
/** How far the end of a block is looked for. */
const LONGEST_BLOCK = 5_000;
const BLANK = /\n[ \t]*(?:\n|$)/;
/** What a formula doesn't go on with behind a blank line. */
const NEXT = new RegExp(
  `\\n(?:[ \\t]*\\n)+[ \\t]*(?:[^\\n\\\\{]*?(?:(?:\\p{L}{2,}[ ,]+){2}\\p{L}{2}|[${CJK}]{4})|#{1,6} |[|>\`])`,
  "u",
);
const BLOCK_OR_BLANK = /\n(?: {0,3}(?:\$\$(?!\$)|\\\[|\\begin\{)|[ \t]*(?:\n|$))/g;

/** A formula as marked's lexer has it; `raw` is its source. */
export interface Maths {
  type: "maths";
  raw: string;
  /** Whether its end may yet come. */
  isOpen?: boolean;
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

/** The block formula that a text starts with; one without an end only where more may come. */
export function blockMaths(src: string, grows = false): Maths | undefined {
  const opened = BLOCK.exec(src);
  if (!opened) return;
  const from = opened[0].length;
  const [, mark, name] = opened;
  const ends = name ? `\\end{${name}}` : mark === "$$" ? mark : "\\]";
  const text = src.slice(0, LONGEST_BLOCK);
  const blank = text.slice(from).search(BLANK) + from;
  const isAlone = name || /^[ \t]*\n/.test(text.slice(from));
  const close = closing(text, ends, from);
  const isOver = blank >= from && (close < 0 || close > blank);
  const next = isOver && isAlone ? NEXT.exec(text) : null;
  const end = close + ends.length;
  if (close < 0 || (isOver && (!isAlone || (next && next.index + next[0].length < end)))) {
    const isOpen = grows && src.length < LONGEST_BLOCK && !next && (isAlone || !isOver);
    return isOpen ? { type: "maths", raw: src, isOpen: true } : undefined;
  }
  const [rest = "", isEnd] = /^(?:[.,;:]?[ \t]*(\n|$)|[ \t]*)/.exec(src.slice(end)) ?? [];
  const raw = src.slice(0, end + rest.length);
  // "$$a$$ and more" is a line of text
  return isEnd === undefined && !raw.includes("\n") ? undefined : { type: "maths", raw };
}

/** Where a mark stands that no backslash takes away; -1 where it doesn't. */
function closing(text: string, mark: string, from: number): number {
  let at = text.indexOf(mark, from);
  while (at > 0 && text[at - 1] === "\\") at = text.indexOf(mark, at + 1);
  return at;
}

/** The marks of display formulas in a text, and the code that hides some. */
const DOUBLES = /(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|\\.|\$\$/gs;

/** Whether a text leaves a display formula open, which began behind a word. */
const leavesOpen = (text: string): boolean =>
  (text.match(DOUBLES) ?? []).filter((mark) => mark === "$$").length % 2 > 0;

/** The lines of a text before a block formula that interrupts it. */
export function beforeBlockMaths(src: string, grows = false): string {
  BLOCK_OR_BLANK.lastIndex = 0;
  let isOpen = false;
  let from = 0;
  for (let m = BLOCK_OR_BLANK.exec(src); m; m = BLOCK_OR_BLANK.exec(src)) {
    const at = m.index + 1;
    if (!/[$[{]$/.test(m[0])) break;
    isOpen = isOpen !== leavesOpen(src.slice(from, at));
    from = at;
    if (!isOpen && blockMaths(src.slice(at), grows)) return src.slice(0, at);
  }
  return src;
}

/** Hides the formulas of `src` in `masked`, a text of the same length that emphasis is looked for in. */
export function maskMaths(src: string, masked: string): string {
  if (!/\$|\\[([b]/.test(src)) return masked;
  let made = "";
  for (const { 0: raw, groups, index } of src.matchAll(ANYWHERE)) {
    if (groups?.slash ?? groups?.dollars)
      made += masked.slice(made.length, index) + "a".repeat(raw.length);
  }
  return made + masked.slice(made.length);
}

const BAR = /(?<!\\)\|/g;

/**
 * A row of a table with more cells than columns, which would be left out: bars within code and formulas
 * are text, and so is what is still too much, in the last cell.
 */
export function withBars(row: string, columns: number): string {
  const isTooLong = (text: string) =>
    text.replace(/^\s*\||(?<!\\)\|\s*$/g, "").split(BAR).length > columns;
  if (!isTooLong(row)) return row;
  const marked = row.replace(ANYWHERE, (raw) => (raw[1] ? raw.replace(BAR, "\\|") : raw));
  if (!isTooLong(marked)) return marked;
  let left = columns - Number(!/^\s*\|/.test(marked));
  return marked.replace(/(?<!\\)\|(?!\s*$)/g, (bar) => (left-- > 0 ? bar : "\\|"));
}

/** Whether what is still arriving has most likely begun a formula: a price has not. */
export const opensMaths = (rest: string): boolean =>
  /^(?:\\[([]|\\begin\{|\$\$|\$[^\s\d$)\]}.,;:!?`](?=[^`]{0,80}$))/.test(rest);

/** A formula: its source until a module typesets it. */
export function maths(source: string, isBlock = false): VElement {
  const isDisplay = isBlock || /^(?:\$\$|\\\[|\\begin.*\n)/s.test(source);
  return {
    tag: isBlock ? "div" : "span",
    attrs: { class: isDisplay ? "pw-maths pw-display" : "pw-maths", dir: "ltr" },
    kids: textNodes(source),
    leaf: source,
  };
}
