import type { ApprovalPart, RunState, ToolPart } from "./wire";

const grouped = new Intl.NumberFormat("en-US");

/** A count with thousands separators. */
export const count = (value: number): string => grouped.format(value);

/** `1 row`, `1,204 rows`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** A duration in the unit that tells it best. */
export function duration(seconds: number): string {
  if (seconds < 0.9995) return `${Math.max(0, Math.round(seconds * 1000))} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  return clock(seconds);
}

/** Elapsed time: `0:07`, `1:02:09`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const pad = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const tail = pad(whole % 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${tail}` : `${minutes}:${tail}`;
}

export const STATUS: Record<RunState["status"], string> = {
  connecting: "Connecting",
  running: "Running",
  waiting: "Waiting for you",
  reconnecting: "Reconnecting",
  completed: "Done",
  failed: "Failed",
  stopped: "Stopped",
  interrupted: "Interrupted",
};

export const TOOL_STATUS: Record<ToolPart["status"], string> = {
  running: "Running",
  waiting: "Waiting for you",
  done: "Done",
  failed: "Failed",
  denied: "Denied",
  interrupted: "Interrupted",
};

export const DECISION: Record<ApprovalPart["decision"], string> = {
  pending: "Waiting for a decision",
  sending: "Sending the decision",
  approved: "Approved",
  denied: "Denied",
  expired: "Not answered in time: the server blocked the call",
  superseded: "Superseded by a later request",
  unknown: "This run no longer waits for an answer",
  undecided: "The run ended before it was decided",
};

export const transcript = "Transcript of the run";
export const kernelGone = "the kernel is gone";
export const noKernel = "This run has no live kernel";
export const kernelQuiet = "The kernel has not answered yet";
export const kernelBusy = "Sent: the kernel is busy with another cell";
export const refused = (why: string) => `Not done: ${why}`;
export const origin = { live: "", replay: "replay", stored: "stored run" };
export const noData = (seconds: number) => `no data for ${seconds} s`;
export const tokens = (value: number) => plural(value, "token");
export const stop = "Stop";
export const stopping = "Stopping…";

export const question = "You asked";
export const showMore = "Show all";
export const showLess = "Show less";
export const showAll = "Show all";
export const scrollAgain = "Show less";
export const jump = "Jump to latest";
export const working = "Working";

export const copy = "Copy";
export const copied = "Copied";
export const copyFailed = "Select and copy by hand";
export const copyAnswer = "Copy answer";

export const thinking = (steps: number) =>
  steps > 1 ? `Thinking… ${plural(steps, "step")}` : "Thinking…";
export const thought = (seconds: number, steps: number) =>
  `Thought${seconds > 0 ? ` for ${duration(seconds)}` : ""}${steps > 1 ? `, ${plural(steps, "step")}` : ""}`;
export const step = (step: number) => `Step ${step}`;
export const noThought = "The provider shows nothing of this thinking.";

export const args = "Arguments";
export const noArguments = "No arguments";
export const asked = "Asked for";
export const ranWith = "Ran with";
export const hookChanged = "A hook changed the arguments";
export const result = "Result";
export const resultRows = (rows: number) => `Result, ${plural(rows, "row")}`;
export const error = "Error";
export const noResult = "No result";
export const emptyResult = "The result is empty";
export const noResultYet = "No result yet";
export const preview = (shown: number, size: number | null) =>
  size === null
    ? `Preview, first ${plural(shown, "character")}`
    : `Preview, first ${count(shown)} of ${plural(size, "character")}`;
export const rows = (rows: number) => plural(rows, "row");
export const items = (items: number) => plural(items, "item");
export const object = (keys: number) => `object, ${plural(keys, "key")}`;
export const image = "image";
export const imageOf = (tool: string) => `Image returned by ${tool}`;
export const moreRows = (more: number) => `Show ${plural(more, "more row")}`;
export const moreColumns = (more: number) => `${plural(more, "more column")} not shown`;
export const moreCharacters = (more: number) => `Show ${plural(more, "more character")}`;
export const cutCharacters = (more: number) => `… ${plural(more, "more character")}`;

export const group = (calls: number) => `×${count(calls)}`;
export const groupPart = (calls: number, status: ToolPart["status"]) =>
  `${count(calls)} ${TOOL_STATUS[status].toLowerCase()}`;

export const approvalNeeded = "Approval needed:";
export const approvalAsked = "Approval:";
export const covers = { call: "", answer: "the answer", start: "the start of the run" };
export const approvalOutcome = (outcome: string) => `Server: ${outcome}`;
export const by = (who: string) => `by ${who}`;

export const modified = "Edited by a hook";
export const blocked = "Blocked by a hook";
export const sources = (sources: number) => plural(sources, "source");
export const times = (times: number) => `×${count(times)}`;
export const errorCode = "Code";
export const unreadable = "This part could not be drawn.";

export const started = "Run started";
export const waitingFor = (names: string) => `Waiting for your approval: ${names}`;
export const answerReady = "Answer ready";
export const failed = (why: string) => `Failed: ${why}`;
export const stopped = "Run stopped";
export const interrupted = "Run interrupted";
