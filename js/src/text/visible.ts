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
const r = String.raw;
const UNSEEN = r`(?![\t\n])[\p{Cc}\p{DI}\p{Zl}\p{Zp}\p{Cs}\ufff9-\ufffb\u{13430}-\u{1343f}]`;
const HIDDEN = new RegExp(r`(${UNSEEN}|(?<=\p{M}{6})\p{M})`, "u");

/* Scripts whose spelling uses the joiners: Arabic and its kin, those of India and the islands,
   Tibetan, Myanmar, Khmer, Mongolian, Adlam; Hebrew within words. */
const JOINING = r`[\u0620-\u0dff\u0f00-\u109f\u1780-\u18af\u1a20-\u1bff\ua980-\ua9df\ufb50-\ufefc\u{10a00}-\u{11fff}\u{1e900}-\u{1eeff}]`;
const PICTURE = r`[\p{ExtPict}\p{EMod}\p{RI}]`;
/* Those that put no space between words (Line_Break=SA), and those written from the right. */
const SPACELESS = r`[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua9e0-\ua9ff\uaa60-\uaadf]`;
const FROM_RIGHT = r`[\u05d0-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]`;
const TURN = r`[\u200e\u200f\u061c]`;
const BARE = r`(?:^|(?!${UNSEEN})[^])`;
/* The letters of a flag of tags. */
const tags = (place: string): string =>
  place.replace(/./g, (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0)));

/* Where spelling or a picture needs one, as in `powawidget/transcript/visible.py`. A second one, and
   one that changes nothing that is seen, hides something. */
const SPELT = [
  // a joiner between letters or pictures (a selector may follow the first), or at a word's end
  r`${JOINING}[\u200c\u200d](?=${JOINING}|$|(?!${UNSEEN})[^\p{L}\p{M}\p{Nd}])`,
  r`[\u0591-\u05f4][\u200c\u200d](?=[\u0591-\u05f4])`,
  // before a letter of Arabic, which then stands as within a word
  r`(?<![\p{L}\p{M}\p{Nd}]|${UNSEEN})\u200d(?=[\u0620-\u08ff])`,
  r`${PICTURE}\ufe0f?\u200d(?=${PICTURE})`,
  // between two marks, which keep their order
  r`(?!${UNSEEN})\p{M}\u034f(?=\p{M})`,
  // what fills a syllable of old Korean, or stands in one of Khmer
  r`\u115f(?=\u1160?[\u1161-\u11ff\ud7b0-\ud7fb])|[\u1100-\u115e\ua960-\ua97c]\u1160|\u115f\u1160(?=[\u11a8-\u11ff])`,
  r`[ㄱ-ㅣㅥ-ㆎ]\u3164(?=[ㄱ-ㅣㅥ-ㆎ])|[\u1780-\u17b3][\u17b4\u17b5](?=[\u1780-\u17b3])`,
  // the end of a word
  r`${SPACELESS}\u200b|${BARE}\u200b(?=${SPACELESS})`,
  // a mark of direction whose nearest letter of the line is written from the right
  r`${FROM_RIGHT}(?:[^\p{L}\n]{0,39}(?!${UNSEEN})[^\p{L}\n])?${TURN}`,
  r`${BARE}${TURN}(?=[^\p{L}\n]{0,40}${FROM_RIGHT})`,
  // the flags of tags that Unicode recommends: England, Scotland, Wales
  r`\u{1f3f4}(?=${tags("gb")}(?:${["eng", "sct", "wls"].map(tags).join("|")})\u{e007f})[\u{e0061}-\u{e007f}]{1,6}`,
  // variants of Han, pictures, keys, punctuation, signs, Mongolian
  r`\p{sc=Han}[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]`,
  r`(?![0-9#*])[\p{Emoji}\p{ExtPict}][\ufe0e\ufe0f]|[0-9#*][\ufe0e\ufe0f](?=\u20e3)`,
  r`[、。！，．：；？][\ufe00\ufe01]|(?![\0-\x7f])[\p{Sm}\u1000-\u109f\ua840-\ua877]\ufe00`,
  r`[\u1807\u1820-\u18aa][\u180b-\u180f]`,
];
/* Many of one kind are one mark; only the first can be one that is needed. */
const runOf = (one: string): RegExp => new RegExp(r`(${one}\2*)`, "gu");
const ANY = runOf(HIDDEN.source);
const OUT_OF_PLACE = runOf(r`${HIDDEN.source}(?<!${SPELT.join("|")})`);

/** Splits a text in what is shown as it is and what needs a mark. */
export function visible(text: string, options?: VisibleOptions): Array<string | HiddenChar> {
  // A line's end of two characters is one.
  const pieces = options?.strict
    ? text.split(ANY)
    : text.replaceAll("\r\n", "\n").split(OUT_OF_PLACE);
  // Of every three the second is all of a run, the third its character.
  return pieces.flatMap((piece, i): Array<string | HiddenChar> => {
    if (i % 3 === 0) return piece ? [piece] : [];
    if (i % 3 === 1) return [];
    return [{ code: codeOf(piece), count: (pieces[i - 1] as string).length / piece.length }];
  });
}

/**
 * What is drawn of one text: each mark is an element, and many thousands of them stop a page. A
 * request with more than half of these can't be approved by a click.
 */
export const MOST_MARKS = 2_000;
export const MOST_LENGTH = 200_000;
/** Characters where nothing is decided by them: a browser lays out ten times as many in seconds. */
export const MOST_IN_LINE = 20_000;

/** How much of a text has no more than so many characters and marks; never half of a pair. */
export function reach(text: string, length = MOST_LENGTH, marks = MOST_MARKS): number {
  const isCut = length < text.length && /[\ud800-\udbff]/.test(text.charAt(length - 1));
  const end = isCut ? length - 1 : Math.min(length, text.length);
  let left = marks;
  for (const { index } of text.slice(0, end).matchAll(ANY)) {
    if (left-- === 0) return index;
  }
  return end;
}

/** What a character takes of the room for a text, in letters, by what stands before it. */
export function cost(char: string, before: string): number {
  if (/[\p{L}\p{M}\p{N} ]/u.test(char)) return 1;
  if (!hasHidden(char)) return SIGN * (char === "\n" ? LINE : char.length);
  if (char === before) return 1;
  // spelling and pictures need some, after a letter or a picture
  return before > "\u0500" && !hasHidden(before) ? NEEDED : MARK;
}

/* What may be a mark of markdown may become an element; a line's end is one, and a line to lay out. */
const SIGN = 20;
const LINE = 3;
const MARK = 700;
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
