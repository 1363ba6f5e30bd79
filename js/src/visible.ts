/** A character that would not be seen, or would change how others are seen. */
export interface HiddenChar {
  mark: string;
  code: string;
}

export interface VisibleOptions {
  /** Mark every such character, also where a script or an emoji needs it. */
  strict?: boolean;
}

/* C0 and C1 controls but tab and line feed, soft hyphen, combining grapheme joiner, Arabic letter
   mark, Hangul and Khmer fillers, Mongolian separators, zero widths, bidirectional controls, line
   separators, word joiner and its kin, Hangul filler, variation selectors, byte order mark, half
   filler, annotation marks; beyond the first plane hieroglyph, shorthand and musical controls, tags
   and the supplementary selectors. */
const BASIC =
  "0-8 b-1f 7f-9f ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 2028-202e 2060-206f 3164 fe00-fe0f feff ffa0 fff9-fffb";
const BEYOND = "13430-1343f 1bca0-1bca3 1d173-1d17a e0000-e0fff";

const asClass = (ranges: string): string =>
  ranges.replace(/[\da-f]+/g, "\\u{$&}").replaceAll(" ", "");
const HIDDEN = new RegExp(`[${asClass(`${BASIC} ${BEYOND}`)}]|\\p{Cs}`, "gu");

// The same by code units: nearly all text is ordinary, and costs one test.
const MAYBE = new RegExp(
  `[${BASIC.replace(/[\da-f]+/g, (code) => `\\u${code.padStart(4, "0")}`).replaceAll(" ", "")}\\ud800-\\udfff]`,
);

/* Scripts whose spelling uses the joiners, and Mongolian with its own selectors. */
const JOINING =
  /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Nko}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]/u;
const PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}]/u;
const VARIES = /[\p{Extended_Pictographic}\p{Emoji}\p{Script=Han}]/u;

/** Splits a text in what is shown as it is and what needs a mark. */
export function visible(text: string, options?: VisibleOptions): Array<string | HiddenChar> {
  if (!MAYBE.test(text)) return text ? [text] : [];
  const parts: Array<string | HiddenChar> = [];
  let from = 0;
  for (const { 0: mark, index } of text.matchAll(HIDDEN)) {
    if (!options?.strict && isOrdinary(text, index, mark)) continue;
    if (index > from) parts.push(text.slice(from, index));
    parts.push({ mark, code: codeOf(mark) });
    from = index + mark.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

export const hasHidden = (text: string): boolean => MAYBE.test(text);

function isOrdinary(text: string, index: number, mark: string): boolean {
  const code = mark.codePointAt(0) ?? 0;
  const before = charBefore(text, index);
  if (code === 0x200c || code === 0x200d) {
    const after = charAt(text, index + 1);
    if (JOINING.test(before) && JOINING.test(after)) return true;
    // In an emoji sequence the selector may stand between the picture and the joiner.
    const picture = before === "\ufe0f" ? charBefore(text, index - 1) : before;
    return code === 0x200d && PICTURE.test(picture) && (PICTURE.test(after) || after === "\u2640");
  }
  if (code >= 0xfe00 && code <= 0xfe0f) return VARIES.test(before);
  if (code >= 0x180b && code <= 0x180f) return /\p{Script=Mongolian}/u.test(before);
  return false;
}

const charAt = (text: string, index: number): string =>
  index < text.length ? String.fromCodePoint(text.codePointAt(index) ?? 0) : "";

function charBefore(text: string, index: number): string {
  if (index <= 0) return "";
  const low = text.charCodeAt(index - 1);
  return low >= 0xdc00 && low <= 0xdfff && index > 1
    ? text.slice(index - 2, index)
    : text.charAt(index - 1);
}

export const codeOf = (mark: string): string =>
  `U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

export const hiddenTitle = (code: string): string => `Hidden character ${code}`;

/** The same as nodes: text, and a `span.pw-hidden-char` for each mark. */
export function visibleNodes(text: string, options?: VisibleOptions): DocumentFragment {
  const nodes = document.createDocumentFragment();
  for (const part of visible(text, options)) {
    if (typeof part === "string") {
      nodes.appendChild(document.createTextNode(part));
      continue;
    }
    const span = document.createElement("span");
    span.className = "pw-hidden-char";
    span.title = hiddenTitle(part.code);
    span.textContent = part.code;
    nodes.appendChild(span);
  }
  return nodes;
}
