// Who works or worked, at what, and how far it is or what it took.
import { agentsOf, Glyph, Icon, oneLine, useSeconds, Visible } from "../../core";
import type { DelegationPart, ParallelPart } from "../../state/wire";
import * as words from "../../text/words";
import { duration, TOOL_STATUS } from "../../text/words";
import { useSheet } from "../../view/sheet";
import type { View } from "../../view/view";
import orchestrationCss from "./style.css?inline";
import { isLong } from "./Task";

interface Props {
  view: View;
  index: number;
  isOpen: boolean;
}

export function Line({ view, index, isOpen }: Props) {
  const { state } = view.store;
  const part = state.parts[index] as DelegationPart | ParallelPart;
  const status = view.store.statusOf(part);
  const isWell = status === "running" || status === "done";
  const task = part.kind === "delegation" ? part.task : "";
  const isAnswer = state.answer === index && state.status === "completed";
  const seconds = useSeconds(view, part, status === "running");
  const facts = status === "running" ? underWay(part) : taken(view, index, part);
  const host = useSheet<HTMLElement>(orchestrationCss);
  return (
    <>
      {isWell ? <Icon path={SIGNS[part.kind]} kind="pw-sign" /> : <Glyph status={status} />}
      <span class="pw-unseen">{TOOL_STATUS[status]}: </span>
      <strong class="pw-agent-name" ref={host}>
        {part.kind === "parallel" && words.inParallel}
        <Visible text={agentsOf(state, index)} />
      </strong>
      {isAnswer && <span class="pw-tag">{words.answer}</span>}
      <Visible kind="pw-brief" text={isOpen && isLong(task) ? "" : oneLine(task)} />
      {!isWell && (
        <span class="pw-word" aria-hidden>
          {TOOL_STATUS[status]}
        </span>
      )}
      <span class="pw-pace">
        {[...facts, seconds !== null && duration(seconds)].filter(Boolean).join(", ")}
      </span>
    </>
  );
}

const SIGNS = {
  delegation: "M2.5 8h10.5M9 4l4 4-4 4",
  parallel: "M2.5 4.5h9M9 2l2.5 2.5L9 7M5 11.5h8.5M11 9l2.5 2.5L11 14",
};

const underWay = (part: DelegationPart | ParallelPart) =>
  part.kind === "delegation"
    ? [part.step > 0 && words.atStep(part.step)]
    : [
        words.atWork(part.count ?? part.agents.length),
        part.characters > 0 && words.characters(part.characters),
      ];

function taken({ store }: View, index: number, part: DelegationPart | ParallelPart) {
  const { outline, state } = store;
  const isCall = (each: number) => state.parts[each]?.kind === "tool" && !outline.isDelegated(each);
  const calls = outline.childrenOf(index).filter(isCall).length;
  const steps = part.kind === "delegation" ? (part.steps ?? part.step) : 0;
  return [steps > 0 && words.steps(steps), calls > 0 && words.calls(calls)];
}
