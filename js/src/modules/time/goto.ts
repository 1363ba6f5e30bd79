// From a bar to its card: whatever is around it is opened, and the box is scrolled to it.
import type { View } from "../../view/view";
import type { Row } from "./rows";

const ABOVE = 14; // px over the card

export function goTo(view: View, { kind, card }: Row, from: Element): void {
  if (card === null) return;
  const { outline, state } = view.store;
  const { toggles } = view;
  view.follow?.hold();
  if (kind === "block") toggles.choose(`block/${card}`, true);
  else {
    for (let at = outline.parent(card); at >= 0; at = outline.parent(at)) {
      toggles.choose(`work/${at}`, true);
    }
    const isCall = state.parts[card]?.kind === "tool";
    const first = isCall ? outline.group(card)?.calls[0] : undefined;
    if (first !== undefined) toggles.choose(`group/${first}`, true);
    toggles.choose(isCall ? `card/${card}` : `work/${card}`, true);
  }
  const root = from.closest(".pw-turn, .pw");
  const selector = kind === "block" ? ".pw-block" : ":is(.pw-call, .pw-agent)";
  // Once it is drawn.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const found = root?.querySelector<HTMLElement>(`${selector}[data-pw="${card}"]`);
      if (found) show(found);
    }),
  );
}

function show(card: HTMLElement): void {
  const box = card.closest<HTMLElement>(".pw-box");
  const button = card.querySelector<HTMLElement>("button");
  if (box !== null && box.scrollHeight > box.clientHeight + 1) {
    // The box alone: the notebook stays where it is.
    box.scrollTop += card.getBoundingClientRect().top - box.getBoundingClientRect().top - ABOVE;
  }
  button?.focus({ preventScroll: true });
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  card.animate?.([{ background: "var(--pw-amber-bg)" }, {}], 1200);
}
