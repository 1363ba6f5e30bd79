// Long blocks that still grow: their front has settled (it can't change any more, see settle.ts) and
// is drawn for good, so that each piece costs only the end.
import type { Token, Tokens } from "marked";
import { chunks } from "./code";
import { inlineNodes } from "./inline";
import { type Lines, NO_LINES, withLines } from "./lines";
import { lengthOf, STAND_IN, settledFront } from "./paragraph";
import { columnWidths, dropParts, PART_ROWS } from "./parts";
import { dropStretches } from "./stretch";
import type { Attrs, VElement, VNode } from "./vdom";

/**
 * A block whose front has settled while its end is still open. Its front stays in the page, its
 * element goes on as the first of the tail.
 */
export interface Open {
  /** list, table, code or paragraph; empty while no block is open. */
  type: string;
  /** What stands for the front when the tail is lexed: the rows' header, the fence, a word. */
  prefix: string;
  /** Items of the list, rows of the table or stretches of the paragraph that have settled. */
  count: number;
  /** How much of the paragraph's last stretch has settled. */
  length: number;
  /** How the list or paragraph began, whether a settled item made it loose, or it looked wrapped. */
  attrs: Attrs;
  /** What the settled rows of the table's first part ask for. */
  widths: number[];
  /** The paragraph's settled markdown: an underline may yet make a heading of it. */
  front: string;
  /** The lines of that markdown. */
  lines: Lines;
}

export const CLOSED: Open = {
  type: "",
  prefix: "",
  count: 0,
  length: 0,
  attrs: {},
  widths: [],
  front: "",
  lines: NO_LINES,
};

/** A shorter front of a paragraph isn't worth it. */
const WORTH = 400;

/** How an open block goes on, with how much of `known` has settled, its nodes and its tokens. */
type Advance = [open: Open, end: number, nodes?: VNode[], tokens?: Token[]];

/** Settles the front of the block that `known`, text that has arrived, starts with, if it can. */
export function advance(
  token: Token,
  node: VElement,
  known: string,
  open: Open,
): Advance | undefined {
  const { type } = token;
  const from = open.count;
  let count = 0;
  let end = 0;
  if (type === "list") {
    const { items } = token as Tokens.List;
    let at = 0;
    for (const { raw } of items.slice(0, -1)) {
      at += raw.length;
      if (known.indexOf("\n", at) < 0) break;
      count++;
      end = at;
    }
    if (!count) return;
    const nodes = dropParts(node.kids, count, from);
    const next = { ...CLOSED, type, attrs: node.attrs, count: from + count };
    return [next, end, nodes, items.slice(0, count)];
  }
  if (type === "table") {
    const table = token as Tokens.Table;
    const [prefix] = /^.*\n.*\n/.exec(known) ?? [];
    if (!prefix) return;
    let at = prefix.length;
    for (let i = 1; i < table.rows.length; i++) {
      at = known.indexOf("\n", at) + 1;
      const next = known.indexOf("\n", at);
      if (!at || next < 0) break;
      // marked drops a last row of nothing but tabs, so no cut is made before one
      if (known.slice(at, next).trim()) {
        count = i;
        end = at;
      }
    }
    if (!count) return;
    const widths = columnWidths(table, count, from, open.widths);
    const nodes = dropParts(node.kids, count, from, PART_ROWS, 0);
    return [{ ...CLOSED, type, prefix, count: from + count, widths }, end, nodes];
  }
  if (type === "code") {
    const [prefix] = /^ {0,3}(?:`{3}|~{3}).*\n/.exec(known) ?? [];
    if (!prefix) return;
    // A line with something in it stays: what ends a listing takes the line ends before it along.
    const whole = known.slice(0, known.lastIndexOf("\n") + 1).trimEnd();
    if (node.attrs.class !== "pw-code") return; // a formula
    const code = (node.kids[1] as VElement).kids[0] as VElement;
    let at = prefix.length;
    let ofLine = 0; // a line of several chunks settles whole
    for (const chunk of chunks((token as Tokens.Code).text).slice(0, -1)) {
      ofLine++;
      for (const _ of chunk.matchAll(/\n/g)) at = known.indexOf("\n", at) + 1;
      if (!chunk.endsWith("\n")) continue;
      if (at > whole.lastIndexOf("\n") + 1) break;
      code.kids.splice(0, ofLine);
      ofLine = 0;
      end = at;
    }
    return end ? [{ ...CLOSED, type, prefix }, end] : undefined;
  }
  if (type === "paragraph" && known.startsWith(token.text)) {
    const { text, tokens = [] } = token as Tokens.Paragraph;
    // the inline text has lost the stand-in already
    const skip = open.type ? STAND_IN.length : 0;
    const source = text.slice(skip);
    // what stands before a pipe may yet be the header of a table
    const pipe = source.indexOf("|");
    const front = settledFront(source, tokens, pipe < 0 ? undefined : pipe);
    end = lengthOf(front);
    if (end < WORTH) return;
    const place = dropStretches(node.kids, inlineNodes(front), open);
    if (!place) return;
    const next = { ...CLOSED, ...place, type, attrs: node.attrs, prefix: STAND_IN };
    const gone = source.slice(0, end);
    const lines = withLines(gone, open.lines);
    return [{ ...next, front: open.front + gone, lines }, skip + end];
  }
}
