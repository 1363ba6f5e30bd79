// The marks of sources in an answer.
import type { MarkdownView } from "../markdown";
import type { View } from "./view";

const WAYS = ["click", "mouseover", "focusin"];

/**
 * Makes the marks of sources in an answer badges, and shows what stands behind one: in a note beside
 * it, or in the list below the answer. Returns what ends it.
 *
 * @param changed is called when the text must be painted again.
 */
export function showSources(
  { store, modules, toggles }: View,
  text: HTMLElement,
  markdown: MarkdownView,
  changed: () => void,
): () => void {
  const cite = () => {
    const { citations } = store.state;
    markdown.cite(citations.map(({ key }) => key));
    // Fetched before it is asked for: a note must not wait for a click.
    if (citations.length > 0) modules.fetch("sources");
    changed();
  };
  const open = ({ target, type }: Event) => {
    const badge = (target as Element).closest<HTMLElement>(".pw-cite");
    if (badge === null) return;
    const sources = modules.loaded("sources");
    if (sources !== undefined) sources.open(store.state.citations, badge, type);
    else modules.fetch("sources");
    if (sources === undefined && type === "click") toggles.choose("sources", true);
  };
  const offs = (["root", "kernel"] as const).map((key) => store.changes.on(key, cite));
  for (const way of WAYS) text.addEventListener(way, open);
  cite();
  return () => {
    for (const off of offs) off();
    for (const way of WAYS) text.removeEventListener(way, open);
  };
}
