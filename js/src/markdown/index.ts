import type { Token, Tokens } from "marked";
import { hasHidden } from "../visible";
import { codeElement, type Highlighter } from "./code";
import { listenForControls } from "./controls";
import { Incoming } from "./incoming";
import { Blocks, collectDefinitions, type Links } from "./lex";
import { advance, type Open, openNode } from "./open";
import { dropParts, inParts } from "./parts";
import { References } from "./references";
import { closeInline, showable } from "./repair";
import { settledTokens } from "./settle";
import { isText, lastText, patchKids, removeNode, type VElement } from "./vdom";

export type { Highlighter } from "./code";
export { markdownCss } from "./style";

export interface MarkdownOptions {
  /** Puts the text of a code block on the clipboard; without it the browser's own is used. */
  copy?: (text: string) => Promise<void> | void;
  /** Colours a code block in place once it is complete. */
  highlight?: Highlighter;
}

/** A tail larger than this that can't settle is lexed again only after it grew by a twelfth. */
const LARGE_TAIL = 6000;

const noLinks = (): Links => Object.create(null) as Links;

/**
 * Shows markdown that arrives in pieces. What has settled is in the page and forgotten here; only
 * the tail is kept as text, and is lexed again at each paint.
 */
export class MarkdownView {
  private readonly incoming = new Incoming();
  private tail = "";
  /** What is painted for the tail, by block. */
  private painted: VElement[] = [];
  /** The same as it stands in the host. */
  private parts: VElement[] = [];
  /** Number of blocks that have settled. */
  private settledBlocks = 0;
  private open: Open | null = null;
  private links = noLinks();
  private references = new References();
  private finished = false;
  private dirty = false;
  private stale = false;
  /** Length of the tail when it was last lexed. */
  private lexed = 0;
  private readonly stopListening: () => void;

  constructor(
    private readonly host: HTMLElement,
    private readonly options: MarkdownOptions = {},
  ) {
    host.classList.add("pw-md");
    this.stopListening = listenForControls(host, options.copy);
  }

  append(text: string): void {
    if (!text) return;
    this.finished = false;
    this.dirty = true;
    this.incoming.push(text);
  }

