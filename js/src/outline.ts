import type { ApprovalPart, Part, ToolPart } from "./wire";

/** From this many calls of one tool in a row, they fold into a group. */
const FOLD_FROM = 3;

/** Calls of one tool in a row: parts `start` up to, not including, `end`. */
export interface CallRun {
  readonly start: number;
  end: number;
  readonly name: string;
  readonly counts: Map<ToolPart["status"], number>;
}

export type Outline = ReturnType<typeof openOutline>;

/**
 * How the parts stand to one another: which calls fold into a group, which requests stand at which
 * call, how many calls are open. It is kept up change by change, since a pass over all parts for
 * each would make long runs slow.
 */
export function openOutline(emit: (key: string) => void) {
  let parts: readonly Part[] = [];
  let length = 0;
  let open = 0;
  let runs: (CallRun | undefined)[] = [];
  /** The calls as they were when they were counted. */
  let counted: (Pick<ToolPart, "name" | "status"> | undefined)[] = [];
  const gates = new Map<number, number[]>();
  const asks = new Set<number>();

  const tool = (index: number): ToolPart | undefined => {
    const part = parts[index];
    return part?.kind === "tool" ? part : undefined;
  };

  const request = (index: number): ApprovalPart | undefined => {
    const part = parts[index];
    return part?.kind === "approval" ? part : undefined;
  };

  /** The call that a request stands at. */
  const gated = (index: number): number | undefined => {
    const call = request(index)?.call ?? -1;
    return call < index && tool(call) !== undefined ? call : undefined;
  };

  const emitParts = (from: number, to: number): void => {
    for (let index = from; index < to; index++) emit(`parts/${index}`);
  };

  const add = ({ counts }: CallRun, status: ToolPart["status"], calls: number): void => {
    counts.set(status, (counts.get(status) ?? 0) + calls);
  };

  const join = (index: number, { name, status }: ToolPart): void => {
    const before = runs[index - 1];
    const run =
      before?.name === name ? before : { start: index, end: index, name, counts: new Map() };
    run.end = index + 1;
    runs[index] = run;
    add(run, status, 1);
    const calls = run.end - run.start;
    if (calls === FOLD_FROM) emitParts(run.start, index);
    if (calls > FOLD_FROM) emit(`group/${run.start}`);
  };

  /** A call that a person is asked about never folds away: its run is cut in two around it. */
  const setApart = (call: number): void => {
    const run = runs[call];
    if (run === undefined) return;
    runs.fill(undefined, run.start, run.end);
    for (let index = run.start; index < run.end; index++) {
      const part = tool(index);
      if (part !== undefined && !gates.has(index)) join(index, part);
    }
    emitParts(run.start, run.end);
  };

  const ask = (index: number): void => {
    asks.add(index);
    emit("asks"); // what is asked at once is shown and decided as one
    const call = gated(index);
    if (call === undefined) return;
    const known = gates.get(call) ?? [];
    if (known.includes(index)) return;
    gates.set(call, [...known, index]);
    setApart(call);
    emit(`parts/${call}`);
  };

  const count = (index: number, { name, status }: ToolPart): void => {
    const old = counted[index]?.status;
    if (old === status) return;
    counted[index] = { name, status };
    const isOpen = (each: ToolPart["status"] | undefined) =>
      Number(each === "running" || each === "waiting");
    const more = isOpen(status) - isOpen(old);
    open += more;
    if (more !== 0) emit("open");
    const run = runs[index];
    if (run === undefined) return;
    if (old !== undefined) add(run, old, -1);
    add(run, status, 1);
    emit(`group/${run.start}`);
  };

  /** Takes in the next part. */
  const next = (): void => {
    const index = length++;
    if (request(index) !== undefined) ask(index);
    const part = tool(index);
    if (part === undefined) return;
    count(index, part);
    join(index, part);
  };

  const rebuild = (from: readonly Part[]): void => {
    parts = from;
    length = 0;
    open = 0;
    runs = [];
    counted = [];
    gates.clear();
    asks.clear();
    while (length < parts.length) next();
  };

  return {
    rebuild,
    next,

    /** How many parts are known. */
    get length(): number {
      return length;
    },

    /** How many calls are running or waiting. */
    get open(): number {
      return open;
    },

    /** The group that a call is folded into. */
    group(index: number): CallRun | undefined {
      const run = runs[index];
      return run !== undefined && run.end - run.start >= FOLD_FROM ? run : undefined;
    },

    /** The places of the requests that stand at a call. */
    gates: (call: number): readonly number[] => gates.get(call) ?? [],

    /** The requests that stand so, oldest first. */
    asks: (decision: ApprovalPart["decision"]): number[] =>
      [...asks].filter((index) => request(index)?.decision === decision),

    /** Whether a request is shown at its call, not in its own place. */
    isAttached: (index: number): boolean => gated(index) !== undefined,

    /** A part that is known was changed or replaced. */
    update(index: number): void {
      if (request(index) !== undefined) ask(index);
      const part = tool(index);
      if (part?.name !== counted[index]?.name) {
        rebuild(parts);
        emitParts(0, length);
      } else if (part !== undefined) {
        count(index, part);
      }
    },
  };
}
