import { h, isText, textOf, type VElement, type VNode } from "./vdom";

/*
 * A browser lays out a run of text from its start whenever it grows. A very long one is therefore a
 * row of blocks, which begin between words: all but the last stay as they are laid out.
 */
const LENGTH = 4096;
/** How much longer one without words may get. */
const SLACK = 1024;

const BETWEEN_WORDS = /\S (?=\S)|[\u3040-\u9fff](?=\S)/gu;
const IN_A_WORD = /[\p{L}\p{N}](?=[\p{L}\p{N}])/gu;

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
  for (const node of nodes) {
    let rest = node;
    while (isText(rest)) {
      const { text }: { text: string } = rest;
      const end = cutIn(text, LENGTH - length);
      if (!end) break;
      home.push({ text: text.slice(0, end) });
      rest = { text: text.slice(end) };
      begin();
      count++;
      length = 0;
    }
    home.push(rest);
    length += textOf([rest]).length;
  }
  return [kids, { count, length }];
}

/** Where a text is cut, at or after `from`; 0 if nowhere. */
function cutIn(text: string, from: number): number {
  const [word, any] = [BETWEEN_WORDS, IN_A_WORD].map((place, i) => {
    place.lastIndex = Math.max(0, from + i * SLACK);
    return place.lastIndex < text.length && place.test(text) ? place.lastIndex : Infinity;
  }) as [number, number];
  const end = Math.min(word, any);
  return end < Infinity ? end : 0;
}

/**
 * Forgets the nodes of a run up to `end`, but for the text that goes on there.
 */
export function dropStretches(kids: VNode[], nodes: VNode[], from: Place): Place | undefined {
  const last = nodes.at(-1);
  if (!last || !isText(last)) return;
  // what follows decides whether a stretch begins there
  last.text += "x";
  const [gone, end] = inStretches(nodes, from);
  const within = (list: VNode[]) => (end.count ? (list.at(-1) as VElement).kids : list);
  if (end.count) kids.splice(0, gone.length - 1);
  const home = end.count ? (kids[0] as VElement).kids : kids;
  const past = within(gone);
  home.splice(0, past.length - 1);
  const seam = home[0];
  if (!seam || !isText(seam)) return;
  const length = textOf(past.slice(-1)).length - 1;
  seam.base = (seam.base ?? 0) + length;
  seam.text = seam.text.slice(length);
  return { count: end.count, length: end.length - 1 };
}
