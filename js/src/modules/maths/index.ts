import { originalText } from "../../markdown/controls";
import type { Take } from "../../rich";
import { addSheet } from "../../sheet";
import { copySources } from "./copy";
import { mathsCss } from "./maths-style";
import { typeset } from "./typeset";

/** Typesets a formula of a text; what can't be typeset stays as its source. */
export const take: Take = (el, drawers) => {
  const source = originalText(el);
  if (!draw(el, source)) return; // drawn by the text, with a mark for what can't be seen
  addSheet(el, mathsCss);
  copySources(el);
  drawers.set(el, (grown) => {
    if (!draw(el, grown)) el.replaceChildren(grown);
  });
};

/** Draws a formula, and keeps its source where it can be read and copied. */
function draw(el: HTMLElement, source: string): boolean {
  const math = typeset(source);
  el.title = math === null ? "" : source;
  if (math !== null) el.replaceChildren(math);
  return math !== null;
}
