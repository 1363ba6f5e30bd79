// What the chart of a run's time says.
import { oneLine } from "../../core";
import type { ApprovalPart, Span } from "../../state/wire";
import { duration } from "../../text/words";

export const KINDS: Record<Span["kind"], string> = {
  model: "model",
  tool: "tools",
  hook: "hooks",
  human: "you",
  wait: "waits",
  delegate: "agents",
  block: "blocks",
};
export const seenHere = "as seen here: the network's delay is in it";
export const someSeenHere = "~ as seen here";
export const more = (count: number) => `${count.toLocaleString("en-US")} more: run.spans has all`;
/** A moment at a mark of the axis. */
export const mark = (seconds: number) =>
  seconds < 60 ? `${Number(seconds.toPrecision(2))} s` : duration(seconds);
export const toCard = "Go to its card";

/** Whose time a request took. */
export function person({ by, decision }: ApprovalPart): string {
  if (decision === "pending") return "waiting for you";
  if (by?.startsWith("policy") === true) return "policy";
  if (by === "elsewhere") return "a person elsewhere";
  return decision === "expired" ? "nobody answered" : "you";
}

const WAITS: Record<string, string> = { service: "service" };

export function named({ kind, name }: Span): string {
  if (kind === "wait") return WAITS[name] ?? `wait ${name}`;
  return oneLine(name) || kind;
}
