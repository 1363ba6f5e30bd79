// Whether the requests on a card may be decided now, why not, and what became of a decision.
import { type Actions, isOver } from "../link/actions";
import type { ToggleKey } from "../state/events";
import type { RunStore } from "../state/run";
import type { ApprovalPart } from "../state/wire";
import * as words from "../text/words";
import { collapsedIn, readRequest, stages } from "./request";

export interface Standing {
  /** Whether a decision is on its way. */
  isBusy: boolean;
  /** Why neither button acts. */
  whyInert: string | null;
  /** Why Approve doesn't act, where Deny does. */
  whyNotYet: string | null;
  /** What there is to say of it all. */
  note: string;
}

/** How it stands with a decision: what can be pressed, and what has come of the last click. */
export function standingOf(
  { actions, store }: { actions: Actions; store: RunStore },
  parts: readonly ApprovalPart[],
  isOpen: (key: ToggleKey) => boolean,
): Standing {
  const [first] = parts as [ApprovalPart];
  const sent = actions.decision(parts.map((part) => part.digest));
  const isUnderWay = sent !== undefined && !isOver(sent);
  const requests = parts.map(readRequest);
  const collapsed = requests.flatMap(collapsedIn).filter(({ id }) => !isOpen(id)).length;
  const unseen = parts.length - stages(parts, isOpen)[0];
  const tooLarge = parts.find((_, index) => requests[index]?.isTooLarge);

  let whyInert: string | null = null;
  if (!actions.canAct) {
    whyInert = store.kernel.liveness === "gone" ? words.noKernel : words.kernelQuiet;
  } else if (parts.some(({ closes }) => closes !== null && closes <= store.kernel.now)) {
    whyInert = words.aboutToBlock;
  } else if (store.outline.approvalsWith("sending").length > 0) {
    whyInert = words.earlierDecision;
  }
  let whyNotYet: string | null = null;
  if (tooLarge !== undefined) whyNotYet = words.tooLarge(tooLarge);
  else if (unseen > 0) whyNotYet = words.showFirst(unseen);
  else if (collapsed > 0) whyNotYet = words.openFirst(collapsed);

  let said: (string | null)[];
  if (isUnderWay && actions.canAct) {
    const choice = sent.message.action as "approve" | "deny";
    said = [sent.state === "slow" ? words.kernelBusy : words.sending(choice)];
  } else {
    // A decision that was taken but couldn't be sent, or a click that was refused.
    const refused = sent?.state === "refused" ? words.refused(sent.refused ?? "") : null;
    said = whyInert === null ? [first.outcome, refused, whyNotYet] : [whyInert];
  }
  return {
    isBusy: isUnderWay,
    whyInert,
    whyNotYet,
    note: said.filter((each) => each !== null).join(" "),
  };
}
