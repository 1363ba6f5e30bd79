// What a run asks a person for, by name.
import type { RunState } from "../state/wire";
import { covers } from "./words";

/** The names of what waits; the requests that wait are among the last parts. */
export function asked({ parts }: RunState, decision = "pending"): string {
  const names = new Set<string>();
  for (const part of parts.slice(-50)) {
    if (part.kind !== "approval" || part.decision !== decision) continue;
    names.add(part.covers === "call" ? part.tool_name : covers[part.covers]);
  }
  return [...names].join(", ");
}
