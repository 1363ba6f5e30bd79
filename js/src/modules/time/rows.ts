// The spans of a run as the rows of a chart: in the order of their begins, with names and cards.
import { agentsOf, oneLine } from "../../core";
import type { DelegationPart, RunState, Span } from "../../state/wire";
import * as words from "./words";

export interface Row {
  span: Span;
  kind: Span["kind"];
  name: string;
  /** Whether the name is a tool's. */
  isTool: boolean;
  /** How many agents' work it is within. */
  depth: number;
  status: string;
  /** The index of its card among the parts, or among the blocks. */
  card: number | null;
}

const DEEPEST = 6;
const MOMENT = 0.1; // seconds

export function rowsOf(state: RunState): Row[] {
  /** The delegation that a supervisor's call stands for. */
  const work = new Map<number, number>();
  state.parts.forEach((part, index) => {
    if (part.kind === "delegation" && part.call !== null && !work.has(part.call)) {
      work.set(part.call, index);
    }
  });
  return state.spans
    .filter((span) => !isMoment(span))
    .map((span) => row(state, span, work))
    .sort((one, other) => one.span.start - other.span.start || one.depth - other.depth);
}

/** What nobody would look for: a moment in which nothing was told. */
const isMoment = ({ kind, start, end }: Span) =>
  kind === "wait" && end !== null && end - start < MOMENT;

function row(state: RunState, span: Span, work: Map<number, number>): Row {
  const depth = depthOf(state, span.within);
  if (span.kind === "block") {
    const block = state.blocks[span.of ?? -1];
    const name = oneLine(block?.name || block?.type || block?.id || span.name);
    const card = block ? span.of : null;
    return { span, kind: "block", name, isTool: false, depth, status: block?.status ?? "", card };
  }
  const at = work.get(span.of ?? -1) ?? span.of;
  const part = state.parts[at ?? -1];
  const known = { span, kind: span.kind, isTool: false, depth, card: null };
  switch (part?.kind) {
    case "tool":
      return { ...known, name: part.name, isTool: true, status: part.status, card: at };
    case "delegation":
    case "parallel": {
      const name = agentsOf(state, at ?? -1);
      return { ...known, kind: "delegate", name, status: part.status, card: at };
    }
    case "approval":
      return { ...known, name: words.person(part), status: part.decision, card: part.call };
    default: {
      // By nobody's word but ours: it becomes the name of a style.
      const status = span.status === "failed" ? "failed" : "";
      return { ...known, name: words.named(span), status };
    }
  }
}

function depthOf({ parts }: RunState, within: number | null): number {
  let depth = 0;
  for (let at = within; at !== null && depth < DEEPEST; depth += 1) {
    at = (parts[at] as Partial<DelegationPart> | undefined)?.within ?? null;
  }
  return depth;
}

/** Seconds by kind; what goes on at the same time counts once. */
export function timingOf(
  rows: readonly Row[],
  end: (span: Span) => number,
): Map<Span["kind"], number> {
  const sums = new Map<Span["kind"], number>();
  const reached = new Map<Span["kind"], number>();
  // They stand in the order of their begins.
  for (const { kind, span } of rows) {
    const from = Math.max(span.start, reached.get(kind) ?? -Infinity);
    sums.set(kind, (sums.get(kind) ?? 0) + Math.max(0, end(span) - from));
    reached.set(kind, Math.max(end(span), from));
  }
  return sums;
}
