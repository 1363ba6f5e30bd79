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
  const decided = decidedLast(view);
  useKeys(view, "root", "kernel", "parts", "work", "open", `parts/${decided ?? -1}`);
  // A run that was over when it was first drawn has no news.
  const isOld = useRef(hasEnded(view.store.state));
  const { isAbandoned, kernel } = view.store;
  // That it started is said first and once: not after a wait, nor when an agent's work is done.
  const first = useRef<string | null>(null);
  const said = milestone(view, decided);
  first.current ??= said || null;
  if (said !== (first.current ?? "")) first.current = "";
  const isLate = said === words.started && first.current !== said;
  return (
    <div class="pw-unseen" role="status">
      <Visible text={isOld.current || isLate || (isAbandoned && !kernel.hasSpoken) ? "" : said} />
    </div>
  );
});

/** The last decision of which the stream hasn't shown what came. */
const decidedLast = ({ store: { outline } }: View): number | undefined =>
  outline.approvalsWith("sending").at(-1) ?? outline.approvalsWith("unknown").at(-1);

function milestone({ store }: View, decided: number | undefined): string {
  const { state, outline } = store;
  const part = state.parts[decided ?? -1] as ApprovalPart | undefined;
  const at = outline.working;
  const failed = tally(state.blocks).failed;
  const goesOn = part?.decision === "sending" && part.choice;
  const said: Partial<Record<RunState["status"], string>> = {
    running: goesOn
      ? words.goesOn(goesOn, part)
      : at !== undefined
        ? words.isAtWork(agentsOf(state, at))
        : part !== undefined
          ? words.decided(part)
          : words.started,
    waiting: words.waitingFor(asked(state)),
    completed: failed > 0 ? words.endedWith(failed) : words.answerReady,
    failed: words.failed([state.error?.title, state.error?.message].filter(Boolean).join(": ")),
    stopped: words.stopped,
    interrupted: words.interrupted,
  };
  return said[store.status] ?? "";
}
