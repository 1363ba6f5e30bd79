import { RUN } from "../src/state/shape";
import type {
  ApprovalPart,
  Block,
  DelegationPart,
  ParallelPart,
  Part,
  RunState,
  TextPart,
  ToolPart,
} from "../src/state/wire";

/** A run that goes on, except for what is given. */
export const run = (given: Partial<RunState> = {}): RunState => ({
  ...RUN.read({ kind: "agent", name: "Analyst", status: "running", started: 1_000 }),
  ...given,
});

const part = <T extends Part>(given: object): T => RUN.read({ parts: [given] }).parts[0] as T;

export const text = (words: string, within: number | null = null) =>
  part<TextPart>({ kind: "text", text: words, within });

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

export const delegation = (given: Partial<DelegationPart> = {}) =>
  part<DelegationPart>({ kind: "delegation", agent: "Billing", ...given });

export const parallel = (given: Partial<ParallelPart> = {}) =>
  part<ParallelPart>({ kind: "parallel", agents: ["A", "B"], count: 2, ...given });

export const block = (given: Partial<Block> = {}) =>
  RUN.read({ blocks: [{ id: "b1", type: "code", ...given }] }).blocks[0] as Block;
