import type { VElement } from "./vdom";

/*
 * A browser looks at every child of a box when one is added. Beyond the first few, blocks and list
 * items stand in parts, of which only the last is looked at; margins, numbering and reading go
 * through them.
 */
const PART = 32;

const newPart = (): VElement => ({
  tag: "div",
  attrs: { class: "pw-part", role: "presentation" },
  kids: [],
});

/** Puts nodes in parts; `from` nodes before them have settled. */
export function inParts(nodes: readonly VElement[], from: number): VElement[] {
  const kids: VElement[] = [];
  // A part that has begun stays, also while nothing of it is in the tail.
  let part = from > PART && from % PART !== 0 ? newPart() : undefined;
  if (part) kids.push(part);
  for (const [i, node] of nodes.entries()) {
    const at = from + i;
    if (at < PART) {
      kids.push(node);
      continue;
    }
    if (!part || at % PART === 0) {
      part = newPart();
      kids.push(part);
    }
    part.kids.push(node);
  }
  return kids;
}

/** Forgets the first `count` nodes in `kids`, and the parts that are whole; returns the nodes. */
export function dropParts(kids: VElement[], count: number, from: number): VElement[] {
  const dropped: VElement[] = [];
  for (let at = from; at < from + count; at++) {
    if (at < PART) {
      dropped.push(kids.shift() as VElement);
      continue;
    }
    dropped.push((kids[0] as VElement).kids.shift() as VElement);
    if ((at + 1) % PART === 0) kids.shift();
  }
  return dropped;
}
