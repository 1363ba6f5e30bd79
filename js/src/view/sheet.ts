// The style of a module, once in each widget that uses it.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Returns the reference of an element, around which the style is put. */
export function useSheet<E extends Element>(css: string): RefObject<E | null> {
  const host = useRef<E>(null);
  useLayoutEffect(() => addSheet(host.current as E, css), []);
  return host;
}

export function addSheet(el: Element, css: string): void {
  const root = el.closest(".pw");
  const sheets = [...(root?.children ?? [])].filter(({ localName }) => localName === "style");
  const isThere = sheets.some(({ textContent }) => textContent === css);
  if (root === null || isThere) return;
  const style = document.createElement("style");
  style.textContent = css;
  root.append(style);
}
