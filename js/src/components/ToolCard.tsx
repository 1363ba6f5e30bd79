// One tool call: a line while it is closed, its arguments and result when opened, its approvals
// below.
import type { ComponentProps } from "preact";
import { useMemo } from "preact/hooks";
import type { ToolPart } from "../state/wire";
import { peek, tellingArgument } from "../text/glance";
import * as words from "../text/words";
import { duration, TOOL_STATUS } from "../text/words";
import { pure, useKeys, useSeconds, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Approval } from "./Approval";
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
  const status = view.store.statusOf(part);
  // A request shows the arguments itself: the card would only repeat them.
  const opensItself = status === "failed" || (status === "waiting" && gates.length === 0);
  const [isOpen, toggle] = useToggle(view, `card/${index}`, opensItself);
  const chip = useMemo(() => tellingArgument(part.arguments), [part.arguments]);
  const glance = useMemo(() => peek({ ...part, status }), [part.result, part.full, status]);
  const isHidden = group !== undefined && !isGroupOpen;
  return (
    <div class={`pw-call${group === undefined ? "" : " pw-member"}`} hidden={isHidden}>
      <div class={`pw-card pw-is-${status}`}>
        <Button class="pw-row" aria-expanded={isOpen} onClick={toggle}>
          <Glyph status={status} />
          <span class="pw-unseen">{TOOL_STATUS[status]}: </span>
          <ToolName name={part.name} />
          <Visible kind="pw-chip" text={chip} />
          <span class="pw-peek">
            {status !== "done" && status !== "running" && (
              <span class="pw-word" aria-hidden>
                {TOOL_STATUS[status]}
              </span>
            )}
            <Visible kind="pw-glance" text={glance} />
          </span>
          <Took view={view} part={part} status={status} />
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

function Took({ view, part, status }: ComponentProps<typeof Result>) {
  const isRunning = status === "running";
  const seconds = useSeconds(view, part, isRunning);
  const isKnown = seconds !== null && (isRunning || seconds > 0 || status === "done");
  return <span class="pw-took">{isKnown && duration(seconds)}</span>;
}
