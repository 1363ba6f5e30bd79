// A button that says what will happen, answers at once, and where it can't act it says why.
import { useState } from "preact/hooks";
import { isOver } from "../link/actions";
import { newId } from "../link/id";
import * as words from "../text/words";
import { pure, useKeys } from "../view/hooks";
import type { View } from "../view/view";
import { Button } from "./Button";

interface ActionButtonProps {
  view: View;
  action: "stop" | "give_up" | "anew";
  label: string;
  /** The label once it is sent. */
  busy: string;
  /** What will happen. */
  then: string;
}

export const ActionButton = pure(function ActionButton({
  view,
  action,
  label,
  busy,
  then,
}: ActionButtonProps) {
  useKeys(view, "actions", "kernel");
  const [id] = useState(newId); // the library's own would be the same in every widget of a page
  const sent = view.actions.latest(action);
  const isSent = sent !== undefined && !isOver(sent);
  const whyNot = view.actions.canAct
    ? null
    : view.store.kernel.liveness === "live"
      ? words.kernelQuiet
      : words.noKernel;
  const will = whyNot ?? then;
  const said =
    sent?.state === "slow"
      ? words.kernelBusy
      : sent?.state === "refused"
        ? words.refused(sent.refused ?? "")
        : null;
  return (
    <>
      <Button
        class="pw-button"
        aria-disabled={isSent || whyNot !== null}
        aria-describedby={will === "" ? undefined : id}
        title={will}
        onClick={() => view.actions.act(action)}
      >
        {isSent ? busy : label}
      </Button>
      <span class="pw-unseen" id={id}>
        {will}
      </span>
      {(said !== null || (isSent && will !== "")) && (
        <p class="pw-said" role="status">
          {said ?? will}
        </p>
      )}
    </>
  );
});
