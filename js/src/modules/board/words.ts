// The words of a board.
import type { Figures, Line } from "../../state/wire";
import { clock, count, duration, plural } from "../../text/words";

type Standing = Line["standing"];

/** In the order in which they are told: what is over, what goes on, what is left. */
export const STANDINGS: readonly Standing[] = [
  "done",
  "failed",
  "waiting",
  "running",
  "unknown",
  "left",
];

export const STANDING: Record<Standing, string> = {
  done: "done",
  failed: "failed",
  waiting: "waiting for you",
  running: "running",
  unknown: "unknown",
  left: "left",
};

const STATUS: Record<Figures["status"], string> = {
  ready: "Ready",
  held: "Starting",
  running: "Running",
  waiting: "Waiting for you",
  stopping: "Stopping",
  stopped: "Stopped",
  opened: "Opened",
  done: "Done",
};

export const status = ({ status, counts }: Figures): string => {
  const { failed = 0, unknown = 0 } = counts;
  const bad = [
    failed > 0 ? `${count(failed)} failed` : "",
    unknown > 0 ? `${count(unknown)} unknown` : "",
  ].filter(Boolean);
  return [STATUS[status], ...(status === "done" ? bad : [])].join(", ");
};

export const interrupted = "Interrupted: the kernel is gone";
export const all = "All";
export const filters = "Rows by how they stand";
export const shares = (figures: Figures): string =>
  STANDINGS.filter((one) => figures.counts[one])
    .map((one) => `${count(figures.counts[one] ?? 0)} ${STANDING[one]}`)
    .join(", ");

/** A time that is only guessed: `about 4 min left`. */
export function left(seconds: number): string {
  if (seconds < 5) return "a few seconds left";
  const about =
    seconds < 55
      ? `${Math.ceil(seconds / 5) * 5} s`
      : seconds < 5400
        ? `${Math.round(seconds / 60)} min`
        : `${(seconds / 3600).toFixed(1)} h`;
  return `about ${about} left`;
}

export const rate = (rows: number): string => {
  if (rows >= 1) return `${rows >= 10 ? Math.round(rows) : rows.toFixed(1)} rows/s`;
  return rows * 60 >= 1
    ? `${(rows * 60).toFixed(1)} rows/min`
    : `${(rows * 3600).toFixed(1)} rows/h`;
};

const amount = (value: number): string =>
  value < 100_000
    ? count(value)
    : value < 1e6
      ? `${Math.round(value / 1e3)} k`
      : `${(value / 1e6).toFixed(1)} M`;

/** That nothing new starts for a while. */
export const paused = ({ paused_until: until }: Figures): string =>
  until === null
    ? ""
    : `paused by the server until ${new Date(until * 1000).toLocaleTimeString("en-GB")}`;

export const tokens = ({ tokens, tokens_in_all: all }: Figures): string => {
  if (tokens === null) return "";
  const used = `${amount(tokens)} ${tokens === 1 ? "token" : "tokens"}`;
  return all === null ? used : `${used}, about ${amount(all)} in all`;
};

export const nextToDecide = "Next to decide";
export const nextThen = "Opens the row whose request expires first, then the others";
/** How long the server still waits for a decision. */
export const timeLeft = (seconds: number) => `${clock(Math.max(0, Math.ceil(seconds)))} left`;
export const others = (rows: number) => `${nextToDecide} (${count(rows)})`;

export const search = "Search rows";
export const rows = "Rows of the batch";
export const state = "state";
export const seconds = "s";
export const secondsName = "seconds";
export const sorted = (name: string) => `Sort by ${name}`;
export const again = "Rows have changed: show anew";
export const none = (isSearch: boolean) =>
  isSearch ? "No row has that text." : "No row stands so now.";
export const fetching = "Fetching the rows";
export const took = (value: number) => duration(value).replace(/ s$/, "");
export const done = "Done";
export const noRun = "This row has no run to show.";
export const opening = "Opening the run";
export const cannotShow = (key: string) => `Show this run in a cell of its own: batch[${key}]`;

export const stop = "Stop";
export const stopping = "Stopping…";
export const retry = (failed: number) => `Retry ${count(failed)} failed`;
export const retryThen = (failed: number) =>
  `Sends ${plural(failed, "row")} again that failed. They cost again.`;
export const retrying = "Sending again…";
export const start = "Start";
export const goOn = "Go on";
export const startThen = (left: number) => `Sends the ${plural(left, "row")} that are left.`;
export const lookThen = (running: number) =>
  `Asks the server what became of ${plural(running, "row")}.`;
export const starting = "Starting…";
export const python = "Copy as Python";
export const kept = (name: string) => `kept in ${name}`;
export const notKept = "kept in this kernel only";

/** What a screen reader is told, and nothing between. */
export function milestone(figures: Figures): string {
  const { rows, counts, status: now } = figures;
  const { done = 0, failed = 0, unknown = 0, waiting = 0 } = counts;
  const over = done + failed + unknown;
  if (now === "done" || now === "stopped") return `Batch ${now}: ${shares(figures)}`;
  if (now === "ready" || now === "held" || now === "opened") return "";
  if (waiting > 0) return `${plural(waiting, "row")} waiting for your approval`;
  if (now === "stopping") return "Batch stopping";
  const quarter = Math.floor((4 * over) / Math.max(rows, 1));
  if (quarter === 0) return "Batch started";
  return `${quarter * 25}% of ${plural(rows, "row")} over`;
}
