// The note of a source, and where it stands.
import { newId } from "../../link/id";
import type { Citation } from "../../state/wire";
import { textWithMarks } from "../../text/marks";
import { reach } from "../../text/visible";
import { sourceOf } from "../../text/words";

const LONGEST = 4_000; // characters of an excerpt
const GAP = 6; // pixels between a badge and its note

/** The text of a note: what the source is called and the place that was used. */
export function noteOf({ key, source, excerpt }: Citation): HTMLElement {
  const note = part("div", "pw-source-note", "");
  note.id = `pw-${newId()}`;
  note.role = "note";
  const title = part("div", "pw-source-title", "");
  title.append(
    part("span", "pw-source-key", `[${key}]`),
    part("span", "", source || sourceOf(key)),
  );
  note.append(title);
  if (excerpt !== "") {
    const text = part("div", "pw-source-text", excerpt);
    text.tabIndex = 0; // what scrolls must be reached by keyboard
    text.dir = "auto";
    note.append(text);
  }
  return note;
}

function part(tag: string, kind: string, text: string): HTMLElement {
  const el = document.createElement(tag);
  el.className = kind;
  el.append(...textWithMarks(text.slice(0, reach(text, LONGEST)), { strict: true }));
  return el;
}

/**
 * Puts a note below its badge, or above where there is no room; never past the sides of the body
 * that both stand in. A body that is too low for it grows.
 */
export function place(note: HTMLElement, badge: HTMLElement, body: HTMLElement): void {
  const [at, around] = [badge.getBoundingClientRect(), body.getBoundingClientRect()];
  const { offsetWidth: width, offsetHeight: height } = note;
  const [above, below] = [at.top - around.top, at.bottom - around.top];
  const isAbove = below + GAP + height > around.height && above - GAP - height >= 0;
  const top = isAbove ? above - GAP - height : below + GAP;
  const left = Math.min(at.left - around.left, around.width - width - 8);
  note.style.top = `${top}px`;
  note.style.left = `${Math.max(left, 8)}px`;
  body.style.minHeight = isAbove ? "" : `${Math.ceil(top + height + 8)}px`;
}
