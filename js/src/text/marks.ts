// A text as nodes, with a mark for each character that can't be seen.
import { type VisibleOptions, visible } from "./visible";
import { hiddenCharacter } from "./words";

export const textWithMarks = (text: string, options?: VisibleOptions): (string | HTMLElement)[] =>
  visible(text, options).map((part) => (typeof part === "string" ? part : mark(part.code)));

function mark(code: string): HTMLElement {
  const span = document.createElement("span");
  span.className = "pw-hidden-char";
  span.title = hiddenCharacter(code);
  span.textContent = code;
  return span;
}
