import { RUN } from "../src/shape";
import type { ApprovalPart, Part, RunState, TextPart, ToolPart } from "../src/wire";

/** A run that goes on, with what is told otherwise. */
export const run = (given: Partial<RunState> = {}): RunState => ({
  ...RUN.read({ kind: "agent", name: "Analyst", status: "running", started: 1_000 }),
  ...given,
});

const part = <T extends Part>(given: object): T => RUN.read({ parts: [given] }).parts[0] as T;

export const text = (words: string) => part<TextPart>({ kind: "text", text: words });

export const tool = (given: Partial<ToolPart> = {}) =>
  part<ToolPart>({ kind: "tool", name: "search", arguments: "{}", status: "done", ...given });

export const approval = (given: Partial<ApprovalPart> = {}) =>
  part<ApprovalPart>({
    kind: "approval",
    tool_name: "delete_rows",
    arguments: '{"table": "orders"}',
    decision: "pending",
    digest: "d1",
    ...given,
  });
