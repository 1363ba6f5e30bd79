// Finds the characters of a text that a reader wouldn't see, and the marks that stand for them.

/** A character that would not be seen, or would change how others are seen, `count` times in a row. */
export interface HiddenChar {
  code: string;
  count: number;
}

export interface VisibleOptions {
  /** Mark every such character, also where a script or an emoji needs it. */
  strict?: boolean;
}

/* Controls but tab and line feed, what Unicode says is not to be seen (soft hyphen, fillers, zero
   widths, bidirectional controls, joiners, variation selectors, byte order mark, tags), line
   separators, half a pair, annotation marks and hieroglyph controls; and of the marks on one letter
   those that no script needs, which would reach over other lines. */
const HIDDEN =
  /((?![\t\n])[\p{Cc}\p{DI}\p{Zl}\p{Zp}\p{Cs}\ufff9-\ufffb\u{13430}-\u{1343f}]|(?<=\p{M}{6})\p{M})/u;

/* Scripts whose spelling uses the joiners: Arabic and its kin, those of India, Tibetan, Myanmar,
   Khmer, Mongolian. */
const JOINING = "[\\u0620-\\u0dff\\u0f00-\\u109f\\u1780-\\u18af\\ufb50-\\ufefc]";
const PICTURE = "[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\p{Regional_Indicator}]";

/* The same but for a joiner between letters or pictures (a selector may follow the first), and for
   the selectors of pictures, digits, Han and Mongolian letters. */
const OUT_OF_PLACE = new RegExp(
  `${HIDDEN.source}(?<!${JOINING}[\\u200c\\u200d](?=${JOINING})|${PICTURE}\\ufe0f?\\u200d(?=${PICTURE})|[\\p{Emoji}\\p{Extended_Pictographic}\\p{Script=Han}][\\ufe00-\\ufe0f]|\\p{Script=Mongolian}[\\u180b-\\u180f])`,
  "u",
);

/** Splits a text in what is shown as it is and what needs a mark. */
export function visible(text: string, options?: VisibleOptions): Array<string | HiddenChar> {
  const parts: Array<string | HiddenChar> = [];
  let last: HiddenChar | undefined;
  for (const [i, part] of text.split(options?.strict ? HIDDEN : OUT_OF_PLACE).entries()) {
    if (i % 2) {
      const code = codeOf(part);
      if (last?.code !== code) {
        last = { code, count: 0 };
        parts.push(last);
      }
      last.count++;
    } else if (part) {
      parts.push(part);
      last = undefined;
    }
  }
  return parts;
}

/**
 * What is drawn of one text: each mark is an element, and many thousands of them stop a page. A
 * request with more than half of these can't be approved by a click.
 */
export const MOST_MARKS = 2_000;
export const MOST_LENGTH = 200_000;

/** How much of a text has no more than so many characters and marks; never half of a pair. */
export function reach(text: string, length = MOST_LENGTH, marks = MOST_MARKS): number {
  const isCut = length < text.length && /[\ud800-\udbff]/.test(text.charAt(length - 1));
  const end = isCut ? length - 1 : Math.min(length, text.length);
  let left = marks;
  let next = ["", -1];
  for (const { 0: char, index } of text.slice(0, end).matchAll(new RegExp(HIDDEN, "gu"))) {
    const isSame = next[0] === char && next[1] === index;
    if (!isSame && left-- === 0) return index;
    next = [char, index + char.length];
  }
  return end;
}

/** What a character takes of the room for a text, in letters, by what stands before it. */
export function cost(char: string, before: string): number {
  if (/[\p{L}\p{M}\p{N} ]/u.test(char)) return 1;
  if (!hasHidden(char)) return SIGN * char.length;
  if (char === before) return 1;
  // spelling and pictures need some, after a letter or a picture
  return before > "\u0500" && !hasHidden(before) ? NEEDED : MARK;
}

/* What may be a mark of markdown may become an element. */
const SIGN = 20;
const MARK = 500;
const NEEDED = 200;

/** The mark of hidden characters. */
export const markOf = ({ code, count }: HiddenChar): string =>
  count > 1 ? `${code} ×${count}` : code;

/** The characters that a mark stands for. */
export function unmarked(mark: string): string {
  const [code = "", count = "1"] = mark.slice(2).split(" ×");
  return String.fromCodePoint(Number.parseInt(code, 16)).repeat(Number(count));
}

/* Marks that end a quotation, or look like those that do; two single ones look like a double. */
const QUOTES = /["«»ʺ˝ˮ״“-‟″‶⹂❝❞〃〝-〟＂]|['‘-‛′‵ʹʻ-ʽ＇]{2,}/g;

/** A few words of somebody else in quotation marks that nothing in them can close. */
export const quoted = (text: string): string => `“${text.replace(QUOTES, "'")}”`;

export const hasHidden = (text: string): boolean => HIDDEN.test(text);

export const codeOf = (mark: string): string =>
  `U+${mark.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}`;
