// Tells a screen reader the milestones and nothing else: never a token.
import { useRef } from "preact/hooks";
import { hasEnded } from "../state/run";
import { tally } from "../state/tally";
import type { ApprovalPart, RunState } from "../state/wire";
import { asked } from "../text/asked";
import * as words from "../text/words";
import { pure, useKeys } from "../view/hooks";
import type { View } from "../view/view";
import { agentsOf } from "./Delegation";
import { Visible } from "./Visible";

export const Milestones = pure(function Milestones({ view }: { view: View }) {
  useKeys(view, "root", "kernel", "parts", "work", "open");
  // A run that was over when it was first drawn has no news.
  const isOld = useRef(hasEnded(view.store.state));
  // That it started is said once: not again after each wait.
  const runs = useRef(0);
  const isRunning = view.store.status === "running";
  if (isRunning !== runs.current % 2 > 0) runs.current++; // odd while it runs
  return (
    <div class="pw-unseen" role="status">
      <Visible text={isOld.current ? "" : milestone(view, runs.current < 2)} />
    </div>
  );
});

function milestone(view: View, isNew: boolean): string {
  const { state, outline } = view.store;
  const decided = outline.approvalsWith("sending").at(-1);
  const {
    choice = null,
    by = null,
    covers = "call",
  } = decided === undefined ? {} : (state.parts[decided] as ApprovalPart);
  const at = outline.working;
  const failed = tally(state.blocks).failed;
  const said: Partial<Record<RunState["status"], string>> = {
    running:
      choice !== null
        ? words.goesOn(choice, by, covers)
        : at !== undefined
          ? words.isAtWork(agentsOf(state, at))
          : isNew
            ? words.started
            : "",
    waiting: words.waitingFor(asked(state)),
    completed: failed > 0 ? words.endedWith(failed) : words.answerReady,
    failed: words.failed([state.error?.title, state.error?.message].filter(Boolean).join(": ")),
    stopped: words.stopped,
    interrupted: words.interrupted,
  };
  return said[view.store.status] ?? "";
}
