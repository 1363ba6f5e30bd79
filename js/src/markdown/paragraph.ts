import type { Token, Tokens } from "marked";

/*
 * A paragraph of one endless line would be lexed whole for every token. Its front settles as soon as
 * nothing in it can pair with what comes: no open mark, bracket, tag or pipe.
 */

/** Shorter paragraphs aren't worth it; this much at the end is always left open. */
const WORTH = 1200;
const MARGIN = 256;

/** Stands for the settled front: a word, so that the line stays a line of a paragraph. */
export const STAND_IN = "x ";

/** A mark that may pair with a later one. Inside words and before blanks some can't. */
const OPEN = /[`[\]|]|\\(?![A-Za-z0-9])|[*~<](?!\s)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/u;

export interface Front {
  /** Length of the markdown that settles. */
  length: number;
  /** Its tokens, the last one cut. */
  tokens: Token[];
}

/** The front of a paragraph that can't change any more; `run` is what `source` was lexed to. */
export function settledFront(source: string, run: readonly Token[]): Front | null {
  const limit = source.length - MARGIN;
  if (source.length < WORTH) return null;
  let best: Front | null = null;
  const before: Token[] = [];
  let at = 0;
  for (const token of run) {
    if (at >= limit) break;
    const isText = token.type === "text";
    const stop = isText ? token.raw.search(OPEN) : -1;
    if (isText) {
      const safe = stop < 0 ? token.raw.length : stop;
      const cut = lastCut(token.raw, Math.min(safe, limit - at));
      if (cut > 0 && source.startsWith(token.raw.slice(0, cut), at)) {
        const raw = token.raw.slice(0, cut);
        best = { length: at + cut, tokens: [...before, { ...token, raw, text: raw }] };
      }
      if (stop >= 0) break;
    } else if (!isClosed(token)) {
      break;
    }
    before.push(token);
    at += token.raw.length;
  }
  if (!best || best.length < WORTH / 3) return null;
  // A line of dashes and colons may still be the delimiter row of a table.
  const line = source.slice(source.lastIndexOf("\n", best.length - 1) + 1, best.length);
  return /[\p{L}\p{N}]/u.test(line) ? best : null;
}

/** The last place at or before `limit` that follows a word and one blank, and is followed by a word. */
function lastCut(text: string, limit: number): number {
  for (let i = Math.min(limit, text.length - 1); i > 1; i--) {
    if (text.charAt(i - 1) === " " && /\w/.test(text.charAt(i - 2)) && /\w/.test(text.charAt(i))) {
      return i;
    }
  }
  return -1;
}

/** A token that is whole and holds no mark that could still pair. */
function isClosed(token: Token): boolean {
  if (token.raw.includes("|")) return false;
  switch (token.type) {
    case "text":
      return !OPEN.test(token.raw);
    case "codespan":
    case "br":
      return true;
    case "strong":
    case "em":
    case "del":
      return (token.tokens ?? []).every(isClosed);
    case "link":
      return (
        !!(token as Tokens.Link).autolink ||
        // a reference may get another meaning; a target in brackets can't
        (token.raw.endsWith(")") && (token.tokens ?? []).every(isClosed))
      );
    default:
      return false;
  }
}
