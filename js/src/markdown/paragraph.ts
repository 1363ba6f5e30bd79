// A paragraph of one endless line would be lexed whole for every token. Its front settles as
// soon as nothing in it can pair with what comes: no open mark, bracket or tag.
import type { Token, Tokens } from "marked";
import { BREAK } from "./tags";

/** This much at the end is always left open. */
const MARGIN = 256;

/** Stands for the settled front of a paragraph: a word, so that the line stays one of a paragraph. */
export const STAND_IN = "x ";

/** Where a text may be cut: between two words. Those of Chinese and Japanese have no blanks. */
export const PLACE = "(?:[\\p{L}\\p{M}\\p{N},.;:)\\]] |[\\u3040-\\u9fff])(?=[\\p{L}\\p{N}])";

const LAST_PLACE = new RegExp(`^.*${PLACE}`, "su");

/** A mark that may pair with a later one. Inside words and before blanks some can't. */
const OPEN = /[`[\]$]|\\(?![A-Za-z0-9])|[*~<](?!\s)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/u;

/** Whether the mark that `src` starts with is such a one. */
export const isOpenMark = (src: string, before: string): boolean =>
  OPEN.test((/[\p{L}\p{N}]$/u.test(before) ? "a" : " ") + src.slice(0, 2));

/** A mark such as `[1]`. What it stands for may be found later, but it pairs with nothing. */
const REFERENCE = /\[[^[\]\\`*_~<>$]{1,40}\](?=[^[(\]])/g;

export const lengthOf = (tokens: readonly Token[]): number =>
  tokens.reduce((sum, { raw }) => sum + raw.length, 0);

/** The tokens, the last one cut, of the front of an inline text that can't change any more. */
export function settledFront(
  source: string,
  run: readonly Token[],
  end = source.length - MARGIN,
): Token[] {
  let front: Token[] = [];
  let at = 0;
  for (const [i, token] of run.entries()) {
    const { raw, type } = token;
    const room = end - at;
    if (room <= 0) break;
    at += raw.length;
    const from = at - raw.length;
    if (type === "text") {
      const stop = raw.replace(REFERENCE, (mark) => "x".repeat(mark.length)).search(OPEN);
      const most = stop < 0 ? room : Math.min(stop, room);
      // what stands beside it counts too: a list of addresses has nothing but blanks between them
      const before = source.charAt(from - 1);
      const safe = `${before}${raw}${source.charAt(at)}`.slice(0, before.length + most + 1);
      const [placed = ""] = LAST_PLACE.exec(safe) ?? [];
      const cut = placed.slice(before.length);
      if (cut && source.startsWith(cut, from)) {
        front = [...run.slice(0, i), { ...token, raw: cut, text: cut }];
      }
      if (stop >= 0) break;
    } else if (type === "window") {
      if (room > raw.length && raw.endsWith(" ")) front = run.slice(0, i + 1);
    } else if (!isClosed(token, source[at])) {
      break;
    }
  }
  return front;
}

/** A token that is whole and holds no mark that could still pair with what comes after it. */
function isClosed(token: Tokens.Generic, after = "("): boolean {
  const { raw, type, tokens = [] } = token;
  if (type === "text") return !OPEN.test(raw);
  if (/^(?:codespan|br|maths)$/.test(type) || token.autolink || BREAK.test(raw)) return true;
  // a reference may get another meaning; a target in brackets can't
  const isWhole =
    /^(?:strong|em|del)$/.test(type) ||
    (/^(?:link|citation|mark)$/.test(type) && (raw.endsWith(")") || !/[[(]/.test(after)));
  return isWhole && tokens.every((each: Token) => isClosed(each));
}
