// The words of an inbox.
import type { ApprovalPart } from "../../state/wire";
import { count, plural } from "../../text/words";

export const nothing = "Nothing waits for you";
export const waits = (waiting: number) =>
  `${count(waiting)} ${waiting === 1 ? "waits" : "wait"} for you`;
export const kernel = "this kernel";
export const covers = "The runs of this kernel: the service has no list of what waits.";
export const soonest = (left: string) => `soonest in ${left}`;
export const gone = "The kernel is gone: nothing can be decided here";
export const hidden = (hidden: number) => `${count(hidden)} hidden`;
export const show = "show";
export const more = (more: number) =>
  `${plural(more, "more waits", "more wait")}: they come here as others are decided; powawidget.pending() has all`;
export const wants = "wants";
export const asksAbout = "asks about";
export const same = (rows: number) => `${count(rows)} runs ask for the same`;
export const notNow = "Not now";
export const notNowThen = "Out of sight here until it is shown again: it decides nothing";
export const correct = "Correct…";
export const correctThen =
  "Deny, and tell the model what the arguments should be: the service can’t take changed ones";
export const correction = (given: string) =>
  `Call it with these arguments instead: ${escaped(given)}`;
/** A field shows no marks: in JSON what can't be seen, or turns a text round, is written as its code. */
const escaped = (json: string) =>
  json
    .replace(/[\t\n\r]+/g, " ")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (hidden) => Array.from(hidden, codes).join(""));
const codes = (character: string) =>
  character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
export const cell = (cell: number | null) => `${cell === null ? "its cell" : `cell ${cell}`} ↗`;
export const cellThen = "Moves the notebook to the cell that has started the run";
export const noWay = (cell: number | null) =>
  cell === null
    ? "This page can’t find the cell."
    : `This page can’t go there: the number beside the cell is [${cell}].`;
export const late = ({ covers }: ApprovalPart) =>
  `its time is over: the server has blocked the ${covers === "call" ? "call" : covers === "answer" ? "answer" : "run"}, or is about to; the stream hasn’t told which`;
export const moved = "not asked here any more: what is still open of it stands apart";
export const notHere = "not now; it still waits";
export const dropped = "No more is known of it here.";
export const list = "What waits for you";
