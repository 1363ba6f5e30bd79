// One tool call: a line while it is closed, its arguments and result when opened, its approvals
// below.
import { useMemo } from "preact/hooks";
import type { ApprovalPart, ToolPart } from "../state/wire";
import { peek, tellingArgument } from "../text/glance";
import * as words from "../text/words";
import { duration, TENTH, TOOL_STATUS } from "../text/words";
import { pure, useKeys, useSeconds, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Approval, isRefused, statusOfCall } from "./Approval";
import { Arguments } from "./Arguments";
import { Button } from "./Button";
import { Glyph } from "./Glyph";
import { Result } from "./Result";
import { useGroupToggle } from "./ToolGroup";
import { ToolName, Visible } from "./Visible";

export const ToolCard = pure(function ToolCard({ view, index }: { view: View; index: number }) {
  useKeys(view, `parts/${index}`, "kernel", "status");
  const part = view.store.state.parts[index] as ToolPart;
  const group = view.store.outline.group(index);
  const [isGroupOpen] = useGroupToggle(view, group);
  const gates = view.store.outline.approvalsOf(index);
  const status = statusOfCall(view, index);
  const isSaid = isRefused(view, index);
  // A request shows the arguments itself, and what became of it: the card would only repeat them.
  const opensItself =
    (status === "failed" && !isSaid) || (status === "waiting" && gates.length === 0);
  const [isOpen, toggle] = useToggle(view, `card/${index}`, opensItself);
  const chip = useMemo(() => tellingArgument(part.arguments), [part.arguments]);
  const glance = useMemo(() => peek({ ...part, status }), [part.result, part.full, status]);
  const isPreparing = status === "running" && part.arguments === "" && part.withheld === null;
  const isExpired = status === "failed" && isSaid;
  const word = isPreparing ? words.preparing : isExpired ? words.expired : TOOL_STATUS[status];
  const isHidden = group !== undefined && !isGroupOpen;
  return (
    <div
      class={`pw-call${group === undefined ? "" : " pw-member"}`}
      hidden={isHidden}
      data-pw={index}
    >
      <div class={`pw-card pw-is-${status}`}>
        <Button class="pw-row" aria-expanded={isOpen} onClick={toggle}>
          <Glyph status={status} />
          <span class="pw-unseen">{word}: </span>
          <ToolName view={view} name={part.name} />
          <Visible kind="pw-chip" text={chip} />
          <span class="pw-peek">
            {(isPreparing || (status !== "done" && status !== "running")) && (
              <span class="pw-word" aria-hidden>
                {word}
              </span>
            )}
            <Visible kind="pw-glance" text={isSaid ? "" : glance} />
          </span>
          <Took view={view} index={index} status={status} />
        </Button>
        {isOpen && (
          <div class="pw-open">
            <CallArguments view={view} part={part} />
            <Result view={view} part={part} status={status} />
          </div>
        )}
      </div>
      {gates.map((gate) => (
        <Approval key={gate} view={view} index={gate} />
      ))}
    </div>
  );
});

function CallArguments({ view, part }: { view: View; part: ToolPart }) {
  const { asked, arguments: ran, withheld } = part;
  if (asked === null) {
    return <Arguments view={view} source={ran} withheld={withheld} />;
  }
  return (
    <>
      <p class="pw-note pw-warn">{words.hookChanged}</p>
      <Arguments view={view} source={asked} label={words.asked} withheld={part.withheld_asked} />
      <Arguments view={view} source={ran} label={words.ranWith} withheld={withheld} />
    </>
  );
}

function Took({ view, index, status }: { view: View; index: number; status: ToolPart["status"] }) {
  const { outline, state } = view.store;
  const last = outline.approvalsOf(index).at(-1) ?? -1;
  useKeys(view, `parts/${last}`);
  const gate = state.parts[last] as ApprovalPart | undefined;
  // Where nobody knows whether it runs, or it doesn't yet, no time is told of it.
  const isHeld = gate?.decision === "sending" && gate.delivery !== "taken";
  const isRunning = status === "running" && gate?.decision !== "unknown" && !isHeld;
  const seconds = useSeconds(view, state.parts[index] as ToolPart, isRunning);
  const isKnown = seconds !== null && (isRunning || seconds >= TENTH || status === "done");
  return <span class="pw-took">{isKnown && duration(seconds)}</span>;
}
