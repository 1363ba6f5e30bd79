// Paragraphs, headings, lists, tables and the like (CommonMark's blocks): from marked's tokens to
// nodes.
import type { Token, Tokens } from "marked";
import { codeBlock } from "./code";
import { inlineNodes } from "./inline";
import type { Blocks } from "./lex";
import { looksWrapped, withLines } from "./lines";
import { maths } from "./maths";
import { alert, type Note } from "./notes";
import { CLOSED, type Open } from "./open";
import { columnWidths, inParts, PART_ROWS } from "./parts";
import { inStretches } from "./stretch";
import { type Attrs, h, isText, type VElement, type VNode } from "./vdom";

/**
 * A block token as a node; null for what shows nothing (blank lines, definitions). `open`: what has
 * settled of the block.
 */
export function blockNode(token: Token, blocks: Blocks, open = CLOSED): VElement | null {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "heading":
      return run(`h${token.depth}`, token.tokens, blocks);
    case "code":
      return token.lang === "math"
        ? mathsFence(token as Tokens.Code)
        : codeBlock(token.text, token.lang);
    case "maths":
      return maths(token.raw.trim(), true);
    case "note":
      return note(token as Note & Token, blocks);
    case "list":
      return list(token as Tokens.List, blocks, open);
    case "blockquote":
      return quotation(token as Tokens.Blockquote, blocks);
    case "hr":
      return h("hr");
    case "table":
      return table(token as Tokens.Table, blocks, open);
    case "checkbox":
      return h("p", {}, inlineNodes([token]));
  }
  return run("p", (token as Tokens.Generic).tokens, blocks, {}, open);
}

/*
 * Which side a block starts at, by its first letter. The `auto` of the browser looks through all its
 * descendants again whenever one is added, as long as it finds none.
 */
function direction(text = ""): Attrs {
  const letter = /\p{L}/u.exec(text)?.[0];
  return letter ? { dir: RIGHT_TO_LEFT.test(letter) ? "rtl" : "ltr" } : {};
}

/* Hebrew to Arabic with its kin, their presentation forms, Adlam. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufefc\u{1e800}-\u{1efff}]/u;

/** The first text with a letter, of what isn't a mark of ours. */
function lettered(nodes: readonly VNode[]): string | undefined {
  for (const node of nodes) {
    const isMark = !isText(node) && node.attrs.class === "pw-hidden-char";
    const found = isText(node) ? /\p{L}/u.exec(node.text)?.[0] : !isMark && lettered(node.kids);
    if (found) return found;
  }
  return;
}

export const directionOf = (nodes: readonly VNode[]): Attrs => direction(lettered(nodes));

const blockNodes = (tokens: readonly Token[] = [], blocks: Blocks): VElement[] =>
  tokens.flatMap((token) => blockNode(token, blocks) ?? []);

/** A run of inline text; it keeps its markdown where definitions that come later may change it. */
function run(
  tag: string,
  tokens: Token[] = [],
  blocks: Blocks,
  attrs?: Attrs,
  open = CLOSED,
): VElement {
  const own = blocks.sources.get(tokens) ?? "";
  const source = open.front + own;
  const [kids] = inStretches(inlineNodes(blocks.inline(tokens)), open);
  const { dir } = open.attrs;
  const way = dir ? { dir } : directionOf(kids);
  // a paragraph keeps its line ends by its style, so that its text is still one that grows in place
  const wrap = /^(?:p|span)$/.test(tag) && looksWrapped(withLines(own, open.lines));
  const node = h(tag, { ...way, ...attrs, ...(wrap && { class: "pw-wrapped" }) }, kids);
  if (source.includes("[")) node.source = source;
  return node;
}

/** A fence of the language `math`, whole once its end has come: its formula. */
function mathsFence({ raw, text }: Tokens.Code): VElement {
  const isWhole = /\n[ \t>]*(?:`{3,}|~{3,})[ \t]*\n*$/.test(raw);
  return maths(`$$\n${text}${isWhole ? "\n$$" : ""}`, true);
}

const note = (token: Note, blocks: Blocks): VElement => {
  const first = run("span", token.tokens, blocks);
  const kids = [h("sup", {}, token.label), { text: " " }, first];
  return h("div", "pw-note", kids, blockNodes(token.blocks, blocks));
};

/** A quotation, or an alert: the mark that its first line is becomes its title. */
function quotation({ text, tokens }: Tokens.Blockquote, blocks: Blocks): VElement {
  const [mark = "", name = ""] = alert(text) ?? [];
  const kind = name.toLowerCase();
  if (!mark) return h("blockquote", direction(text), blockNodes(tokens, blocks));
  const [first] = tokens as Tokens.Paragraph[];
  const rest = first?.tokens && blocks.sources.get(first.tokens)?.slice(mark.length);
  if (first?.tokens && rest) blocks.sources.set(first.tokens, rest);
  const title = h("p", "pw-alert-title", kind);
  const way = direction(text.slice(mark.length));
  const its = blockNodes(rest ? tokens : tokens.slice(1), blocks);
  return h("blockquote", { ...way, class: `pw-alert pw-is-${kind}` }, title, its);
}

function list(token: Tokens.List, blocks: Blocks, open: Open): VElement {
  const attrs = open.type ? { ...open.attrs } : direction(token.items[0]?.text);
  if (!open.type && token.ordered && token.start !== 1) attrs.start = `${token.start}`;
  // A class, and paragraphs in either case: a list that turns loose late is not drawn again.
  if (token.loose) attrs.class = "pw-loose";
  const items = token.items.map((item) => listItem(item, blocks));
  return h(token.ordered ? "ol" : "ul", attrs, inParts(items, open.count));
}

function listItem({ tokens, task }: Tokens.ListItem, blocks: Blocks): VElement {
  const kids = blockNodes(tokens, blocks);
  const [first, second] = kids;
  // In a tight list the box stands before the text; it belongs in the same line.
  if (tokens[0]?.type === "checkbox" && first && second?.tag === "p") {
    second.kids.unshift(...first.kids);
    kids.shift();
  }
  return h("li", task ? "pw-task-item" : {}, kids);
}

/** A table. Whole parts of it may have left the node. */
function table(token: Tokens.Table, blocks: Blocks, { count, widths }: Open): VElement {
  const { header, rows } = token;
  const isLong = count + rows.length > PART_ROWS;
  const columns = isLong ? columnWidths(token, rows.length, count, widths) : [];
  const width = `${columns.reduce((sum, each) => sum + each, 0)}`;
  let head = count < PART_ROWS ? h("thead", {}, row(header, "th", blocks)) : [];
  const newPart = () => {
    const cols = columns.map((each) => h("col", { width: `${each}` }));
    const attrs = isLong ? { class: "pw-fixed", width } : {};
    const part = h("table", attrs, h("colgroup", {}, cols), head, h("tbody"));
    head = [];
    return part;
  };
  const body = rows.map((cells) => row(cells, "td", blocks));
  const way = direction(header.map(({ text }) => text).join(" "));
  return h("div", { ...way, class: "pw-table" }, inParts(body, count, PART_ROWS, 0, newPart));
}

const row = (cells: readonly Tokens.TableCell[], tag: string, blocks: Blocks): VElement =>
  h(
    "tr",
    {},
    cells.map(({ tokens, align }) => run(tag, tokens, blocks, align ? { align } : {})),
  );
