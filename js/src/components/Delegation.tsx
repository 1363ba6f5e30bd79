// An agent's work for an orchestration, or that of several at once: a line, and on a hairline
// below it what was done. Without the module that tells more, the line is a name and a word.
import type { DelegationPart, ParallelPart, RunState } from "../state/wire";
import { oneLine } from "../text/glance";
import * as words from "../text/words";
import { TOOL_STATUS } from "../text/words";
import { pure, useKeys, useModule, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Button } from "./Button";
import { Chevron } from "./Glyph";
import { LongText } from "./LongText";
import { Reasoning } from "./Reasoning";
import { Result } from "./Result";
import { Transcript } from "./Transcript";
import { Visible } from "./Visible";

interface Props {
  view: View;
  index: number;
}

export const Delegation = pure(function Delegation({ view, index }: Props) {
  const module = useModule(view, "orchestration");
  const { outline, state } = view.store;
  const part = state.parts[index] as DelegationPart | ParallelPart;
  const { task, call } = part as Partial<DelegationPart>;
  useKeys(view, `parts/${index}`, `parts/${call ?? -1}`, "status");
  const status = view.store.statusOf(part);
  const opensItself =
    status !== "done" ||
    state.answer === index ||
    // Who has touched a card in it is reading it: it stays open.
    outline.childrenOf(index).some((each) => view.toggles.chosen(`card/${each}`) !== undefined);
  const [isOpen, toggle] = useToggle(view, `work/${index}`, opensItself);
  const made = state.parts[call ?? -1];
  return (
    <div class={`pw-agent pw-is-${status}`} data-pw={index}>
      <Button class="pw-row" aria-expanded={isOpen} onClick={toggle}>
        {module === undefined ? (
          <>
            <Chevron />
            <span class="pw-unseen">{TOOL_STATUS[status]}: </span>
            <strong>
              <Visible text={agentsOf(state, index)} />
            </strong>
            <span class="pw-note" aria-hidden>
              {TOOL_STATUS[status]}
            </span>
          </>
        ) : (
          <module.Line view={view} index={index} isOpen={isOpen} />
        )}
      </Button>
      {isOpen && (
        <div class="pw-kids">
          {module === undefined ? (
            task && <LongText text={task} kind="pw-excerpt" />
          ) : (
            <module.Task view={view} index={index} />
          )}
          <Reasoning view={view} parent={index} />
          <Transcript view={view} parent={index} />
          {module === undefined ? (
            status === "failed" &&
            made?.kind === "tool" && <Result view={view} part={made} status={status} />
          ) : (
            <module.Outcome view={view} index={index} />
          )}
        </div>
      )}
    </div>
  );
});

/** Who is at work in a delegation or a parallel group, by name where that is known. */
export function agentsOf({ parts }: RunState, index: number): string {
  const part = parts[index];
  if (part?.kind === "parallel") {
    return namesOf(part) || words.agents(part.count ?? 0);
  }
  if (part?.kind !== "delegation") return "";
  if (part.agent.trim() !== "") return oneLine(part.agent);
  const group = parts[part.within ?? -1];
  const among = group?.kind === "parallel" ? namesOf(group) : "";
  return among === "" ? words.anAgent : words.oneOf(among);
}

/** On one line: of thousands of names no more are put together than can be seen. */
const namesOf = ({ agents }: ParallelPart): string => oneLine(agents.slice(0, 400).join(", "));
