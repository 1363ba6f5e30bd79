// The few tags of HTML that models write where markdown has nothing: a line's end, small letters
// above and below, keys. Each is made as a node, and has no attributes; all other HTML is text.
import { h, isText, textNodes, type VNode } from "./vdom";

/** A text that isn't nodes yet, or a node. */
type Piece = string | VNode;

export const BREAK = /^<br ?\/?>$/i;
const TAG = /^<(\/?)(sub|sup|kbd)>$/i;

/** More within one another are text. */
const DEEPEST = 4;

/** A tag that is open: what was written, and what stands in it so far. */
interface Frame {
  tag: string;
  raw: string;
  parts: Piece[];
}

/** Puts pieces of a line together: texts, nodes, and the tags among them. */
export class Pieces {
  #frames: Frame[] = [{ tag: "", raw: "", parts: [] }];
  #isBroken = false;

  add(...pieces: Piece[]): void {
    for (const piece of pieces) {
      if (typeof piece === "string") {
        // the line that ends behind a break or a display formula has ended already
        const part = this.#isBroken ? piece.replace(/^[ \t]*\n/, "") : piece;
        if (part) this.#isBroken = false;
        this.#top().parts.push(part);
      } else {
        this.#isBroken = !isText(piece) && /display/.test(piece.attrs.class ?? "");
        this.#top().parts.push(piece);
      }
    }
  }

  /** A piece of HTML. */
  html(raw: string): void {
    const [, slash, name = ""] = TAG.exec(raw) ?? [];
    const tag = name.toLowerCase();
    const at = this.#frames.findLastIndex((frame) => frame.tag === tag);
    if (BREAK.test(raw)) {
      this.add(h("br"));
      this.#isBroken = true;
    } else if (tag && !slash && this.#frames.length <= DEEPEST) {
      this.#frames.push({ tag, raw, parts: [] });
    } else if (tag && slash && at > 0) {
      while (this.#frames.length > at + 1) this.#flush();
      const { parts } = this.#frames.pop() as Frame;
      this.add(h(tag, {}, nodesOf(parts)));
    } else {
      this.add(raw);
    }
  }

  /** All as nodes; what is still open is text. */
  nodes(): VNode[] {
    while (this.#frames.length > 1) this.#flush();
    return nodesOf(this.#top().parts);
  }

  #top(): Frame {
    return this.#frames.at(-1) as Frame;
  }

  #flush(): void {
    const { raw, parts } = this.#frames.pop() as Frame;
    this.#top().parts.push(raw, ...parts);
  }
}

/** Neighbouring texts become one node, so that it can grow in place. */
function nodesOf(parts: readonly Piece[]): VNode[] {
  const nodes: VNode[] = [];
  let text = "";
  for (const part of parts) {
    if (typeof part === "string") {
      text += part;
    } else {
      nodes.push(...textNodes(text), part);
      text = "";
    }
  }
  return [...nodes, ...textNodes(text)];
}
