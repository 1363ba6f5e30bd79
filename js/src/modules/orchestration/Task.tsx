// What an agent was asked for, where the line doesn't say it all; of several agents whose texts can't
// be told apart, that they can't.
import { Arguments, LongText, parseJson, useKeys } from "../../core";
import type { ToolPart } from "../../state/wire";
import * as words from "../../text/words";
import type { View } from "../../view/view";

const LONG = 60; // characters of a task that is opened to be read
const FIRST = 400; // characters of a task that are shown at first

/** Whether a task is too long for the line, and so stands below it where that is open. */
export const isLong = (task: string): boolean => task.length > LONG || task.includes("\n");

export function Task({ view, index }: { view: View; index: number }) {
  const { outline, state } = view.store;
  useKeys(view, `within/${index}`);
  const part = state.parts[index];
  if (part?.kind === "parallel") {
    const isKnown = outline
      .childrenOf(index)
      .some((each) => state.parts[each]?.kind === "delegation");
    const isRunning = view.store.statusOf(part) === "running";
    return isKnown ? null : <p class="pw-note">{isRunning ? words.mixing : words.mixed}</p>;
  }
  if (part?.kind !== "delegation") return null;
  const call = state.parts[part.call ?? -1];
  if (call?.kind === "tool" && !isOnly(part.task, call)) {
    return <Arguments view={view} source={call.arguments} withheld={call.withheld} />;
  }
  return isLong(part.task) ? <LongText text={part.task} kind="pw-excerpt" first={FIRST} /> : null;
}

/** Whether a call asks for the task and nothing else. */
function isOnly(task: string, { arguments: source }: ToolPart): boolean {
  const asked = parseJson(source);
  if (asked?.kind !== "object") return source.trim() === "";
  return asked.entries.every(([, value]) => value.kind === "text" && value.text === task);
}
