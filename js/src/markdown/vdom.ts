// Nodes of a text, and how they become elements of the page.
import { markOf, visible } from "../text/visible";
import { hiddenCharacter } from "../text/words";

/** A text node; `base` characters of the DOM node before it have settled and are not compared. */
export interface VText {
  text: string;
  node?: Text;
  base?: number;
}

export type Attrs = Record<string, string>;

export interface VElement {
  tag: string;
  attrs: Attrs;
  kids: VNode[];
  node?: HTMLElement;
  /** The inline markdown the kids were made of, where that may hold references. */
  source?: string;
  /** The text of what a module may draw in its own way. */
  leaf?: string;
}

export type VNode = VText | VElement;

/** An element; a string for its attributes is its class. */
export const h = (
  tag: string,
  attrs: Attrs | string = {},
  ...kids: Array<string | VNode | VNode[]>
): VElement => ({
  tag,
  attrs: typeof attrs === "string" ? { class: attrs } : attrs,
  kids: kids.flatMap((kid) => (typeof kid === "string" ? textNodes(kid) : kid)),
});

/** A text; what can't be seen becomes a mark. */
export const textNodes = (text: string): VNode[] =>
  visible(text).map((part) =>
    typeof part === "string"
      ? { text: part }
      : h("span", { class: "pw-hidden-char", title: hiddenCharacter(part.code) }, markOf(part)),
  );

export const isText = (v: VNode): v is VText => "text" in v;

export const textOf = (nodes: readonly VNode[]): string =>
  nodes.map((v) => (isText(v) ? v.text : v.tag === "br" ? "\n" : textOf(v.kids))).join("");

export function create(v: VNode): ChildNode {
  if (isText(v)) {
    v.node = document.createTextNode(v.text);
    return v.node;
  }
  const node = document.createElement(v.tag);
  patch({ ...h(v.tag), node }, v);
  return node;
}

/**
 * Makes `old`, the last children of `parent`, look like `next`. Nodes of the same kind at the same
 * place are kept, and a text that only grew is grown in place: a selection lives in these nodes.
 */
export function patchKids(parent: Node, old: readonly VNode[], next: readonly VNode[]): void {
  next.forEach((b, i) => {
    const a = old[i];
    if (!a) parent.appendChild(create(b));
    // a text has no tag; what a module draws has no nodes of ours
    else if ((a as VElement).tag === (b as VElement).tag && "leaf" in a === "leaf" in b)
      patch(a, b);
    else {
      a.node?.after(create(b));
      remove(a);
    }
  });
  old.slice(next.length).forEach(remove);
}

/** The front of a text that has settled stays. */
function remove(v: VNode): void {
  if (isText(v) && v.base) v.node?.deleteData(v.base, v.text.length);
  else v.node?.remove();
}

function patch<V extends VNode>(a: V, b: V): void;
function patch(a: VNode, b: VNode): void {
  if (isText(a)) {
    const { node, text, base = 0 } = a;
    const to = b as VText;
    Object.assign(to, { node, base });
    const same = commonLength(text, to.text);
    if (text !== to.text) node?.replaceData(base + same, text.length - same, to.text.slice(same));
    return;
  }
  const { attrs, kids } = b as VElement;
  const node = a.node as HTMLElement;
  b.node = node;
  for (const name in a.attrs) if (!(name in attrs)) node.removeAttribute(name);
  for (const name in attrs) {
    if (a.attrs[name] !== attrs[name]) node.setAttribute(name, attrs[name] as string);
  }
  const { leaf } = b as VElement;
  const draw = drawers.get(node);
  if (leaf !== undefined && leaf !== a.leaf) {
    touched.push(node);
    draw?.(leaf);
  }
  if (!draw) patchKids(node, a.kids, kids);
}

/** By the elements that a module draws: what receives their new text. */
export const drawers = new WeakMap<Element, (text: string) => unknown>();

/** The elements with a text of their own that were drawn since this list was last emptied. */
export const touched: HTMLElement[] = [];

export function commonLength(a: string, b: string): number {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  return same;
}
