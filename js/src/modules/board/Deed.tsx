// A button that says what will happen, answers at once, and may be pressed again once that is over.
import { useState } from "preact/hooks";
import { Button, newId, pure, useKeys } from "../../core";
import type { ActMessage } from "../../state/wire";
import { kernelBusy, kernelQuiet, noKernel, refused } from "../../text/words";
import type { View } from "../../view/view";

interface Props {
  view: View;
  action: ActMessage["action"];
  label: string;
  busy: string;
  /** What will happen. */
  then: string;
}

export const Deed = pure(function Deed({ view, action, label, busy, then }: Props) {
  useKeys(view, "actions", "kernel");
  const [id] = useState(newId);
  const { canAct } = view.actions;
  const sent = view.actions.latest(action);
  const isSent = sent !== undefined && !["settled", "refused"].includes(sent.state);
  const isQuiet = view.store.kernel.liveness === "live";
  const will = canAct ? then : isQuiet ? kernelQuiet : noKernel;
  const said =
    sent?.state === "slow"
      ? kernelBusy
      : sent?.state === "refused"
        ? refused(sent.refused ?? "")
        : "";
  const act = () => {
    if (canAct && !isSent) view.actions.post({ action });
  };
  return (
    <>
      <Button
        class="pw-button"
        aria-disabled={isSent || !canAct}
        aria-describedby={id}
        title={will}
        onClick={act}
      >
        {isSent ? busy : label}
      </Button>
      <span class="pw-unseen" id={id}>
        {will}
      </span>
      {said !== "" && (
        <p class="pw-said" role="status">
          {said}
        </p>
      )}
    </>
  );
});