  reset(text: string): void {
    this.incoming.clear();
    this.stale = true;
    this.finished = false;
    this.dirty = true;
    if (text) this.incoming.push(text);
  }

  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.dirty = true;
  }

  destroy(): void {
    this.stopListening();
    this.incoming.clear();
    this.startOver();
    this.dirty = false;
    this.host.classList.remove("pw-md");
  }

  paint(): void {
    if (!this.dirty) return;
    this.dirty = false;
    if (this.stale) this.startOver();
    const added = this.incoming.take(this.finished);
    this.tail += added;
    if (this.finished || !this.postpone(added)) this.paintTail();
  }

  private startOver(): void {
    this.stale = false;
    this.host.replaceChildren();
    this.tail = "";
    this.painted = [];
    this.parts = [];
    this.settledBlocks = 0;
    this.open = null;
    this.links = noLinks();
    this.references = new References();
    this.lexed = 0;
  }

  /**
   * Shows new text at the end of a large tail as it is, to be lexed later: a quotation of hundreds of
   * lines is one token to the lexer, and would cost its whole length for each paint.
   */
  private postpone(added: string): boolean {
    if (this.lexed < LARGE_TAIL || this.tail.length - this.lexed > this.lexed / 12) return false;
    const end = lastText(this.painted);
    if (end?.node && added && !hasHidden(added)) {
      end.node.appendData(added);
      end.text += added;
    }
    return true;
  }

  private paintTail(): void {
    const { open } = this;
    const prefix = open?.prefix ?? "";
    const arrived = prefix + this.tail;
    let text = arrived;
    let blocks = new Blocks(text, this.links);
    if (!this.finished) {
      text = showable(arrived, endsInCode(blocks.tokens));
      if (text !== arrived) blocks = new Blocks(text, this.links);
    }
    const { tokens } = blocks;
    if (open && tokens[0]?.type !== open.type) {
      this.reopen(open);
      this.paintTail();
      return;
    }
    const sure = commonLength(text, arrived);
    const settled = this.finished
      ? { count: tokens.length, end: arrived.length }
      : settledTokens(tokens, text, sure);
    const rest = tokens.slice(settled.count);
    this.paintBlocks(tokens, settled.count, blocks);
    if (settled.count > 0) {
      this.open = null;
      this.tail = arrived.slice(settled.end);
    }
    const [first] = rest;
    const node = this.painted[0];
    if (first && node && !this.finished) {
      const shown = text.slice(settled.end);
      this.advance(first, node, shown, sure - settled.end, rest.length === 1);
    }
    this.lexed = this.tail.length;
  }

  private paintBlocks(tokens: Token[], settledCount: number, blocks: Blocks): void {
    const labels: string[] = [];
    collectDefinitions(tokens.slice(0, settledCount), this.links, (label) => labels.push(label));
    if (!this.finished) repairEnd(tokens, blocks);
    const next: VElement[] = [];
    let settledNodes = 0;
    for (const [i, token] of tokens.entries()) {
      const node = openNode(token, blocks, i === 0 ? this.open : null);
      if (node) next.push(node);
      if (i < settledCount) settledNodes = next.length;
    }
    const parts = inParts(next, this.settledBlocks);
    patchKids(this.host, this.parts, parts);
    this.parts = parts;
    this.painted = next;
    for (const node of this.forget(settledNodes)) this.settle(node);
    this.references.define(labels, this.links);
  }

  /** Lets go of the first `count` blocks of the tail; they stay in the page. */
  private forget(count: number): VElement[] {
    dropParts(this.parts, count, this.settledBlocks);
    this.settledBlocks += count;
    return this.painted.splice(0, count);
  }

  private settle(node: VElement): void {
    this.references.note(node, this.links);
    if (this.options.highlight) highlightIn(node, this.options.highlight);
  }

  /** Settles what it can of the first block of the tail. */
  private advance(token: Token, node: VElement, text: string, sure: number, alone: boolean): void {
    const step = advance(token, node, text, sure, alone, this.open);
    if (!step) return;
    this.open = step.open;
    this.tail = this.tail.slice(step.length);
    for (const settled of step.nodes) this.settle(settled);
    const labels: string[] = [];
    collectDefinitions(step.tokens, this.links, (label) => labels.push(label));
    this.references.define(labels, this.links);
  }

  /** The open block turned out to be another kind: a paragraph got an underline or a table's row. */
  private reopen(open: Open): void {
    this.tail = open.front.join("") + this.tail;
    this.open = null;
    const node = this.painted[0];
    if (!node) return;
    if (open.type === "paragraph") {
      node.node?.replaceChildren();
      node.kids = [];
    } else {
      // Never seen: what has settled stays, the rest is painted as a block of its own.
      for (const kid of node.kids) removeNode(kid);
      this.forget(1);
    }
  }
}

function highlightIn(node: VElement, highlight: Highlighter): void {
  if (node.attrs.class === "pw-code") {
    const code = codeElement(node).node;
    if (code) highlight(code, node.node?.querySelector(".pw-code-lang")?.textContent ?? "");
    return;
  }
  for (const kid of node.kids) if (!isText(kid)) highlightIn(kid, highlight);
}

/** Descends to where the text ends. */
function lastLeaf(tokens: readonly Token[] | undefined): Token | undefined {
  const last = tokens?.at(-1);
  if (last?.type === "list") return lastLeaf((last as Tokens.List).items.at(-1)?.tokens);
  return last?.type === "blockquote" ? lastLeaf((last as Tokens.Blockquote).tokens) : last;
}

const endsInCode = (tokens: readonly Token[]): boolean => lastLeaf(tokens)?.type === "code";

function repairEnd(tokens: readonly Token[], blocks: Blocks): void {
  const leaf = lastLeaf(tokens);
  if (leaf?.type === "table") {
    const { header, rows } = leaf as Tokens.Table;
    const cell = (rows.at(-1) ?? header).findLast((each) => each.text);
    if (cell) repairRun(cell.tokens, blocks);
  } else if (leaf) {
    const { tokens: run } = leaf as Tokens.Generic;
    if (run) repairRun(run, blocks);
  }
}

function repairRun(run: Token[], blocks: Blocks): void {
  const source = blocks.source(run);
  if (source) blocks.replace(run, closeInline(source));
}

function commonLength(a: string, b: string): number {
  if (b.startsWith(a)) return a.length;
  let same = 0;
  while (same < a.length && a.charCodeAt(same) === b.charCodeAt(same)) same++;
  return same;
}
