/** A text node; `base` characters of the DOM node before it have settled and are not compared. */
export interface VText {
  text: string;
  node?: Text;
  base?: number;
}

export interface VElement {
  tag: string;
  attrs: Readonly<Record<string, string>>;
  kids: VNode[];
  node?: HTMLElement;
  /** The inline markdown the kids from `lead` on were made of. */
  source?: string;
  lead?: number;
}

export type VNode = VText | VElement;

const NONE: Readonly<Record<string, string>> = {};

export function h(tag: string, className?: string | null, ...kids: VNode[]): VElement {
  return { tag, attrs: className ? { class: className } : NONE, kids };
}

export const isText = (v: VNode): v is VText => "text" in v;

export function create(v: VNode): Node {
  if (isText(v)) {
    v.node = document.createTextNode(v.text);
    return v.node;
  }
  const node = document.createElement(v.tag);
  for (const name in v.attrs) node.setAttribute(name, v.attrs[name] as string);
  for (const kid of v.kids) node.appendChild(create(kid));
  v.node = node;
  return node;
}

/**
 * Makes `old`, the last children of `parent`, look like `next`. Nodes of the same kind at the same
 * place are kept, and a text that only grew is grown in place: a selection lives in these nodes.
 */
export function patchKids(parent: Node, old: readonly VNode[], next: readonly VNode[]): void {
  for (let i = 0; i < next.length; i++) {
    const a = old[i];
    const b = next[i] as VNode;
    if (a === b) continue;
    if (a === undefined) parent.appendChild(create(b));
    else if (isText(a) && isText(b)) patchText(a, b);
    else if (!isText(a) && !isText(b) && a.tag === b.tag) patchElement(a, b);
    else replace(a, b);
  }
  for (let i = next.length; i < old.length; i++) removeNode(old[i] as VNode);
}

function replace(a: VNode, b: VNode): void {
  if (isText(a) && a.base) {
    // The front of this node has settled: it stays, only the rest goes.
    const node = a.node as Text;
    node.deleteData(a.base, a.text.length);
    node.parentNode?.insertBefore(create(b), node.nextSibling);
  } else {
    (a.node as ChildNode).replaceWith(create(b));
  }
}

export function removeNode(v: VNode): void {
  if (isText(v) && v.base) v.node?.deleteData(v.base, v.text.length);
  else v.node?.remove();
}

function patchText(a: VText, b: VText): void {
  const node = a.node as Text;
  b.node = node;
  if (a.base) b.base = a.base;
  if (a.text === b.text) return;
  if (b.text.startsWith(a.text)) {
    node.appendData(b.text.slice(a.text.length));
    return;
  }
  let same = 0;
  while (a.text.charCodeAt(same) === b.text.charCodeAt(same)) same++;
  node.replaceData((a.base ?? 0) + same, a.text.length - same, b.text.slice(same));
}

function patchElement(a: VElement, b: VElement): void {
  const node = a.node as HTMLElement;
  b.node = node;
  for (const name in a.attrs) if (!(name in b.attrs)) node.removeAttribute(name);
  for (const name in b.attrs) {
    const value = b.attrs[name] as string;
    if (a.attrs[name] !== value) node.setAttribute(name, value);
  }
  patchKids(node, a.kids, b.kids);
}

/** The last text that is shown, deepest first; null where the end isn't a text. */
export function lastText(nodes: readonly VNode[]): VText | null {
  const last = nodes.at(-1);
  if (last === undefined) return null;
  return isText(last) ? last : lastText(last.kids);
}
