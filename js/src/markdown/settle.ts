// Which part of a text can no longer change, whatever comes. Everything here reads lines that
// are complete: marked decides line by line, so a decision that only needed those is final.
import type { Token } from "marked";
import type { Maths } from "./maths";

/**
 * How many tokens of `text` have settled, and where in the text they end; `known` is the part of it
 * that has really arrived.
 */
export function settledTokens(tokens: readonly Token[], text: string, known: string) {
  let end = tokens.reduce((sum, { raw }) => sum + raw.length, 0);
  let count = end > text.length ? 0 : tokens.length;
  while (count && !(known[end - 1] === "\n" && isBoundary(tokens, count, known, end))) {
    count--;
    end -= tokens[count]?.raw.length ?? 0;
  }
  return { count, end };
}

const isFence = (token: Token): boolean =>
  token.type === "code" && token.codeBlockStyle !== "indented";

function isBoundary(tokens: readonly Token[], i: number, known: string, start: number): boolean {
  const [last, next] = tokens.slice(i - 1) as [Token, Token?];
  const before = tokens[i - 2];
  if (/\n.*\n/s.test(last.raw) && last.type === "space") {
    // no later line can join these once a blank line follows
    if (!before || isFence(before) || !/^(?:code|list|text|note)$/.test(before.type)) return true;
  }
  const line = known.indexOf("\n", start);
  if (!next || next.type === "space" || (next as Maths).isOpen || line < 0) return false;
  // these start whatever stands before them
  if (isFence(next) || /^(?:hr|list|blockquote|note)$/.test(next.type)) return true;
  if (next.type === "heading" && /^ {0,3}#/.test(known.slice(start))) return true;
  // A paragraph decides what an indented line, a definition or a tag after it is; a title may
  // follow a definition, but doesn't look like another one.
  if (last.type === "def") return next.type === "def";
  return (
    !/^(?:paragraph|note)$/.test(last.type) ||
    (next.type === "table" && known.includes("\n", line + 1))
  );
}
