import type { Token, Tokens } from "marked";
import { codeBlock, codeText } from "./code";
import { inlineNodes, textNodes } from "./inline";
import type { Blocks } from "./lex";
import { inParts } from "./parts";
import { h, type VElement, type VNode } from "./vdom";

export const MAX_COLUMNS = 200;

/** A block token as a node; null for what shows nothing (blank lines, definitions). */
export function blockNode(token: Token, blocks: Blocks): VElement | null {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return run(`h${(token as Tokens.Heading).depth}`, token, blocks);
    case "code":
      return codeBlock(codeText((token as Tokens.Code).text), (token as Tokens.Code).lang);
    case "list":
      return list(token as Tokens.List, blocks);
    case "blockquote":
      return {
        tag: "blockquote",
        attrs: direction((token as Tokens.Blockquote).text),
        kids: blockNodes((token as Tokens.Blockquote).tokens, blocks),
      };
    case "hr":
      return h("hr");
    case "table":
      return table(token as Tokens.Table, blocks);
    case "html":
      return h("div", "pw-html", ...textNodes(token.raw.replace(/\n+$/, "")));
    case "checkbox":
      return h("p", null, ...inlineNodes([token]));
    default:
      return run("p", token, blocks);
  }
}

/*
 * Which side a container of blocks starts at, by its first letter. The `auto` of the browser looks
 * through all its descendants again whenever one is added.
 */
function direction(text: string): Record<string, string> {
  const letter = /\p{L}/u.exec(text)?.[0];
  return letter ? { dir: RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr" } : {};
}

const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

function blockNodes(tokens: readonly Token[], blocks: Blocks): VNode[] {
  const nodes: VNode[] = [];
  for (const token of tokens) {
    const node = blockNode(token, blocks);
    if (node) nodes.push(node);
  }
  return nodes;
}

function run(tag: string, token: Token, blocks: Blocks, dir = "auto"): VElement {
  const tokens = (token as Tokens.Generic).tokens ?? [];
  const node: VElement = { tag, attrs: { dir }, kids: [] };
  remember(node, tokens, blocks);
  node.lead = tokens[0]?.type === "checkbox" ? 1 : 0;
  node.kids = inlineNodes(blocks.inline(tokens));
  return node;
}

/* Keeps the markdown of a run that may hold references, for definitions that come later. */
function remember(node: VElement, tokens: Token[], blocks: Blocks): void {
  const source = blocks.source(tokens);
  if (source?.includes("[")) node.source = source;
}

/** A list; `from` items of it have settled and aren't among the token's. */
export function list(token: Tokens.List, blocks: Blocks, from = 0): VElement {
  const attrs = direction(token.items[0]?.text ?? "");
  // A class, and paragraphs in either case: a list that turns loose late is not drawn again.
  if (token.loose) attrs.class = "pw-loose";
  if (token.ordered && token.start !== 1) attrs.start = String(token.start);
  const items = token.items.map((item) => listItem(item, blocks));
  return { tag: token.ordered ? "ol" : "ul", attrs, kids: inParts(items, from) };
}

function listItem(item: Tokens.ListItem, blocks: Blocks): VElement {
  const [first, second, ...rest] = item.tokens;
  // In a tight list the box stands before the text; it belongs in the same line.
  const kids =
    first?.type === "checkbox" && second
      ? [taskText(first, second, blocks), ...blockNodes(rest, blocks)]
      : blockNodes(item.tokens, blocks);
  return h("li", item.task ? "pw-task-item" : null, ...kids);
}

function taskText(box: Token, text: Token, blocks: Blocks): VElement {
  const node = run("p", text, blocks);
  node.kids.unshift(...inlineNodes([box]));
  node.lead = 1;
  return node;
}

/*
 * A browser measures every row of a table when one is added. A long table is therefore a row of
 * tables, whose columns get the widths that the longest cells of the first part ask for.
 */
const PART_ROWS = 100;
const MAX_CELL = 48;

/** What is known of the rows of a table that have settled. */
export interface Rows {
  count: number;
  /** The longest cell of each column in the first part. */
  widths: readonly number[];
}

export const noRows: Rows = { count: 0, widths: [] };

/** A table; `settled` rows of it are not among the token's. Whole parts of it have left the node. */
export function table(token: Tokens.Table, blocks: Blocks, settled: Rows = noRows): VElement {
  const wrap = h("div", "pw-table");
  const isLong = settled.count + token.rows.length > PART_ROWS;
  const { widths } = isLong ? addRows(token, token.rows.length, settled) : settled;
  let at = settled.count;
  const rows = token.rows.map((cells) => row(cells, "td", blocks));
  const first = Math.floor(at / PART_ROWS);
  for (let part = first, from = 0; part === first || from < rows.length; part++) {
    const to = from + (part + 1) * PART_ROWS - at;
    const node = h("table", isLong ? "pw-fixed" : null, columns(isLong ? widths : []));
    if (isLong) node.attrs = { ...node.attrs, width: String(sum(widths.map(pixels))) };
    if (part === 0) node.kids.push(h("thead", null, row(token.header, "th", blocks)));
    const body = rows.slice(from, to);
    node.kids.push(h("tbody", null, ...body));
    wrap.kids.push(node);
    at += body.length;
    from = to;
  }
  const left = token.header.length - MAX_COLUMNS;
  if (left > 0) {
    wrap.kids.push(h("p", "pw-left-out", { text: `${left} more columns are not shown.` }));
  }
  return wrap;
}

/** The rows that have settled once `count` of the token's have. */
export function addRows(token: Tokens.Table, count: number, settled: Rows): Rows {
  const room = Math.max(0, PART_ROWS - settled.count);
  const widths = token.header.slice(0, MAX_COLUMNS).map((cell, column) => {
    let width = Math.max(cell.text.length, settled.widths[column] ?? 0);
    for (const cells of token.rows.slice(0, Math.min(count, room))) {
      width = Math.max(width, cells[column]?.text.length ?? 0);
    }
    return Math.min(width, MAX_CELL);
  });
  return { count: settled.count + count, widths };
}

const pixels = (characters: number): number => Math.max(characters, 3) * 7 + 22;
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const columns = (widths: readonly number[]): VElement => ({
  tag: "colgroup",
  attrs: {},
  kids: widths.map((width) => ({ tag: "col", attrs: { width: String(pixels(width)) }, kids: [] })),
});

/** Forgets the first `count` rows of a table, and the parts that are whole; returns what it forgot. */
export function dropRows(wrap: VElement, count: number, from: number): VElement[] {
  const dropped: VElement[] = [];
  for (let at = from; at < from + count; at++) {
    const part = wrap.kids[0] as VElement;
    const body = part.kids.at(-1) as VElement;
    dropped.push(body.kids.shift() as VElement);
    if ((at + 1) % PART_ROWS === 0) dropped.push(wrap.kids.shift() as VElement);
  }
  return dropped;
}

function row(cells: readonly Tokens.TableCell[], tag: string, blocks: Blocks): VElement {
  const kids = cells.slice(0, MAX_COLUMNS).map((cell) => {
    const attrs: Record<string, string> = { dir: "auto" };
    if (cell.align) attrs.class = `pw-${cell.align}`;
    const node: VElement = { tag, attrs, kids: [], lead: 0 };
    remember(node, cell.tokens, blocks);
    node.kids = inlineNodes(blocks.inline(cell.tokens));
    return node;
  });
  return h("tr", null, ...kids);
}
