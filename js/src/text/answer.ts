// The text that a run answered.
import type { RunState } from "../state/wire";
import { parseJson } from "./json";

/**
 * What a run answered, for the clipboard: a workflow's output, all that an agent said, of an
 * orchestration only its last word (docs/protocol.md#orchestration-answer).
 */
export function answerOf({ kind, answer, output, parts, status }: RunState): string {
  if (kind === "orchestration" && status === "failed") return "";
  if (kind === "workflow") {
    const value = parseJson(output ?? "");
    return value?.kind === "text" ? value.text : (output ?? "");
  }
  const said: string[] = [];
  for (const part of parts) {
    if (part.kind === "approval" || part.within !== answer) continue;
    if (part.kind === "text" && part.text !== "") said.push(part.text);
    else if (kind === "orchestration" && answer === null && part.kind !== "notice") said.length = 0;
  }
  return said.join("\n\n");
}
