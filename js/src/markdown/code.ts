import { textNodes } from "./inline";
import { h, isText, type VElement, type VNode } from "./vdom";

const LABEL_LENGTH = 32;

/*
 * A browser lays out a block of text from its start whenever it grows. A long listing is therefore
 * a row of blocks of about this many characters, cut at line ends, of which only the last is dirty.
 */
const CHUNK = 4096;

/** Called once for every code block that is complete, to colour it in place. */
export type Highlighter = (code: HTMLElement, language: string) => void;

export const languageOf = (info: string | undefined): string =>
  (info ?? "")
    .trim()
    .split(/[\s{,]/, 1)[0]
    ?.slice(0, LABEL_LENGTH) ?? "";

/** The characters of a code block; marked leaves one line end too many after a blank last line. */
export const codeText = (text: string): string => text.replace(/\n$/, "");

export function codeBlock(text: string, info: string | undefined, filled = 0): VElement {
  const head = h("div", "pw-code-head", h("span", "pw-code-lang", ...textNodes(languageOf(info))), {
    tag: "button",
    attrs: { type: "button", class: "pw-code-copy", "aria-label": "Copy code" },
    kids: [{ text: "Copy" }],
  });
  const code = h("code", null, ...chunks(text, filled));
  const pre: VElement = { tag: "pre", attrs: { tabindex: "0", dir: "ltr" }, kids: [code] };
  return h("div", "pw-code", head, pre);
}

/** `filled`: how much of the first chunk has settled; it ended in a line end. */
function chunks(text: string, filled: number): VNode[] {
  const kids: VNode[] = [];
  let from = 0;
  let room = CHUNK;
  if (filled >= CHUNK || (filled > 0 && !text)) kids.push(h("span", "pw-code-part", { text: "" }));
  else room -= filled;
  while (from < text.length) {
    const end = text.indexOf("\n", from + room - 1);
    const to = end < 0 ? text.length : end + 1;
    kids.push(h("span", "pw-code-part", ...textNodes(text.slice(from, to))));
    from = to;
    room = CHUNK;
  }
  return kids;
}

export const codeElement = (block: VElement): VElement =>
  (block.kids[1] as VElement).kids[0] as VElement;

/**
 * Forgets the first `length` characters of the code: they have settled and stay in the page.
 * Returns how much the chunk that goes on growing holds.
 */
export function dropCode(block: VElement, length: number, filled: number): number {
  const code = codeElement(block);
  let rest = length;
  let held = filled;
  while (rest > 0) {
    const part = code.kids[0] as VElement;
    const size = part.kids.reduce((sum, kid) => sum + sizeOf(kid), 0);
    if (size <= rest && code.kids.length > 1) {
      code.kids.shift();
      rest -= size;
      held = 0;
      continue;
    }
    held += rest;
    while (rest > 0) {
      const kid = part.kids[0] as VNode;
      const kidSize = sizeOf(kid);
      if (isText(kid) && (kidSize > rest || part.kids.length === 1)) {
        kid.base = (kid.base ?? 0) + rest;
        kid.text = kid.text.slice(rest);
        rest = 0;
      } else {
        part.kids.shift();
        rest -= kidSize;
      }
    }
  }
  return held;
}

/** How many characters of the source a node of the code stands for. */
function sizeOf(kid: VNode): number {
  return isText(kid) ? kid.text.length : markOf((kid.kids[0] as { text: string }).text).length;
}

const markOf = (code: string): string => String.fromCodePoint(Number.parseInt(code.slice(2), 16));

/** The text as it was written: what is copied has the characters, not their marks. */
export function originalText(element: Element): string {
  let text = "";
  for (const child of Array.from(element.childNodes)) {
    if (child.nodeType === 3) text += child.nodeValue ?? "";
    else if ((child as Element).classList.contains("pw-hidden-char"))
      text += markOf(child.textContent ?? "U+0");
    else text += originalText(child as Element);
  }
  return text;
}
