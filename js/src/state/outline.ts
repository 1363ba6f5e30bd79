import type { EventKey } from "./events";
import type { ApprovalPart, DelegationPart, ParallelPart, Part, ToolPart } from "./wire";

/** Where the parts stand that are within no other. */
export const TOP = -1;

/** From this many calls of one tool in a row, they fold into a group. */
const FOLD_FROM = 3;

/** Agents within agents; deeper ones stand beside one another, or drawing them would have no end. */
const DEEPEST = 30;

/** Calls of one tool in a row, by their places. */
export interface CallRun {
  readonly calls: number[];
  readonly name: string;
  readonly counts: Map<ToolPart["status"], number>;
}

export type Outline = ReturnType<typeof openOutline>;

/**
 * How the parts stand to one another: which are within which, which calls fold into a group, which
 * requests and which delegations stand at which call, how many calls are open, who is at work. It is
 * kept up change by change, since a pass over all parts for each would make long runs slow.
 */
export function openOutline(emit: (key: EventKey) => void) {
  let parts: readonly Part[] = [];
  let length = 0;
  let open = 0;
  let runs: (CallRun | undefined)[] = [];
  /** The place that each part is within, and for each such place its parts. */
  let homes: number[] = [];
  let depths: number[] = [];
  const lists = new Map<number, number[]>();
  const working = new Set<number>();
  /** Calls that are shown as the delegation they made. */
  const taken = new Set<number>();
  /** The calls as they were when they were counted. */
  let counted: (Pick<ToolPart, "name" | "status"> | undefined)[] = [];
  const gates = new Map<number, number[]>();
  /** How each request stood when it was looked at, and those that stand alike, oldest first. */
  const stood = new Map<number, ApprovalPart["decision"]>();
  const asks = new Map<ApprovalPart["decision"], number[]>();

  const tool = (index: number): ToolPart | undefined => {
    const part = parts[index];
    return part?.kind === "tool" ? part : undefined;
  };

  const request = (index: number): ApprovalPart | undefined => {
    const part = parts[index];
    return part?.kind === "approval" ? part : undefined;
  };

  const work = (index: number): DelegationPart | ParallelPart | undefined => {
    const part = parts[index];
    return part?.kind === "delegation" || part?.kind === "parallel" ? part : undefined;
  };

  /**
   * What a part is within. What a saved notebook says is not believed: no part may be within itself,
   * by whatever way around.
   */
  const homeOf = (index: number): number => {
    const { within } = parts[index] as { within?: number | null };
    const home = within ?? TOP;
    if (!work(home) || !(home < index || !work(index))) return TOP;
    return (depths[home] ?? 0) < DEEPEST ? home : (homes[home] ?? TOP);
  };

  const inside = (home: number): number[] => {
    const list = lists.get(home) ?? [];
    lists.set(home, list);
    return list;
  };

  /** The call that a request stands at. */
  const gated = (index: number): number | undefined => {
    const call = request(index)?.call ?? -1;
    return call < index && tool(call) !== undefined ? call : undefined;
  };

  const emitParts = (indexes: Iterable<number>): void => {
    for (const index of indexes) emit(`parts/${index}`);
  };

  const add = ({ counts }: CallRun, status: ToolPart["status"], calls: number): void => {
    counts.set(status, (counts.get(status) ?? 0) + calls);
  };

  /** Adds a call to the calls before it, where they are of the same tool. */
  const join = (index: number, { name, status }: ToolPart, before?: CallRun): CallRun => {
    const run: CallRun = before?.name === name ? before : { calls: [], name, counts: new Map() };
    run.calls.push(index);
    runs[index] = run;
    add(run, status, 1);
    const { length: calls } = run.calls;
    if (calls === FOLD_FROM) emitParts(run.calls);
    if (calls > FOLD_FROM) emit(`group/${run.calls[0] ?? TOP}`);
    return run;
  };

  /** A call that is more than a card never folds away: its run is cut in two around it. */
  const setApart = (call: number): void => {
    const run = runs[call];
    if (run === undefined) return;
    let before: CallRun | undefined;
    for (const index of run.calls) {
      runs[index] = undefined;
      const part = tool(index);
      const isApart = part === undefined || gates.has(index) || taken.has(index);
      before = isApart ? undefined : join(index, part, before);
    }
    emitParts(run.calls);
  };

  /** Where what is asked at once is shown and decided as one: at the last of it. */
  const cards = (): number[] =>
    (["pending", "sending"] as const).flatMap((decision) => asks.get(decision)?.at(-1) ?? []);

  const ask = (index: number): void => {
    const before = cards();
    const old = stood.get(index);
    const decision = request(index)?.decision;
    if (old !== decision) {
      const left = asks.get(old ?? "pending") ?? [];
      if (old !== undefined) left.splice(left.indexOf(index), 1);
      stood.delete(index);
      if (decision !== undefined) {
        const list = asks.get(decision) ?? [];
        list.push(index);
        if (index < (list.at(-2) ?? 0)) list.sort((a, b) => a - b);
        asks.set(decision, list);
        stood.set(index, decision);
      }
    }
    emitParts(new Set([...before, ...cards()]));
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
    emit(`group/${run.calls[0] ?? TOP}`);
  };

  /** Notes who is at work, and the call that a delegation stands for. */
  const watch = (index: number): void => {
    const part = work(index);
    if (part === undefined) return;
    const isWorking = part.status === "running";
    if (isWorking !== working.has(index)) {
      if (isWorking) working.add(index);
      else working.delete(index);
      emit("work");
    }
    const call = (part.kind === "delegation" ? part.call : null) ?? TOP;
    if (tool(call) === undefined || taken.has(call)) return;
    taken.add(call);
    setApart(call);
    emit(`parts/${call}`);
  };

  /** Takes in the next part. */
  const next = (): void => {
    const index = length++;
    const home = homeOf(index);
    const list = inside(home);
    const before = runs[list.at(-1) ?? TOP];
    homes[index] = home;
    depths[index] = (depths[home] ?? 0) + 1;
    list.push(index);
    emit(`within/${home}`);
    if (request(index) !== undefined) ask(index);
    watch(index);
    const part = tool(index);
    if (part === undefined) return;
    count(index, part);
    join(index, part, before);
  };

  const rebuild = (from: readonly Part[]): void => {
    for (const home of lists.keys()) emit(`within/${home}`);
    parts = from;
    length = 0;
    open = 0;
    runs = [];
    counted = [];
    homes = [];
    depths = [];
    for (const known of [lists, working, taken, gates, stood, asks]) known.clear();
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

    /** The place of the part that another is within; -1 at the top. */
    home: (index: number): number => homes[index] ?? TOP,

    /** The places of the parts within another one, or of those at the top. */
    inside: (home: number): readonly number[] => inside(home),

    /** The delegation or parallel group that began last of those at work. */
    get working(): number | undefined {
      return [...working].at(-1);
    },

    /** Whether a call is shown as the delegation it made. Nothing hides what a person is asked. */
    isTaken: (call: number): boolean => taken.has(call) && !gates.has(call),

    /** The group that a call is folded into. */
    group(index: number): CallRun | undefined {
      const run = runs[index];
      return run !== undefined && run.calls.length >= FOLD_FROM ? run : undefined;
    },

    /** The places of the requests that stand at a call. */
    gates: (call: number): readonly number[] => gates.get(call) ?? [],

    /** The requests that stand so, oldest first. */
    asks: (decision: ApprovalPart["decision"]): readonly number[] => asks.get(decision) ?? [],

    /** Whether a request is shown at its call, not in its own place. */
    isAttached: (index: number): boolean => gated(index) !== undefined,

    /** A part that is known was changed or replaced. */
    update(index: number): void {
      if (request(index) !== undefined || stood.has(index)) ask(index);
      watch(index);
      const part = tool(index);
      if (part?.name !== counted[index]?.name || homeOf(index) !== homes[index]) {
        rebuild(parts);
        emitParts(homes.keys());
      } else if (part !== undefined) {
        count(index, part);
      }
    },
  };
}
