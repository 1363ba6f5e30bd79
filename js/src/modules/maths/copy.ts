const listening = new WeakSet<Element>();

/** What is copied of a text has the sources of its formulas: their letters alone say little. */
export function copySources(formula: Element): void {
  const text = formula.closest<HTMLElement>(".pw-md");
  if (text === null || listening.has(text)) return;
  listening.add(text);
  text.addEventListener("copy", onCopy);
}

function onCopy(event: ClipboardEvent): void {
  const selection = document.getSelection();
  const copied = selection?.rangeCount ? selection.getRangeAt(0).cloneContents() : null;
  const formulas = copied?.querySelectorAll<HTMLElement>(".pw-maths[title]") ?? [];
  if (copied === null || formulas.length === 0 || !event.clipboardData) return;
  for (const formula of formulas) formula.replaceChildren(formula.title);
  const shown = document.createElement("div");
  shown.append(copied);
  ...
}
