// Markdown that grows in the page, piece by piece.
import type { Token, Tokens } from "marked";
import { cost, hasHidden } from "../text/visible";
import { leftOut } from "../text/words";
import { blockNode, directionOf } from "./blocks";
import { listenForControls } from "./controls";
import { inlineNodes } from "./inline";
import { normalized } from "./label";
import { Blocks, CITED, collectDefinitions, type Links, labelsIn, lexInline } from "./lex";
import { advance, CLOSED } from "./open";
import { dropParts, inParts } from "./parts";
import { showable } from "./repair";
import { settledTokens } from "./settle";
import { inStretches } from "./stretch";
import {
  commonLength,
  create,
  isText,
  patchKids,
  touched,
  type VElement,
  type VNode,
  type VText,
} from "./vdom";

export { default as markdownCss } from "./style.css?inline";
export { drawers } from "./vdom";

export interface MarkdownOptions {
  /** Puts the text of a code block on the clipboard; without it the browser's own is used. */
  copy?: (text: string) => Promise<void> | void;
  /** Receives the listings and formulas that were drawn, which a module may draw better. */
  drawn?: (elements: HTMLElement[]) => void;
}

/** A tail larger than this that can't settle is lexed again only after it grew by a twelfth. */
const LARGE_TAIL = 6000;

/** How much is drawn of a text, in letters. */
const ROOM = 2_000_000;

/** More marks than this on one letter are shown beside it, as those that no script needs are. */
const TOWER = 6;

/** How much settled text definitions may paint again before the end. */
const AGAIN = 200_000;

/**
 * Shows markdown that arrives in pieces. What has settled is in the page and forgotten here; only
 * the tail is kept as text, and is lexed again at each paint.
 */
export class MarkdownView {
  readonly #host: HTMLElement;
  /** Text that waits for the next paint. */
  #incoming = "";
  #tail = "";
  /** What is painted for the tail, by block. */
  #painted: VElement[] = [];
  /** The same as it stands in the host. */
  #parts: VNode[] = [];
  /** Number of blocks that have settled. */
  #settled = 0;
  #open = CLOSED;
  #links: Links = Object.create(null);
  #cited: ReadonlySet<string> = new Set();
  readonly #drawn: MarkdownOptions["drawn"];
  /** Settled text by the labels in it that nobody has defined yet: a definition paints it again. */
  #waiting: Record<string, VElement[]> = Object.create(null);
  /** What is to be painted again, and how much was. */
  readonly #due = new Set<VElement>();
  #spent = 0;
  #room = ROOM;
  /** The last character that came, and how many marks on a letter came in a row. */
  #last = "";
  #tower = 0;
  /** How many characters there was no room for, and the note that says so. */
  #left = 0;
  readonly #note = document.createElement("p");
  #finished = false;
  #dirty = false;
  #stale = false;
  /** Length of the tail when it was last lexed. */
  #lexed = 0;

  constructor(host: HTMLElement, options: MarkdownOptions = {}) {
    this.#host = host;
    this.#drawn = options.drawn;
    host.classList.add("pw-md");
    this.#note.className = "pw-left-out";
    listenForControls(host, options.copy);
  }

  append(text: string): void {
    if (!text) return;
    this.#incoming += text;
    this.#finished = false;
    this.#dirty = true;
  }

  reset(text: string): void {
    this.#incoming = text;
    this.#stale = true;
    this.#finished = false;
    this.#dirty = true;
  }

