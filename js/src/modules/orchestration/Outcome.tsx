// The result of an agent's work, where its text, which stands above, doesn't hold it.
import { Result } from "../../core";
import * as words from "../../text/words";
import type { View } from "../../view/view";

export function Outcome({ view, index }: { view: View; index: number }) {
  const { outline, state } = view.store;
  const part = state.parts[index];
  if (part?.kind !== "delegation" || view.store.statusOf(part) === "running") return null;
  const inside = outline.childrenOf(index).map((each) => state.parts[each]);
  const call = state.parts[part.call ?? -1];
  const result = call?.kind === "tool" ? call.result : null;
  const said = inside.map((each) => (each?.kind === "text" ? each.text : "")).join("");
  if (call?.kind === "tool" && result !== null && !said.includes(result.trim())) {
    const status = part.status === "failed" ? "failed" : "done";
    return <Result view={view} part={call} status={status} />;
  }
  return inside.length === 0 ? <p class="pw-note">{words.saidNothing}</p> : null;
}
