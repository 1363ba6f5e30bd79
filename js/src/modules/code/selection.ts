/** Draws an element anew and selects again what was selected of it: its text stays the same. */
export function keepingSelection(el: Element, draw: () => void): void {
  const selection = el.ownerDocument.getSelection();
  const ends = selection && [
    [selection.anchorNode, selection.anchorOffset] as const,
    [selection.focusNode, selection.focusOffset] as const,
  ];
  // Asked last: to tell whether anything is selected, a browser lays out the page.
  if (!ends?.some(([node]) => node !== null && el.contains(node)) || selection?.isCollapsed) {
    draw();
    return;
  }
  const places = ends.map(([node, offset]) =>
    el.contains(node) ? lengthTo(el, node, offset) : -1,
  );
  draw();
  const [anchor, focus] = ends.map(([node, offset], i) => {
    const length = places[i] ?? -1;
    return length < 0 ? ([node, offset] as const) : placeAt(el, length);
  });
  if (anchor?.[0] && focus?.[0])
    selection?.setBaseAndExtent(anchor[0], anchor[1], focus[0], focus[1]);
}

/** How much text of an element stands before a place in it. */
function lengthTo(el: Element, node: Node | null, offset: number): number {
  const range = el.ownerDocument.createRange();
  range.setStart(el, 0);
  if (node !== null) range.setEnd(node, offset);
  return range.toString().length;
}

/** The place in an element that has so much text before it. */
function placeAt(el: Element, length: number): readonly [Node, number] {
  const texts = el.ownerDocument.createTreeWalker(el, NodeFilter.SHOW_TEXT);
  let left = length;
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const here = (text as Text).length;
    if (left <= here) return [text, left];
    left -= here;
  }
  return [el, el.childNodes.length];
}
