// The words of a comparison.
import type { Column, ComparedMessage } from "../../state/wire";
import { count, duration, STATUS } from "../../text/words";

type Runs = ComparedMessage["runs"];

export const comparison = "comparison";
export const sides = (sides: number) => `${sides} sides`;
export const each = (rounds: number) => `${count(rounds)} runs each`;
export const baseline = "baseline";
export const rounds = "Runs";
export const round = (turn: number) => `Run ${turn + 1}`;
export const sidesName = "Sides";

/** How all runs stand, in a few words. */
export function status(state: keyof typeof STATUS, runs: Runs): string {
  const { failed = 0, interrupted = 0 } = runs;
  const bad = failed + interrupted;
  return state === "completed" && bad > 0
    ? `${STATUS.completed}, ${count(bad)} failed`
    : STATUS[state];
}

export const interrupted = "Interrupted: the kernel is gone";
export const left = "Not begun";
export const statusOf = ({ status }: Column): string => (status === "left" ? left : STATUS[status]);
export const took = duration;
export const calls = "Called";
export const noCalls = "No calls";
export const notCalled = "not called";
export const moreCalls = (more: number) => `and ${count(more)} more, in the runs themselves`;
export const answerOf = "Answer";
export const noAnswer = "No answer yet";
export const emptyAnswer = "The answer is empty.";
export const hiddenCalls = "Hidden until the vote";
export const notKnown = "not known yet";
export const checkHolds = "holds";
export const checkFails = "doesn’t hold";
export const checkOpen = "not checked yet";

export const differences = "Differences";
export const differencesThen = "Marks the words in which the answers differ from the baseline’s";
export const differencesLater = "The words are compared once all answers are there";
export const comparing = "Comparing the words";
export const tooDifferent = "Too long or too different for a comparison by words.";
export const sameWords = "The same words as the baseline.";
export const removed = "only in the baseline:";
export const added = "only here:";
export const whole = "Whole answers";
export const wholeThen = "Shows all of each answer, and all calls, without scrolling";

export const vote = "Vote blind";
export const voteThen = "Hides the names and puts the answers into another order";
export const better = (name: string) => `${name} is better`;
export const tie = "A tie";
export const reveal = "Show names";
export const revealThen =
  "Shows the names and figures; to vote on the rest hides them again, in another order";
export const voteLater = "You can vote once all answers are there";
export const waitsHidden = "A run waits for you: show the names to decide";
export const voted = "Voted";
export const ask = "Which answer is better?";
export const was = (letter: string) => `was ${letter}`;
export const chosen = "your choice";
export const tied = "a tie";

export const open = "Open run";
export const decide = "Open to decide";
export const close = "Close";
export const opening = "Opening the run";
export const cannotShow = (name: string) =>
  `Show this run in a cell of its own: comparison["${name}"]`;
export const noRun = "There is no run to show.";
export const opened = (name: string, turn: number, isOne: boolean) =>
  isOne ? name : `${name}, run ${turn + 1}`;

export const stop = "Stop";
export const stopping = "Stopping…";

/** What a screen reader is told, and nothing between. */
export function milestone(state: keyof typeof STATUS, { runs, hidden, vote }: ComparedMessage) {
  const { waiting = 0 } = runs;
  if (waiting > 0)
    return waiting === 1
      ? "A run waits for your approval"
      : `${waiting} runs wait for your approval`;
  if (hidden) return "Names are hidden";
  if (vote !== null) return "Names are shown";
  return ["completed", "failed", "stopped"].includes(state)
    ? `Comparison: ${status(state, runs)}`
    : "Comparison started";
}
