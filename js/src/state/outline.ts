// How the parts of a run stand to one another: which are within which, which calls make a group,
// which approvals and which delegations stand at which call, how many calls are open, who is at work.
import type { EventKey } from "./events";
import type { ApprovalPart, DelegationPart, ParallelPart, Part, ToolPart } from "./wire";

/** In place of the index of a parent: the part is within no other. */
export const TOP = -1;

/** So many calls of one tool in a row make a group. */
const GROUP_FROM = 3;

/** Agents within agents; deeper ones stand beside one another, or drawing them would have no end. */
const DEEPEST = 30;

/** Calls of one tool in a row, by their indexes. */
export interface CallGroup {
  readonly calls: number[];
  readonly name: string;
  readonly counts: Map<ToolPart["status"], number>;
}

/** It is kept up change by change, since a pass over all parts for each would make long runs slow. */
export function openOutline(emit: (key: EventKey) => void) {
  let parts: readonly Part[] = [];
  let length = 0;
  let open = 0;
  let groups: (CallGroup | undefined)[] = [];
  /** The part that each part is within, and the parts within each. */
  let parents: number[] = [];
  let depths: number[] = [];
  const children = new Map<number, number[]>();
  const working = new Set<number>();
  /** Calls that are shown as the delegation they made. */
  const delegated = new Set<number>();
  /** The calls as they were when they were counted. */
  let counted: (Pick<ToolPart, "name" | "status"> | undefined)[] = [];
  const approvals = new Map<number, number[]>();
  /** The decision on each approval when it was looked at, and the approvals of each, oldest first. */
  const decisions = new Map<number, ApprovalPart["decision"]>();
  const byDecision = new Map<ApprovalPart["decision"], number[]>();

  const tool = (index: number): ToolPart | undefined => {
    const part = parts[index];
    return part?.kind === "tool" ? part : undefined;
  };

  const approval = (index: number): ApprovalPart | undefined => {
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
  const parentOf = (index: number): number => {
    const { within } = parts[index] as { within?: number | null };
    const parent = within ?? TOP;
    if (!work(parent) || !(parent < index || !work(index))) return TOP;
    return (depths[parent] ?? 0) < DEEPEST ? parent : (parents[parent] ?? TOP);
  };

  const childrenOf = (parent: number): number[] => {
    const list = children.get(parent) ?? [];
    children.set(parent, list);
    return list;
  };

  /** The call that an approval stands at. */
  const callOf = (index: number): number | undefined => {
    const call = approval(index)?.call ?? -1;
    return call < index && tool(call) !== undefined ? call : undefined;
  };

  const emitParts = (indexes: Iterable<number>): void => {
    for (const index of indexes) emit(`parts/${index}`);
  };

  const add = ({ counts }: CallGroup, status: ToolPart["status"], calls: number): void => {
    counts.set(status, (counts.get(status) ?? 0) + calls);
  };

  /** Adds a call to the calls before it, where they are of the same tool. */
  const join = (index: number, { name, status }: ToolPart, before?: CallGroup): CallGroup => {
    const group: CallGroup =
      before?.name === name ? before : { calls: [], name, counts: new Map() };
    group.calls.push(index);
    groups[index] = group;
    add(group, status, 1);
    const { length: calls } = group.calls;
    if (calls === GROUP_FROM) emitParts(group.calls);
    if (calls > GROUP_FROM) emit(`group/${group.calls[0] ?? TOP}`);
    return group;
  };

  /** A call that is more than a card is never hidden: its group is cut in two around it. */
  const setApart = (call: number): void => {
    const group = groups[call];
    if (group === undefined) return;
    let before: CallGroup | undefined;
    for (const index of group.calls) {
      groups[index] = undefined;
      const part = tool(index);
      const isApart = part === undefined || approvals.has(index) || delegated.has(index);
      before = isApart ? undefined : join(index, part, before);
    }
    emitParts(group.calls);
  };

  /** What is asked at once is shown and decided as one: at the last of it. */
  const cards = (): number[] =>
    (["pending", "sending"] as const).flatMap((decision) => byDecision.get(decision)?.at(-1) ?? []);

  const watchApproval = (index: number): void => {
    const before = cards();
    const old = decisions.get(index);
    const decision = approval(index)?.decision;
    if (old !== decision) {
      const left = byDecision.get(old ?? "pending") ?? [];
      if (old !== undefined) left.splice(left.indexOf(index), 1);
      decisions.delete(index);
      if (decision !== undefined) {
        const list = byDecision.get(decision) ?? [];
        list.push(index);
        if (index < (list.at(-2) ?? 0)) list.sort((a, b) => a - b);
        byDecision.set(decision, list);
        decisions.set(index, decision);
      }
    }
    emitParts(new Set([...before, ...cards()]));
    const call = callOf(index);
    if (call === undefined) return;
    const known = approvals.get(call) ?? [];
    if (known.includes(index)) {
      // What the decision set going may not go on.
      if (old !== decision && decision === "unknown") emit(`parts/${call}`);
      return;
    }
    approvals.set(call, [...known, index]);
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
    const group = groups[index];
    if (group === undefined) return;
    if (old !== undefined) add(group, old, -1);
    add(group, status, 1);
    emit(`group/${group.calls[0] ?? TOP}`);
  };

  /** Notes who is at work, and the call that a delegation stands for. */
  const watchWork = (index: number): void => {
    const part = work(index);
    if (part === undefined) return;
    const isWorking = part.status === "running";
    if (isWorking !== working.has(index)) {
      if (isWorking) working.add(index);
      else working.delete(index);
      emit("work");
    }
    const call = (part.kind === "delegation" ? part.call : null) ?? TOP;
    if (tool(call) === undefined || delegated.has(call)) return;
    delegated.add(call);
    setApart(call);
    emit(`parts/${call}`);
  };

  /** Adds the next part. */
  const next = (): void => {
    const index = length++;
    const parent = parentOf(index);
    const list = childrenOf(parent);
    const before = groups[list.at(-1) ?? TOP];
    parents[index] = parent;
    depths[index] = (depths[parent] ?? 0) + 1;
    list.push(index);
    emit(`within/${parent}`);
    if (approval(index) !== undefined) watchApproval(index);
    watchWork(index);
    const part = tool(index);
    if (part === undefined) return;
    count(index, part);
    join(index, part, before);
  };

  const rebuild = (from: readonly Part[]): void => {
    for (const parent of children.keys()) emit(`within/${parent}`);
    parts = from;
    length = 0;
    open = 0;
    groups = [];
    counted = [];
    parents = [];
    depths = [];
    for (const known of [children, working, delegated, approvals, decisions, byDecision])
      known.clear();
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

    /** The part that another is within; -1 at the top. */
    parent: (index: number): number => parents[index] ?? TOP,

    /** The parts within another one, or those at the top. */
    childrenOf: childrenOf as (parent: number) => readonly number[],

    /** The delegation or parallel group that began last of those at work. */
    get working(): number | undefined {
      return [...working].at(-1);
    },

    /** Whether a call is shown as the delegation it made. Nothing hides what a person is asked. */
    isDelegated: (call: number): boolean => delegated.has(call) && !approvals.has(call),

    /** The group that a call is one of. */
    group(index: number): CallGroup | undefined {
      const group = groups[index];
      return group !== undefined && group.calls.length >= GROUP_FROM ? group : undefined;
    },

    /** The approvals that stand at a call. */
    approvalsOf: (call: number): readonly number[] => approvals.get(call) ?? [],

    /** The approvals with this decision, oldest first. */
    approvalsWith: (decision: ApprovalPart["decision"]): readonly number[] =>
      byDecision.get(decision) ?? [],

    /** Whether an approval is shown at its call, and not where it came. */
    isAttached: (index: number): boolean => callOf(index) !== undefined,

    /** A part that is known was changed or replaced. */
    update(index: number): void {
      if (approval(index) !== undefined || decisions.has(index)) watchApproval(index);
      watchWork(index);
      const part = tool(index);
      if (part?.name !== counted[index]?.name || parentOf(index) !== parents[index]) {
        rebuild(parts);
        emitParts(parents.keys());
      } else if (part !== undefined) {
        count(index, part);
      }
    },
  };
}
