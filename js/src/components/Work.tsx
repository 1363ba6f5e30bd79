import { pure, useKeys, useModule } from "../hooks";
import { oneLine } from "../peek";
import * as words from "../strings";
import { TOOL_STATUS } from "../strings";
import type { View } from "../view";
import type { RunState } from "../wire";
import { LongText } from "./LongText";
import { Reasoning } from "./Reasoning";
import { Result } from "./Result";
import { Transcript } from "./Transcript";
import { Visible } from "./Visible";

/**
 * An agent's work for an orchestration, or that of several at once. The module shows it as a card;
 * without it, it is a name, a word and all that was done.
 */
export const Work = pure(function Work({ view, index }: { view: View; index: number }) {
  const Card = useModule(view, "orchestration")?.Card;
  useKeys(view, `parts/${index}`, "status");
  const { state } = view.store;
  const part = state.parts[index];
  if (part?.kind !== "delegation" && part?.kind !== "parallel") return null;
  if (Card !== undefined) return <Card view={view} index={index} />;
  const call = part.kind === "delegation" ? state.parts[part.call ?? -1] : undefined;
  return (
    <div>
      <strong>
        <Visible text={agentsOf(state, index)} />
      </strong>{" "}
      <span class="pw-note">{TOOL_STATUS[view.statusOf(part)]}</span>
      <div class="pw-kids">
        {part.kind === "delegation" && part.task && <LongText text={part.task} kind="pw-excerpt" />}
        <Reasoning view={view} home={index} />
        <Transcript view={view} home={index} />
        {part.status === "failed" && call?.kind === "tool" && (
          <Result part={call} status="failed" />
        )}
      </div>
    </div>
  );
});

/** Who is at work in a delegation or a parallel group, by name where that is known. */
export function agentsOf({ parts }: RunState, index: number): string {
  const part = parts[index];
  if (part?.kind === "parallel") {
    return oneLine(part.agents.join(", ")) || words.agents(part.count ?? 0);
  }
  if (part?.kind !== "delegation") return "";
  const group = parts[part.within ?? -1];
  const among = group?.kind === "parallel" ? group.agents.join(", ") : "";
  return oneLine(part.agent) || (among === "" ? words.anAgent : words.oneOf(oneLine(among)));
}
