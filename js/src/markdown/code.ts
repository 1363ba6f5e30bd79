// Listings as nodes.
import { copyCode, copy as copyWord } from "../text/words";
import { h, type VElement } from "./vdom";

/*
 * A browser lays out a block of text from its start whenever it grows. A long listing is therefore
 * a row of blocks of about this many characters, cut at line ends, of which only the last is dirty.
 */
const CHUNK = 2048;

/** A line without end is cut here: it would be one block of any length. */
const LINE = 16_384;

/** The chunks of a listing; marked leaves one line end too many after a blank last line. */
export function chunks(code: string): string[] {
  const text = code.replace(/\n$/, "");
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at + CHUNK - 1) + 1 || text.length;
    const isPair = /[\ud800-\udbff]/.test(text.charAt(at + LINE - 1));
    const to = Math.min(end, at + LINE + Number(isPair));
    found.push(text.slice(at, to));
    at = to;
  }
  return found;
}

export function codeBlock(code: string, info = ""): VElement {
  const language = /^[^\s{,]{0,32}/.exec(info.trim())?.[0] ?? "";
  const copy = { type: "button", class: "pw-code-copy", "aria-label": copyCode };
  const parts = chunks(code).map((leaf) => ({ ...h("span", "pw-code-part", leaf), leaf }));
  return h(
    "div",
    "pw-code",
    h("div", "pw-code-head", h("span", "pw-code-lang", language), h("button", copy, copyWord)),
    h("pre", { tabindex: "0", dir: "ltr" }, h("code", {}, parts)),
  );
}
