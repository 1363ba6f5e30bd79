// The words of a chat that can be written in.
import type { RunState } from "../../state/wire";
import { count, plural } from "../../text/words";

export const ask = (name: string) => `Ask ${name || "a question"}`;
export const askNext = "Next message: it waits its turn";
export const message = "Message";
export const send = "Send";
export const queue = "Queue";
export const keys = "Enter sends, Shift+Enter breaks the line";
export const sending = "Sending…";
export const noKernel = "No live kernel: run the cell again to go on. What is typed here stays.";
export const otherKernel = "Not sent: the kernel was restarted before it came.";

export const queued = "Queued messages";
export const edit = "Edit";
export const takeBack = "Take back";
export const takingBack = "Taking back…";
export const paused = (why: string, messages: number) =>
  `${why} ${plural(messages, "message")} ${messages === 1 ? "waits" : "wait"}.`;
export const sendAnyway = "Send anyway";
export const discard = "Discard";

export const showEarlier = (turns: number, all: number) =>
  turns < all
    ? `Show ${plural(turns, "earlier turn")} of ${count(all)}`
    : `Show ${plural(turns, "earlier turn")}`;
export const loading = "Loading earlier turns…";
export const missing = (runs: number) =>
  `${plural(runs, "run")} of this conversation ${runs === 1 ? "is" : "are"} missing here: what failed or was cut off is left out of its history, with what was asked.`;
export const readOnly = "A stored conversation. To go on with it:";

export const copyPython = "Copy as Python";
export const retry = "Retry";
export const retrying = "Retrying…";
export const retried = "Sent again below";
const time = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
export const stored = (at: number | null) =>
  at === null ? "stored" : `stored, ${time.format(at * 1000)}`;
export const ended: Partial<Record<RunState["status"], string>> = {
  failed: "Failed",
  stopped: "Stopped",
  interrupted: "Interrupted",
};
