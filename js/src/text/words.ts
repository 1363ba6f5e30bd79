// The words of the core.
import type { Tally } from "../state/tally";
import type { ApprovalPart, Block, ChatState, RunState, TooLarge, ToolPart } from "../state/wire";

const grouped = new Intl.NumberFormat("en-US");

/** A count with thousands separators. */
export const count = (value: number): string => grouped.format(value);

/** `1 row`, `1,204 rows`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** Less of a duration isn't told. */
export const TENTH = 0.05;

/** A duration, to a tenth of a second. */
export function duration(seconds: number): string {
  if (seconds < TENTH) return "<0.1 s";
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

/** The words of most states, whatever is in them. */
const SAME = {
  running: "Running",
  waiting: "Waiting for you",
  done: "Done",
  failed: "Failed",
  interrupted: "Interrupted",
};

export const STATUS: Record<RunState["status"], string> = {
  ...SAME,
  connecting: "Connecting",
  reconnecting: "Reconnecting",
  completed: SAME.done,
  stopped: "Stopped",
};

export const TOOL_STATUS: Record<ToolPart["status"], string> = {
  ...SAME,
  denied: "Denied",
};
export const preparing = "Preparing";
export const expired = "Expired";

/** One line for what is over, while nothing more of it is here. */
export const brief = (state: RunState | ChatState): string =>
  [`${state.kind} ${state.name}`, "status" in state ? STATUS[state.status] : []].flat().join(": ");

/** The direction of these words; a text of somebody else's has its own. */
export const direction = "ltr";
export const transcript = "Transcript of the run";
export const ready = "Ready";
export const turns = (turns: number) => plural(turns, "turn");
export const turn = (turn: number) => `Turn ${count(turn)}`;
export const kernelGone = "the kernel is gone";
export const noKernel = "This run has no live kernel";
export const incomplete =
  "Part of the view didn't come in 3 tries: reload the page or restart the kernel";
export const kernelQuiet = "The kernel has not answered yet";
export const kernelBusy = "Sent: the kernel is busy with another cell";
export const refused = (why: string) => `Not done: ${why}`;
export const origin = { live: "", replay: "replay", stored: "stored run" };
export const noData = (seconds: number, isAlive = false) => {
  const time = seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
  return isAlive ? `still connected, no event for ${time}` : `no data for ${seconds} s`;
};
export const tokenCount = (value: number) => plural(value, "token");
export const stop = "Stop";
export const stopping = "Stopping…";

export const question = "You asked";
export const showAll = (what: string) => `Show the whole ${what}`;
export const run = "run";
export const chat = "chat";
export const scrollAgain = "Show less";
export const jump = "Jump to latest";
export const waitsFor = "Waiting for you:";
export const height = "Height of the box";
export const heightKeys = "Drag, or press the arrow keys; a double click or Home takes it back";
export const working = "Working";

export const copy = "Copy";
export const copyCode = "Copy code";
export const copied = "Copied";
export const copyFailed = "Select and copy by hand";
export const copyAnswer = "Copy answer";
export const time = "Where the time went";
export const emptyAnswer = "The answer is empty.";
export const inTheFile = (bytes: number) => `${count(Math.ceil(bytes / 1000))} kB in the notebook`;

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
export const resultOf = (size: string) => `Result, ${size}`;
export const error = "Error";
export const noResult = "No result";
export const empty = "Empty";
export const noResultYet = "No result yet";
export const preview = (shown: number, size: number | null) =>
  size === null
    ? `Preview, first ${plural(shown, "character")}`
    : `Preview, first ${count(shown)} of ${plural(size, "character")}`;
export const rows = (rows: number) => plural(rows, "row");
export const items = (items: number) => plural(items, "item");
export const object = (keys: number) => `object, ${plural(keys, "key")}`;
export const someRows = "rows";
export const aList = "list";
export const anObject = "object";
export const image = "image";
export const moreColumns = (more: number) => `${plural(more, "more column")} not shown`;
export const moreCharacters = (more: number) => `Show ${plural(more, "more character")}`;
export const cutCharacters = (more: number) => `… ${plural(more, "more character")}`;

export const inParallel = "In parallel: ";
export const agents = (agents: number) => plural(agents, "agent");
export const anAgent = "An agent";
export const oneOf = (names: string) => `One of: ${names}`;
export const answer = "Answer";
export const saidNothing = "It said nothing";
export const mixing =
  "The stream doesn’t say whose text is whose while they work at once: their texts are shown at the end.";
export const mixed = "The stream didn’t say whose text was whose.";
export const isAtWork = (names: string) => `${names} at work`;
export const atWork = (agents: number) => isAtWork(count(agents));
export const atStep = (step: number) => `step ${step}`;
export const steps = (steps: number) => plural(steps, "step");
export const calls = (calls: number) => plural(calls, "tool call");
export const characters = (characters: number) => plural(characters, "character");

export const BLOCK_STATUS: Record<Block["status"], string> = {
  ...SAME,
  pending: "Pending",
  skipped: "Skipped",
  not_reached: "Not reached",
};
export const blocks = ({ all, ran, skipped }: Tally, isAll: boolean) =>
  (isAll ? `${count(ran)} of ${plural(all, "block")}` : plural(all, "block")) +
  (skipped > 0 ? `, ${count(skipped)} skipped` : "");
const blocksFailed = (failed: number) => `${plural(failed, "block")} failed`;
export const endedWith = (failed: number) => `${STATUS.completed}, ${blocksFailed(failed)}`;
export const output = "Output";
export const input = "Input";
export const text = "Text";
export const progress = "Blocks that have run";
export const noOutput =
  "No response block ran, so the workflow has no output of its own: open a block to see what came out of it.";
export const noBlocks = "No block ran: the workflow has none.";
export const noOutputYet = "Nothing has come out yet";
export const nothingKept = "Nothing came out";

export const group = (calls: number) => `×${count(calls)}`;
export const groupPart = (calls: number, status: ToolPart["status"]) =>
  `${count(calls)} ${TOOL_STATUS[status].toLowerCase()}`;

export const approvalNeeded = "Approval needed:";
export const approvalMissed = "Approval was needed:";
export const covers = { call: "", answer: "the answer", start: "this run" };
export const requests = (requests: number, areCalls: boolean) =>
  plural(requests, areCalls ? "call" : "request");
export const hookSays = "What the hook says";
export const gate = (place: number) =>
  place < 1 ? "" : place === 1 ? "second gate" : `gate ${place + 1}`;
export const together = (requests: string) => `these ${requests}, one decision`;
const COVERED = { call: "call", answer: "answer", start: "run" };
export const coversOnly = (covers: ApprovalPart["covers"]) => `this ${COVERED[covers]} only`;
export const decidedBelow = "Decided together below";
export const timeLeft = (seconds: number) => `${clock(seconds)} left`;
export const approve = (requests: number) => (requests > 1 ? `Approve all ${requests}` : "Approve");
export const deny = (requests: number) => (requests > 1 ? `Deny all ${requests}` : "Deny");
export const cancel = "Cancel";
export const reason = "Reason, told to the model (optional)";
export const shortcuts = "A approves, D denies";
export const moreRequests = (next: number, more: number) =>
  `Show ${next === more ? "" : `${count(next)} of `}${plural(more, "more request")}`;
export const showFirst = (more: number) =>
  `Approve needs ${plural(more, "more request")} to be shown first.`;
export const openFirst = (folded: number) =>
  `Approve needs ${plural(folded, "folded text")} to be opened first.`;
export const tooLarge = ({ arguments: given, message, tool_name, withheld }: ApprovalPart) =>
  withheld === null
    ? `${plural(Math.max(given.length, message.length, tool_name.length), "character")} of arguments are too many to show here. Approve them by code: run.approve()`
    : `${withheldArguments(withheld)}; decide by code: run.approve()`;
export const withheldArguments = ({ size, digest }: TooLarge, label = args) =>
  `${label}: ${size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`}, SHA-256 ${digest}: too large to show`;
export const aboutToBlock = "The server is about to block the call.";
export const earlierDecision = "The decision on an earlier request is on its way.";
const CHOICE = { approve: "approval", deny: "denial" };
type Choice = NonNullable<ApprovalPart["choice"]>;
export const sending = (choice: Choice, whose = "your", again = "") =>
  `Sending ${whose} ${CHOICE[choice]}${again}…`;
/** What goes on after a decision, until the stream shows what came of it. */
export const goesOn = (choice: Choice, { by, covers, delivery }: ApprovalPart) =>
  delivery !== "taken"
    ? sending(choice, by === "click" ? "your" : "the", delivery === "again" ? " again" : "")
    : (choice === "approve" ? "Approved" : "Denied") +
      (by === "click" ? "" : decidedBy(by)) +
      (choice === "approve" && covers === "call" ? ", running" : ", waiting for the server");

/** Who decided, as it is read after "Approved" or "Denied", by whoever reads it. */
function decidedBy(by: string | null): string {
  if (by === "click") return " by a person";
  if (by === "stop") return ", because the run was stopped";
  if (by === "elsewhere") return " elsewhere";
  return by === null ? "" : ` by ${by}`;
}

/** A wait as it is said: `41 s`, `5 min`, `1 min 5 s`. */
function wait(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    [Math.floor(whole / 60), "min"],
    [whole % 60, "s"],
  ].filter(([value]) => value !== 0);
  return parts.map((part) => part.join(" ")).join(" ") || "0 s";
}

const timeOfDay = (seconds: number): string => new Date(seconds * 1000).toLocaleTimeString("en-GB");

/** A run that a file holds as it went on then. */
export const asOf = (seconds: number, status: RunState["status"]) =>
  `As of ${timeOfDay(seconds).slice(0, 5)}: ${status === "waiting" ? "waiting for approval" : status}; what came later isn’t in this file`;

/** What became of a request, in one line; its reason stands apart. */
export function decided(part: ApprovalPart): string {
  const { decision, by, asked_at: asked, decided_at: at, choice } = part;
  const isOurs = by === "click" || by === "code";
  const when = isOurs && at !== null ? ` at ${timeOfDay(at)}, after ${wait(at - asked)}` : "";
  switch (decision) {
    case "approved":
      return `Approved${decidedBy(by)}${when}`;
    case "denied":
      return `Denied${decidedBy(by)}${when}`;
    case "expired": {
      const limit = (part.deadline ?? at ?? asked) - asked;
      const late = limit > 0 ? `in ${wait(limit)}` : "in time";
      return `Not answered ${late}: the server blocked the ${COVERED[part.covers]}`;
    }
    case "superseded":
      return "Superseded: the run went on without an answer";
    case "pending":
    case "undecided":
      return "Not decided: the run ended";
    default:
      return `It isn’t known what became of the ${choice === null ? "decision" : CHOICE[choice]}`;
  }
}
export const changedAfter = "A hook changed the arguments after the approval";

export const modified = "Edited by a hook";
export const blocked = "Blocked by a hook";
export const sources = (sources: number) => plural(sources, "source");
export const sourceOf = (key: string) => `Source ${key}`;
export const hiddenCharacter = (code: string) => `Hidden character ${code}`;
export const notAsItLooks = "Not the characters that it looks like";
export const loadImage = "Load image";
export const leftOut = (more: number) =>
  `${plural(more, "more character")} not shown: read them in Python.`;
export const times = (times: number) => `×${count(times)}`;
export const errorCode = "Code";
export const details = "Details";
export const unreadable = "This part could not be drawn.";

export const started = "Run started";
export const waitingFor = (names: string) => `Waiting for your approval: ${names}`;
export const answerReady = "Answer ready";
export const failed = (why: string) => `Failed: ${why}`;
export const stopped = "Run stopped";
export const interrupted = "Run interrupted";
