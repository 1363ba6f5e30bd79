import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import {
  Arguments,
  agentsOf,
  Button,
  Glyph,
  LongText,
  oneLine,
  parseJson,
  pure,
  Reasoning,
  Result,
  Transcript,
  useKeys,
  useSeconds,
  useToggle,
  Visible,
} from "../../core";
import { addSheet } from "../../sheet";
import * as words from "../../strings";
import { duration, TOOL_STATUS } from "../../strings";
import type { View } from "../../view";
import type { DelegationPart, ParallelPart, Part, ToolPart } from "../../wire";
import { orchestrationCss } from "./orchestration-style";

const LONG = 60; // characters of a task that is opened to be read
const FOLDED = 400; // characters of an opened task that are shown at first

interface Props {
  view: View;
  index: number;
}

/** What an agent, or several at once, did for an orchestration. */
export const Card = pure(function Card({ view, index }: Props) {
  const { kind } = view.store.state.parts[index] as Part;
  return kind === "parallel" ? (
    <Parallel view={view} index={index} />
  ) : (
    <Delegation view={view} index={index} />
  );
});

/** An agent's work for an orchestration; the supervisor's call that it stands for is part of it. */
const Delegation = pure(function Delegation({ view, index }: Props) {
  const { outline, state } = view.store;
  const part = state.parts[index] as DelegationPart;
  const call = part.call === null ? undefined : state.parts[part.call];
  useKeys(view, `parts/${index}`, `parts/${part.call}`, "status", "kernel");
  const inside = outline.inside(index);
  const isOver = view.statusOf(part) !== "running";
  const made = call?.kind === "tool" ? call : undefined;
  const tells = made !== undefined && isOver && !isSaid(made, inside, state.parts);
  return (
    <Work view={view} index={index} part={part} task={part.task}>
      {made !== undefined && !isOnly(part.task, made) && (
        <Arguments view={view} source={made.arguments} />
      )}
      <Reasoning view={view} home={index} />
      <Transcript view={view} home={index} />
      {tells && (
        <Result view={view} part={made} status={part.status === "failed" ? "failed" : "done"} />
      )}
      {isOver && !tells && inside.length === 0 && <p class="pw-note">{words.saidNothing}</p>}
    </Work>
  );
});

/** Agents at work at the same time: what can be told of them while nothing tells them apart. */
const Parallel = pure(function Parallel({ view, index }: Props) {
  const { outline, state } = view.store;
  const part = state.parts[index] as ParallelPart;
  useKeys(view, `parts/${index}`, `within/${index}`, "status", "kernel");
  const isKnown = outline.inside(index).some((each) => state.parts[each]?.kind === "delegation");
  const isOver = view.statusOf(part) !== "running";
  return (
    <Work view={view} index={index} part={part} task="">
      {!isKnown && <p class="pw-note">{isOver ? words.mixed : words.mixing}</p>}
      <Transcript view={view} home={index} />
    </Work>
  );
});

interface WorkProps extends Props {
  part: DelegationPart | ParallelPart;
  task: string;
  children: ComponentChildren;
}

/** A line, and on a hairline below it what was done. */
function Work({ view, index, part, task, children }: WorkProps) {
  const { outline, state } = view.store;
  const status = view.statusOf(part);
  const isRunning = status === "running";
  const isAnswer = state.answer === index;
  const opensItself =
    isRunning ||
    status === "failed" ||
    isAnswer ||
    // Who has touched a card in it is reading it: it doesn't fold away.
    outline.inside(index).some((each) => view.toggles.chosen(`card/${each}`) !== undefined);
  const [isOpen, toggle] = useToggle(view, `work/${index}`, opensItself);
  const opensTask = isOpen && (task.length > LONG || task.includes("\n"));
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => addSheet(host.current as HTMLDivElement, orchestrationCss), []);
  return (
    <div class={`pw-agent pw-is-${status}`} ref={host}>
      <Button class="pw-row" aria-expanded={isOpen} onClick={toggle}>
        {isRunning || status === "done" ? <Sign kind={part.kind} /> : <Glyph status={status} />}
        <span class="pw-unseen">{TOOL_STATUS[status]}: </span>
        <strong class="pw-agent-name">
          {part.kind === "parallel" && words.inParallel}
          <Visible text={agentsOf(state, index)} />
        </strong>
        {isAnswer && state.status === "completed" && <span class="pw-tag">{words.answer}</span>}
        <Visible kind="pw-brief" text={opensTask ? "" : oneLine(task)} />
        {!(isRunning || status === "done") && (
          <span class="pw-word" aria-hidden>
            {TOOL_STATUS[status]}
          </span>
        )}
        <Pace view={view} index={index} part={part} isRunning={isRunning} />
      </Button>
      {isOpen && (
        <div class="pw-kids">
          {opensTask && <LongText text={task} kind="pw-excerpt" folded={FOLDED} />}
          {children}
        </div>
      )}
    </div>
  );
}

const SIGNS = {
  delegation: "M2.5 8h10.5M9 4l4 4-4 4",
  parallel: "M2.5 4.5h9M9 2l2.5 2.5L9 7M5 11.5h8.5M11 9l2.5 2.5L11 14",
};

const Sign = ({ kind }: { kind: keyof typeof SIGNS }) => (
  <svg class="pw-glyph pw-sign" viewBox="0 0 16 16" aria-hidden>
    <path d={SIGNS[kind]} />
  </svg>
);

interface PaceProps extends Props {
  part: DelegationPart | ParallelPart;
  isRunning: boolean;
}

/** How far it is, or what it took. */
function Pace({ view, index, part, isRunning }: PaceProps) {
  const seconds = useSeconds(view, part, isRunning);
  const told = isRunning ? underWay(part) : taken(view, index, part);
  return (
    <span class="pw-pace">
      {[...told, seconds !== null && duration(seconds)].filter(Boolean).join(", ")}
    </span>
  );
}

const underWay = (part: DelegationPart | ParallelPart) =>
  part.kind === "delegation"
    ? [part.step > 0 && words.atStep(part.step)]
    : [
        words.atWork(part.count ?? part.agents.length),
        part.characters > 0 && words.characters(part.characters),
      ];

function taken({ store }: View, index: number, part: DelegationPart | ParallelPart) {
  const { outline, state } = store;
  const isCall = (each: number) => state.parts[each]?.kind === "tool" && !outline.isTaken(each);
  const calls = outline.inside(index).filter(isCall).length;
  const steps = part.kind === "delegation" ? (part.steps ?? part.step) : 0;
  return [steps > 0 && words.steps(steps), calls > 0 && words.calls(calls)];
}

/** Whether a call asks for the task and nothing else. */
function isOnly(task: string, { arguments: source }: ToolPart): boolean {
  const asked = parseJson(source);
  if (asked?.kind !== "object") return source.trim() === "";
  return asked.entries.every(([, value]) => value.kind === "text" && value.text === task);
}

/** Whether a call's result is only what the agent is shown to have said. */
function isSaid({ result }: ToolPart, inside: readonly number[], parts: readonly Part[]): boolean {
  const texts = inside
    .map((index) => parts[index])
    .map((part) => part?.kind === "text" && part.text);
  return result === null || texts.filter(Boolean).join("").includes(result.trim());
}