  /** The keys of the run's sources; their marks in the text become buttons. */
  cite(keys: readonly string[]): void {
    const cited = new Set(keys.map(normalized));
    const changed = [...cited, ...this.#cited].filter(
      (key) => !(cited.has(key) && this.#cited.has(key)),
    );
    if (!changed.length) return;
    this.#cited = cited;
    this.#links[CITED] = cited;
    this.#again(changed.flatMap((key) => this.#waiting[key] ?? []));
    if (this.#open.front) this.#reopen();
    this.#dirty = true;
    this.#handOver();
  }

  finish(): void {
    this.#dirty ||= !this.#finished;
    this.#finished = true;
  }

  destroy(): void {
    this.reset("");
    this.paint();
    this.#host.onclick = null;
    this.#host.classList.remove("pw-md");
  }

  paint(): void {
    if (!this.#dirty) return;
    this.#dirty = false;
    if (this.#stale) this.#startOver();
    const added = this.#take();
    this.#tail += added;
    if (this.#finished || !this.#postpone(added)) this.#paintTail();
    if (this.#left) {
      this.#note.textContent = leftOut(this.#left);
      this.#host.append(this.#note);
    }
    this.#handOver();
  }

  /** Before another text is painted: all texts note in one list what they have drawn. */
  #handOver(): void {
    const elements = touched.splice(0);
    this.#drawn?.(elements);
  }

  #startOver(): void {
    this.#stale = false;
    this.#host.replaceChildren();
    this.#tail = "";
    this.#painted = [];
    this.#parts = [];
    this.#settled = 0;
    this.#open = CLOSED;
    this.#links = Object.create(null);
    this.#links[CITED] = this.#cited;
    this.#waiting = Object.create(null);
    this.#room = ROOM;
    this.#last = "";
    this.#tower = 0;
    this.#left = 0;
    this.#due.clear();
    this.#spent = 0;
    this.#lexed = 0;
  }

  /**
   * Takes what has come, with "\n" for every line end as in marked. Half a character, or of what may
   * be a line end of two, waits for the rest.
   */
  #take(): string {
    const text = this.#incoming;
    const isHalf = !this.#finished && /[\r\ud800-\udbff]/.test(text.slice(-1));
    const end = text.length - Number(isHalf);
    this.#incoming = text.slice(end);
    return this.#limited(text.slice(0, end).replace(/\r\n?/g, "\n"));
  }

  /** As much of a text as there is room for; what is left out is counted at the end. */
  #limited(text: string): string {
    let end = 0;
    for (const char of text) {
      if (this.#room <= 0) break;
      end += char.length;
      this.#tower = /\p{M}/u.test(char) ? this.#tower + 1 : 0;
      const isMarked = this.#tower > TOWER && char !== this.#last;
      this.#room -= cost(isMarked ? "\0" : char, this.#last);
      this.#last = char;
    }
    this.#left += Math.max(0, text.length - end);
    this.#finished ||= this.#left > 0;
    return text.slice(0, end);
  }

  /**
   * Shows new text at the end of a large tail as it is, to be lexed later: a quotation of hundreds of
   * lines is one token to the lexer, and would cost its whole length for each paint.
   */
  #postpone(added: string): boolean {
    if (this.#lexed < LARGE_TAIL || this.#tail.length - this.#lexed > this.#lexed / 12)
      return false;
    const end = lastText(this.#painted);
    if (end && !hasHidden(added)) {
      end.node?.appendData(added);
      end.text += added;
    }
    return true;
  }

  #paintTail(): void {
    const arrived = this.#open.prefix + this.#tail;
    let text = arrived;
    const open = this.#open;
    let blocks = new Blocks(text, this.#links, open, !this.#finished);
    if (!this.#finished) {
      text = showable(arrived, /^(?:code|maths)$/.test(lastLeaf(blocks.tokens)?.type ?? ""));
      if (text !== arrived) blocks = new Blocks(text, this.#links, open, true);
    }
    const { tokens } = blocks;
    if (open.type && tokens[0]?.type !== open.type) {
      // It turned out to be another kind: it got an underline or a table's row.
      this.#reopen();
      this.#paintTail();
      return;
    }
    const known = arrived.slice(0, commonLength(text, arrived));
    const { count, end } = this.#finished
      ? { count: tokens.length, end: arrived.length }
      : settledTokens(tokens, text, known);
    const defined = this.#define(tokens.slice(0, count));
    if (!this.#finished) blocks.end = lastRun(tokens);
    const nodes = tokens.map((token, i) => blockNode(token, blocks, i ? CLOSED : open) ?? []);
    this.#painted = nodes.flat();
    const parts = inParts(this.#painted, this.#settled);
    patchKids(this.#host, this.#parts, parts);
    this.#parts = parts;
    const [first] = this.#painted;
    // Its front was drawn before these came.
    const isLate = defined.size > 0 && labelsIn(open.front).some((label) => defined.has(label));
    if (first && isLate) this.#again([first]);
    const settled = nodes.slice(0, count).flat().length;
    this.#settle(dropParts(parts, settled, this.#settled));
    this.#settled += settled;
    this.#painted.splice(0, settled);
    if (count) {
      this.#open = CLOSED;
      this.#tail = arrived.slice(end);
    }
    const token = tokens[count];
    const [node] = this.#painted;
    const step = token && node && advance(token, node, known.slice(end), this.#open);
    if (step) {
      const [next, length, gone = [], its = []] = step;
      this.#tail = this.#tail.slice(length - this.#open.prefix.length);
      this.#open = next;
      this.#settle(gone);
      this.#define(its);
    }
    this.#lexed = this.#tail.length;
  }

  /** Takes back the front of the open paragraph. */
  #reopen(): void {
    this.#tail = this.#open.front + this.#tail;
    this.#open = CLOSED;
    const [node] = this.#painted;
    node?.node?.replaceChildren();
    if (node) node.kids = [];
  }

  /** Notes what may yet change of nodes that have settled. */
  #settle(nodes: readonly VNode[]): void {
    for (const node of nodes) {
      if (isText(node)) continue;
      for (const label of labelsIn(node.source ?? "")) {
        if (label in this.#links) continue;
        this.#waiting[label] ??= [];
        this.#waiting[label].push(node);
      }
      this.#settle(node.kids);
    }
  }

  /** Paints again what used the labels that settled tokens define. */
  #define(tokens: readonly Token[]): Set<string> {
    const defined = new Set<string>();
    const again: VElement[] = [];
    collectDefinitions(tokens, this.#links, (label) => {
      defined.add(label);
      again.push(...(this.#waiting[label] ?? []));
      delete this.#waiting[label];
    });
    this.#again(again);
    return defined;
  }

  /** A long text that many definitions change is drawn again at the end: each costs its length. */
  #again(units: readonly VElement[]): void {
    for (const unit of units) this.#due.add(unit);
    for (const unit of this.#due) {
      if (this.#spent > AGAIN && !this.#finished) return;
      this.#due.delete(unit);
      const { node, source = "" } = unit;
      this.#spent += source.length;
      const [kids] = inStretches(inlineNodes(lexInline(source, this.#links)));
      node?.replaceChildren(...node.querySelectorAll(".pw-task"), ...kids.map(create));
      // an address that a definition took away may have had its first letter
      node?.setAttribute("dir", directionOf(kids).dir ?? "");
    }
  }
}

/** The last text that is shown, deepest first, if the end is a text. */
function lastText(nodes: readonly VNode[]): VText | undefined {
  const last = nodes.at(-1);
  return last && (isText(last) ? last : lastText(last.kids));
}

/** Descends to where the text ends. */
function lastLeaf(tokens: readonly Token[] = []): Token | undefined {
  const last = tokens.at(-1);
  if (last?.type === "list") return lastLeaf(last.items.at(-1).tokens);
  return last?.type === "blockquote" ? lastLeaf(last.tokens) : last;
}

/** The inline run that the text ends with. */
function lastRun(tokens: readonly Token[]): Token[] | undefined {
  let leaf = lastLeaf(tokens) as Tokens.Generic | undefined;
  if (leaf?.type === "table") {
    const { header, rows } = leaf as Tokens.Table;
    leaf = (rows.at(-1) ?? header).findLast((cell) => cell.text) as Tokens.Generic | undefined;
  }
  return leaf?.tokens;
}
