import type { Token, Tokens } from "marked";

/*
 * A paragraph of one endless line would be lexed whole for every token. Its front settles as soon as
 * nothing in it can pair with what comes: no open mark, bracket, tag or pipe.
 */

/** Shorter paragraphs aren't worth it; this much at the end is always left open. */
const WORTH = 1200;
const MARGIN = 256;

/** A mark that may pair with a later one. Inside words and before blanks some can't. */
const OPEN = /[`[\]|$]|\\(?![A-Za-z0-9])|[*~<](?!\s)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/u;

/** The tokens, the last one cut, of the front of a paragraph that can't change any more. */
export function settledFront(source: string, run: readonly Token[]): Token[] {
  let front: Token[] = [];
  if (source.length < WORTH) return front;
  let length = 0;
  let at = 0;
  for (const [i, token] of run.entries()) {
    const { raw, type } = token;
    const room = source.length - MARGIN - at;
    if (room <= 0) break;
    if (type === "text") {
      const stop = raw.search(OPEN);
      // The last place that follows a word and one blank, and is followed by a word.
      const safe = raw.slice(0, (stop < 0 ? room : Math.min(stop, room)) + 1);
      const [cut] = /^.*\w (?=\w)/s.exec(safe) ?? [];
      if (cut && source.startsWith(cut, at)) {
        front = [...run.slice(0, i), { ...token, raw: cut, text: cut }];
        length = at + cut.length;
      }
      if (stop >= 0) break;
    } else if (!isClosed(token)) {
      break;
    }
    at += raw.length;
  }
  // A line of dashes and colons may still be the delimiter row of a table.
  const line = source.slice(source.lastIndexOf("\n", length - 1) + 1, length);
  return length >= WORTH / 3 && /[\p{L}\p{N}]/u.test(line) ? front : [];
}

/** A token that is whole and holds no mark that could still pair. */
function isClosed(token: Tokens.Generic): boolean {
  const { raw, type } = token;
  if (raw.includes("|")) return false;
  if (type === "text") return !OPEN.test(raw);
  if (/^(?:codespan|br|maths)$/.test(type) || token.autolink) return true;
  // a reference may get another meaning; a target in brackets can't
  const isWhole = /^(?:strong|em|del)$/.test(type) || (type === "link" && raw.endsWith(")"));
  return isWhole && (token.tokens ?? []).every(isClosed);
}
