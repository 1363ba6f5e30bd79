// Opens the note of a badge that is pointed at, focused or clicked; a second click closes it.
import { normalized } from "../../markdown/label";
import type { Citation } from "../../state/wire";
import { addSheet } from "../../view/sheet";
import { noteOf, place } from "./note";
import sourcesCss from "./style.css?inline";

const LINGER = 250; // ms: the way of a pointer from the badge to the note

interface Shown {
  badge: HTMLElement;
  /** Whether it was clicked open: then it stays until it is closed. */
  isPinned: boolean;
  close(): void;
}

/** The note that is open: there is one in a page. */
let shown: Shown | undefined;

export function open(citations: readonly Citation[], badge: HTMLElement, how: string): void {
  if (shown?.badge === badge) {
    if (how !== "click") return;
    if (shown.isPinned) shown.close();
    else shown.isPinned = true;
    return;
  }
  // A button that is clicked may have the focus too.
  if (how === "focusin" && !badge.matches(":focus-visible")) return;
  const body = badge.closest<HTMLElement>(".pw-body");
  const cited = citations.find(({ key }) => normalized(key) === badge.dataset.key);
  if (body === null || cited === undefined) return;
  shown?.close();
  shown = show(cited, badge, body, how === "click");
}

function show(cited: Citation, badge: HTMLElement, body: HTMLElement, isPinned: boolean): Shown {
  const note = noteOf(cited);
  const listening = new AbortController();
  const { signal } = listening;
  let leaving: ReturnType<typeof setTimeout> | undefined;
  const opened: Shown = {
    badge,
    isPinned,
    close() {
      listening.abort();
      clearTimeout(leaving);
      note.remove();
      body.style.minHeight = "";
      badge.removeAttribute("aria-describedby");
      badge.ariaExpanded = "false";
      if (shown === opened) shown = undefined;
    },
  };
  const isIn = (event: Event) => event.composedPath().some((el) => el === note || el === badge);
  const leave = () => {
    if (!opened.isPinned) leaving = setTimeout(opened.close, LINGER);
  };
  for (const el of [badge, note]) {
    el.addEventListener("mouseleave", leave, { signal });
    el.addEventListener("mouseenter", () => clearTimeout(leaving), { signal });
  }
  badge.addEventListener(
    "blur",
    (event) => !note.contains(event.relatedTarget as Node) && leave(),
    { signal },
  );
  const { ownerDocument: page } = badge;
  page.addEventListener("pointerdown", (event) => !isIn(event) && opened.close(), { signal });
  page.addEventListener(
    "keydown",
    (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation(); // to a notebook it means to leave the cell
      if (note.contains(note.getRootNode() instanceof Document ? page.activeElement : null))
        badge.focus();
      opened.close();
    },
    { signal, capture: true },
  );
  addSheet(badge, sourcesCss);
  badge.setAttribute("aria-describedby", note.id);
  badge.ariaExpanded = "true";
  body.append(note);
  place(note, badge, body);
  return opened;
}
