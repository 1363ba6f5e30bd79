/** Puts the style of a module once into the widget around an element. */
export function addSheet(el: Element, css: string): void {
  const root = el.closest(".pw");
  const sheets = [...(root?.children ?? [])].filter(({ localName }) => localName === "style");
  const isThere = sheets.some(({ textContent }) => textContent === css);
  if (root === null || isThere) return;
  const style = document.createElement("style");
  style.textContent = css;
  root.append(style);
}
