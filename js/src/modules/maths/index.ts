// Typesets a formula of a text; what can't be typeset stays as its source.
import { originalText } from "../../markdown/controls";
import { textWithMarks } from "../../text/marks";
import type { DrawElement } from "../../view/rich";
import { addSheet } from "../../view/sheet";
import { lacksMathFont } from "./font";
import { mathsCss } from "./style";
import { typeset } from "./typeset";

export const draw: DrawElement = (el, drawers, modules) => {
  const source = originalText(el);
  const math = typeset(source);
  if (math === null) return; // the text goes on to draw it
  addSheet(el, mathsCss);
  show(el, source, math);
  if (lacksMathFont(el)) modules?.fetch("mathfont");
  drawers.set(el, (grown) => show(el, grown, typeset(grown)));
};

function show(el: HTMLElement, source: string, math: Element | null): void {
  if (math === null) el.replaceChildren(...textWithMarks(source));
  else el.replaceChildren(math, unseen(source));
  el.title = math === null ? "" : source;
}

/** The source, which is what is copied and searched: the letters of a formula alone say little. */
function unseen(source: string): HTMLElement {
  const span = document.createElement("span");
  span.className = "pw-tex";
  span.ariaHidden = "true"; // the formula itself is read aloud
  span.textContent = source;
  return span;
}
