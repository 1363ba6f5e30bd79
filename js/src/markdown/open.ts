import type { Token, Tokens } from "marked";
import { addRows, blockNode, dropRows, list, noRows, type Rows, table } from "./blocks";
import { codeBlock, codeText, dropCode } from "./code";
import { inlineNodes } from "./inline";
import type { Blocks } from "./lex";
import { STAND_IN, settledFront } from "./paragraph";
import { dropParts } from "./parts";
import { fenceHead, isFenceClosed, settledItems, settledRows, tableHead } from "./settle";
import { isText, type VElement, type VText } from "./vdom";

/**
 * A block whose front has settled while its end is still open. Its front stays in the page, its
 * element goes on as the first of the tail.
 */
export interface Open {
  type: "list" | "table" | "code" | "paragraph";
  /** What stands for the front when the tail is lexed: the rows' header, the fence, a word. */
  prefix: string;
  /** How the list began, and whether a settled item made it loose. */
  attrs: VElement["attrs"];
  /** Items of the list that have settled. */
  items: number;
  /** Rows of the table that have settled. */
  rows: Rows;
  /** Characters that have settled in the last chunk of a listing. */
  filled: number;
  /** The front's markdown: an underline may yet make a heading of a paragraph. */
  front: string[];
}

export interface Advance {
  open: Open;
  /** Length of the text, without the prefix, that has settled. */
  length: number;
  /** Elements that have settled with it, and the tokens they came from. */
  nodes: VElement[];
  tokens: Token[];
}

/** The node of a token that may continue an open block. */
export function openNode(token: Token, blocks: Blocks, open: Open | null): VElement | null {
  if (open?.type === "code") {
    const code = token as Tokens.Code;
    return codeBlock(codeText(code.text), code.lang, open.filled);
  }
  if (open?.type === "table") return table(token as Tokens.Table, blocks, open.rows);
  if (open?.type === "list") {
    const node = list(token as Tokens.List, blocks, open.items);
    const loose = open.attrs.class ?? node.attrs.class;
    node.attrs = loose ? { ...open.attrs, class: loose } : open.attrs;
    return node;
  }
  const node = blockNode(token, blocks);
  if (open && node) {
    const first = node.kids[0] as VText;
    first.text = first.text.slice(STAND_IN.length);
    if (node.source !== undefined) {
      node.source = open.front.join("") + node.source.slice(STAND_IN.length);
    }
  }
  return node;
}

/**
 * Settles the front of the block that `text` starts with, as far as it goes. `sure` characters of
 * the text have arrived; `alone`: nothing follows the block yet.
 */
export function advance(
  token: Token,
  node: VElement,
  text: string,
  sure: number,
  alone: boolean,
  open: Open | null,
): Advance | null {
  switch (token.type) {
    case "list":
      return advanceList(token as Tokens.List, node, text, sure, open);
    case "table":
      return advanceTable(token as Tokens.Table, node, text, sure, open);
    case "code":
      return alone ? advanceCode(token as Tokens.Code, node, text, sure, open) : null;
    case "paragraph":
      return alone ? advanceParagraph(token as Tokens.Paragraph, node, text, open) : null;
    default:
      return null;
  }
}

const opened = (type: Open["type"], rest: Partial<Open> = {}): Open => ({
  type,
  prefix: "",
  attrs: {},
  items: 0,
  rows: noRows,
  filled: 0,
  front: [],
  ...rest,
});

function advanceList(
  token: Tokens.List,
  node: VElement,
  text: string,
  sure: number,
  open: Open | null,
): Advance | null {
  const { count, end } = settledItems(token, text, sure);
  if (!count) return null;
  const items = open?.items ?? 0;
  return {
    open: opened("list", { attrs: node.attrs, items: items + count }),
    length: end,
    nodes: dropParts(node.kids as VElement[], count, items),
    tokens: token.items.slice(0, count),
  };
}

function advanceTable(
  token: Tokens.Table,
  node: VElement,
  text: string,
  sure: number,
  open: Open | null,
): Advance | null {
  const head = tableHead(text);
  if (head <= 0 || head > sure) return null;
  const { count, end } = settledRows(token, text, head, sure);
  if (!count) return null;
  const rows = open?.rows ?? noRows;
  return {
    open: opened("table", { prefix: text.slice(0, head), rows: addRows(token, count, rows) }),
    length: head + end - (open?.prefix.length ?? 0),
    nodes: dropRows(node, count, rows.count),
    tokens: [],
  };
}

function advanceCode(
  code: Tokens.Code,
  node: VElement,
  text: string,
  sure: number,
  open: Open | null,
): Advance | null {
  const head = fenceHead(text);
  if (head === null || isFenceClosed(head, text)) return null;
  // The last whole line stays: without any line the code would end in a line end too many.
  const last = text.lastIndexOf("\n", sure - 1);
  const end = last > 0 ? text.lastIndexOf("\n", last - 1) + 1 : 0;
  if (end <= head.length) return null;
  const shown = codeText(code.text);
  let length = 0;
  for (
    let at = text.indexOf("\n", head.length);
    at >= 0 && at < end;
    at = text.indexOf("\n", at + 1)
  ) {
    length = shown.indexOf("\n", length) + 1;
  }
  const filled = dropCode(node, length, open?.filled ?? 0);
  return {
    open: opened("code", { prefix: head, filled }),
    length: end - (open?.prefix.length ?? 0),
    nodes: [],
    tokens: [],
  };
}

function advanceParagraph(
  token: Tokens.Paragraph,
  node: VElement,
  text: string,
  open: Open | null,
): Advance | null {
  if (!text.startsWith(token.text)) return null;
  const front = settledFront(token.text, token.tokens);
  if (!front) return null;
  const standIn = open ? STAND_IN.length : 0;
  const nodes = inlineNodes(front.tokens);
  const seam = node.kids[nodes.length - 1];
  const last = nodes.at(-1);
  if (!seam || !last || !isText(seam) || !isText(last)) return null;
  const length = last.text.length - (nodes.length === 1 ? standIn : 0);
  node.kids.splice(0, nodes.length - 1);
  seam.base = (seam.base ?? 0) + length;
  seam.text = seam.text.slice(length);
  return {
    open: opened("paragraph", {
      prefix: STAND_IN,
      front: [...(open?.front ?? []), token.text.slice(standIn, front.length)],
    }),
    length: front.length - standIn,
    nodes: [],
    tokens: [],
  };
}
