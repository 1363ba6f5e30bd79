// A browser looks at every child of a box when one is added. Beyond the first few, blocks and
// list items stand in parts, of which only the last is looked at; margins, numbering and reading
// go through them. The rows of a table stand in parts from the first.
import type { Tokens } from "marked";
import { h, type VElement, type VNode } from "./vdom";

const PART = 32;

const newPart = (): VElement => h("div", { class: "pw-part", role: "presentation" });

/** The nodes of a part; those of a table are in its body, its last child. */
const within = (part: VElement): VElement[] =>
  (part.tag === "table" ? within(part.kids.at(-1) as VElement) : part.kids) as VElement[];

/** Puts nodes in parts after the first `alone`; `from` nodes before them have settled. */
export function inParts(
  nodes: readonly VElement[],
  from: number,
  size = PART,
  alone = PART,
  make = newPart,
): VElement[] {
  const kids: VElement[] = [];
  let part: VElement | undefined;
  const next = () => {
    part = make();
    kids.push(part);
  };
  // A part that has begun stays, also while nothing of it is in the tail.
  if (from >= alone && (from % size || !from)) next();
  nodes.forEach((node, i) => {
    const at = from + i;
    if (at < alone) {
      kids.push(node);
    } else {
      if (!part || (i && at % size === 0)) next();
      within(part as VElement).push(node);
    }
  });
  return kids;
}

/** Forgets the first `count` nodes in `kids`, and the parts that are whole; returns all of them. */
export function dropParts(
  kids: VNode[],
  count: number,
  from: number,
  size = PART,
  alone = PART,
): VNode[] {
  const dropped: VNode[] = [];
  const drop = (list: VNode[]) => dropped.push(...list.splice(0, 1));
  for (let at = from; at < from + count; at++) {
    if (at < alone) {
      drop(kids);
    } else {
      drop(within(kids[0] as VElement));
      if ((at + 1) % size === 0) drop(kids);
    }
  }
  return dropped;
}

/*
 * A browser measures every row of a table when one is added. A long table is therefore a row of
 * tables, whose columns get the widths that the longest cells of the first part ask for.
 */
export const PART_ROWS = 100;

/** What the first `count` rows, after `from` settled ones, ask for, as far as they are in the first part. */
export const columnWidths = (
  { header, rows }: Tokens.Table,
  count: number,
  from: number,
  settled: readonly number[],
): number[] => {
  const measured = [header, ...rows.slice(0, Math.max(0, Math.min(count, PART_ROWS - from)))];
  return header.map((_, i) =>
    Math.max(
      settled[i] ?? 43,
      ...measured.map((cells) => Math.min(cells[i]?.text.length ?? 0, 48) * 7 + 22),
    ),
  );
};
