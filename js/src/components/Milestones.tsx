// Tells a screen reader the milestones and nothing else: never a token.
import { useRef } from "preact/hooks";
import { hasEnded } from "../state/run";
import { tally } from "../state/tally";
import type { RunState } from "../state/wire";
import * as words from "../text/words";
import { pure, useKeys } from "../view/hooks";
import type { View } from "../view/view";
import { agentsOf } from "./Delegation";
import { Visible } from "./Visible";

export const Milestones = pure(function Milestones({ view }: { view: View }) {
  useKeys(view, "root", "kernel", "parts", "work");
  // A run that was over when it was first drawn has no news.
  const isOld = useRef(hasEnded(view.store.state));
  return (
    <div class="pw-unseen" role="status">
      <Visible text={isOld.current ? "" : milestone(view)} />
    </div>
  );
});

function milestone(view: View): string {
  const { state, outline } = view.store;
  const at = outline.working;
  const failed = tally(state.blocks).failed;
  const said: Partial<Record<RunState["status"], string>> = {
    running: at === undefined ? words.started : words.isAtWork(agentsOf(state, at)),
    waiting: words.waitingFor(asked(state)),
    completed: failed > 0 ? words.endedWith(failed) : words.answerReady,
    failed: words.failed([state.error?.title, state.error?.message].filter(Boolean).join(": ")),
    stopped: words.stopped,
    interrupted: words.interrupted,
  };
  return said[view.store.status] ?? "";
}

/** The names of what waits; the requests that wait are among the last parts. */
function asked({ parts }: RunState): string {
  const names = new Set<string>();
  for (const part of parts.slice(-50)) {
    if (part.kind !== "approval" || part.decision !== "pending") continue;
    names.add(part.covers === "call" ? part.tool_name : words.covers[part.covers]);
  }
  return [...names].join(", ");
}
