import type { Token, Tokens } from "marked";

/*
 * Which part of a text can no longer change, whatever comes. Everything here reads lines that are
 * complete: marked decides line by line, so a decision that only needed those is final.
 */

/** Block kinds that no later line can join, once a blank line follows. */
const CLOSED_BY_BLANK = new Set(["paragraph", "heading", "hr", "def", "table", "blockquote"]);

/** Block kinds that start here whatever stands before them. */
function startsAnywhere(token: Token, text: string, at: number): boolean {
  switch (token.type) {
    case "heading":
      return /^ {0,3}#/.test(text.slice(at, at + 4));
    case "code":
      return (token as Tokens.Code).codeBlockStyle !== "indented";
    case "hr":
    case "list":
    case "blockquote":
      return true;
    default:
      return false;
  }
}

export interface Settled {
  /** How many tokens have settled, and where in the text they end. */
  count: number;
  end: number;
}

/** Finds the settled tokens of `text`, of which the first `sure` characters have really arrived. */
export function settledTokens(tokens: readonly Token[], text: string, sure: number): Settled {
  const starts: number[] = [];
  let at = 0;
  for (const token of tokens) {
    starts.push(at);
    at += token.raw.length;
  }
  starts.push(at);
  if (at > text.length) return { count: 0, end: 0 };
  for (let i = tokens.length; i > 0; i--) {
    const start = starts[i] as number;
    if (
      start <= sure &&
      text.charAt(start - 1) === "\n" &&
      isBoundary(tokens, i, text, start, sure)
    ) {
      return { count: i, end: start };
    }
  }
  return { count: 0, end: 0 };
}

function isBoundary(
  tokens: readonly Token[],
  i: number,
  text: string,
  start: number,
  sure: number,
): boolean {
  const last = tokens[i - 1] as Token;
  if (last.type === "space") {
    const before = tokens[i - 2];
    const blank = last.raw.indexOf("\n", last.raw.indexOf("\n") + 1) >= 0;
    if (blank && (!before || closedByBlank(before))) return true;
  }
  const next = tokens[i];
  if (!next || next.type === "space") return false;
  const lineEnd = text.indexOf("\n", start);
  if (lineEnd < 0 || lineEnd >= sure) return false;
  if (startsAnywhere(next, text, start)) return true;
  if (next.type === "table") {
    const delimiterEnd = text.indexOf("\n", lineEnd + 1);
    if (delimiterEnd >= 0 && delimiterEnd < sure) return last.type !== "def";
  }
  // A paragraph decides what an indented line, a definition or a tag after it is; a title may
  // follow a definition.
  return last.type !== "paragraph" && last.type !== "def";
}

const closedByBlank = (token: Token): boolean =>
  CLOSED_BY_BLANK.has(token.type) ||
  (token.type === "code" && (token as Tokens.Code).codeBlockStyle !== "indented");

/** How many items of the list that `text` starts with have settled, and where they end. */
export function settledItems(list: Tokens.List, text: string, sure: number): Settled {
  let at = 0;
  let settled: Settled = { count: 0, end: 0 };
  for (let i = 1; i < list.items.length; i++) {
    at += (list.items[i - 1] as Tokens.ListItem).raw.length;
    const lineEnd = text.indexOf("\n", at);
    if (lineEnd < 0 || lineEnd >= sure) break;
    settled = { count: i, end: at };
  }
  return settled;
}

/** The same for the rows of a table; `end` counts from the first row, at `from` in the text. */
export function settledRows(
  table: Tokens.Table,
  text: string,
  from: number,
  sure: number,
): Settled {
  let at = from;
  let settled: Settled = { count: 0, end: 0 };
  for (let i = 1; i < table.rows.length; i++) {
    const lineEnd = text.indexOf("\n", at);
    if (lineEnd < 0 || lineEnd >= sure) break;
    at = lineEnd + 1;
    const next = text.indexOf("\n", at);
    // marked drops a last row of nothing but tabs, so no cut is made before one
    if (next < 0 || next >= sure) break;
    if (text.slice(at, next).trim()) settled = { count: i, end: at - from };
  }
  return settled;
}

/** Where the rows of a table begin. */
export function tableHead(text: string): number {
  const header = text.indexOf("\n");
  const delimiter = header < 0 ? -1 : text.indexOf("\n", header + 1);
  return delimiter + 1;
}

const FENCE = /^( {0,3})(`{3,}|~{3,})[^\n]*\n/;

/** The opening line of a fence, or null where the text doesn't start with a whole one. */
export const fenceHead = (text: string): string | null => FENCE.exec(text)?.[0] ?? null;

/** Whether a fence with this opening line is closed at the end of the text. */
export function isFenceClosed(head: string, text: string): boolean {
  const mark = FENCE.exec(head)?.[2] ?? "```";
  const body = text.slice(head.length).trimEnd();
  const line = body.slice(body.lastIndexOf("\n") + 1);
  return new RegExp(`^ {0,3}${mark.charAt(0)}{${mark.length},} *$`).test(line);
}
