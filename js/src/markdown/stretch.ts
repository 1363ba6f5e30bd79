// A browser lays out a run of text from its start whenever it grows. A very long one is therefore a
// row of blocks, which begin between words: all but the last stay as they are laid out.
import { h, isText, textOf, type VElement, type VNode } from "./vdom";

const LENGTH = 4096;
/** How much longer one without words may get. */
const SLACK = 1024;

const BETWEEN_WORDS = /\S (?=\S)|[\u3040-\u9fff](?=\S)/gu;
const IN_A_WORD = /[\p{L}\p{M}\p{N}](?=[\p{L}\p{N}])/gu;

/** Where a run stands: how many stretches have begun after the first, and the length of the last. */
export interface Place {
  count: number;
  length: number;
}

/** Puts the nodes of a run in stretches; the first stands bare. `from`: where the run goes on. */
export function inStretches(
  nodes: readonly VNode[],
  from: Place = { count: 0, length: 0 },
): [kids: VNode[], end: Place] {
  const kids: VNode[] = [];
  let { count, length } = from;
  let home = kids;
  const begin = () => {
    const stretch = h("span", "pw-stretch");
    kids.push(stretch);
    home = stretch.kids;
  };
  if (count) begin();
  let before = "";
  for (const [at, node] of nodes.entries()) {
    let rest = node;
    // a list of addresses has nothing but blanks between them
    const after = textOf(nodes.slice(at + 1, at + 2)).charAt(0);
    while (isText(rest)) {
      const { text }: { text: string } = rest;
      const end = cutIn(before + text + after, before.length + LENGTH - length) - before.length;
      if (end > text.length) break;
      if (end) home.push({ text: text.slice(0, end) });
      rest = { text: text.slice(end) };
      before = "";
      begin();
      count++;
      length = 0;
    }
    const text = textOf([rest]);
    if (text || !isText(rest)) home.push(rest);
    length += text.length;
    before = text.slice(-1);
  }
  return [kids, { count, length }];
}

/** Where a text is cut, at or after `from`. */
function cutIn(text: string, from: number): number {
  const ends = [BETWEEN_WORDS, IN_A_WORD].map((place, i) => {
    place.lastIndex = Math.max(0, from + i * SLACK);
    return place.lastIndex < text.length && place.test(text) ? place.lastIndex : Infinity;
  });
  return Math.min(...ends);
}

/** Forgets the nodes of a run up to `end`, but for the text that goes on there. */
export function dropStretches(kids: VNode[], nodes: VNode[], from: Place): Place | undefined {
  const last = nodes.at(-1);
  if (!last || !isText(last)) return;
  // what follows decides whether a stretch begins there
  last.text += "x";
  const [gone, end] = inStretches(nodes, from);
  const within = (list: VNode[]) => (end.count ? (list.at(-1) as VElement).kids : list);
  const [whole, home] = end.count
    ? [gone.length - 1, (kids[gone.length - 1] as VElement | undefined)?.kids]
    : [0, kids];
  const past = within(gone);
  const length = textOf(past.slice(-1)).length - 1;
  const seam = home?.[past.length - 1];
  if (!home || !seam || (length && !(isText(seam) && seam.text.length >= length))) return;
  kids.splice(0, whole);
  home.splice(0, past.length - 1);
  if (length && isText(seam)) {
    seam.base = (seam.base ?? 0) + length;
    seam.text = seam.text.slice(length);
    // an element follows: nothing goes on in this text
    if (!seam.text) home.shift();
  }
  return { count: end.count, length: end.length - 1 };
}
