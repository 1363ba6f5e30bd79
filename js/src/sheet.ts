/** Puts the style of a module once into the widget around an element. */
export function addSheet(el: Element, css: string): void {
  const root = el.closest(".pw");
  const isThere = [...(root?.children ?? [])].some((each) => each.textContent === css);
  if (root === null || isThere) return;
  const style = document.createElement("style");
  style.textContent = css;
  root.append(style);
}
