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

/**
 * How the parts stand to one another: which calls fold into a group, which requests stand at which
 * call, how many calls are open. It is kept up change by change, since a pass over all parts for
 * each would make long runs slow.
 */
export class Outline {
  #parts: readonly Part[] = [];
  #length = 0;
  #runs: (CallRun | undefined)[] = [];
  #statuses: (ToolPart["status"] | undefined)[] = [];
  #names: (string | undefined)[] = [];
  readonly #gates = new Map<number, number[]>();
  readonly #asks = new Set<number>();
  #open = 0;

  constructor(private readonly emit: (key: string) => void) {}

  /** How many parts are known. */
  get length(): number {
    return this.#length;
  }

  /** How many calls are running or waiting. */
  get open(): number {
    return this.#open;
  }

  /** The group that a call is folded into. */
  group(index: number): CallRun | undefined {
    const run = this.#runs[index];
    return run !== undefined && run.end - run.start >= FOLD_FROM ? run : undefined;
  }

  /** The places of the requests that stand at a call. */
  gates(call: number): readonly number[] {
    return this.#gates.get(call) ?? [];
  }

  /** The requests that stand so, oldest first. */
  asks(decision: ApprovalPart["decision"]): number[] {
    return [...this.#asks].filter((index) => {
      const part = this.#parts[index];
      return part?.kind === "approval" && part.decision === decision;
    });
  }

  /** Whether a request is shown at its call, not in its own place. */
  isAttached(index: number): boolean {
    const part = this.#parts[index];
    return part?.kind === "approval" && this.#call(part, index) !== undefined;
  }

  rebuild(parts: readonly Part[]): void {
    this.#parts = parts;
    this.#length = 0;
    this.#runs = [];
    this.#statuses = [];
    this.#names = [];
    this.#gates.clear();
    this.#asks.clear();
    this.#open = 0;
    while (this.#length < parts.length) this.add();
  }

  /** Takes in the next part. */
  add(): void {
    const index = this.#length++;
    const part = this.#parts[index];
    if (part?.kind === "approval") this.#ask(part, index);
    if (part?.kind !== "tool") return;
    this.#names[index] = part.name;
    this.#count(index, part.status);
    this.#join(index, part);
  }

  /** A part that is known was changed or replaced. */
  update(index: number): void {
    const part = this.#parts[index];
    if (part?.kind === "approval") this.#ask(part, index);
    const name = part?.kind === "tool" ? part.name : undefined;
    if (name !== this.#names[index]) {
      this.rebuild(this.#parts);
      for (let each = 0; each < this.#length; each++) this.emit(`parts/${each}`);
    } else if (part?.kind === "tool") {
      this.#count(index, part.status);
    }
  }

  #call(part: ApprovalPart, index: number): number | undefined {
    const call = part.call ?? -1;
    return call < index && this.#parts[call]?.kind === "tool" ? call : undefined;
  }

  #ask(part: ApprovalPart, index: number): void {
    this.#asks.add(index);
    this.emit("asks"); // what is asked at once is shown and decided as one
    if (!this.#gates.get(part.call ?? -1)?.includes(index)) this.#attach(part, index);
  }

  #attach(part: ApprovalPart, index: number): void {
    const call = this.#call(part, index);
    if (call === undefined) return;
    const known = this.#gates.get(call) ?? [];
    if (!known.includes(index)) this.#gates.set(call, [...known, index]);
    this.#setApart(call);
    this.emit(`parts/${call}`);
  }

  /** A call that a person is asked about never folds away: its run is cut in two around it. */
  #setApart(call: number): void {
    const run = this.#runs[call];
    if (run === undefined) return;
    for (let index = run.start; index < run.end; index++) this.#runs[index] = undefined;
    for (let index = run.start; index < run.end; index++) {
      const part = this.#parts[index];
      if (part?.kind === "tool" && !this.#gates.has(index)) this.#join(index, part);
      this.emit(`parts/${index}`);
    }
  }

  #join(index: number, part: ToolPart): void {
    const before = this.#runs[index - 1];
    const run =
      before?.name === part.name
        ? before
        : { start: index, end: index, name: part.name, counts: new Map() };
    run.end = index + 1;
    this.#runs[index] = run;
    run.counts.set(part.status, (run.counts.get(part.status) ?? 0) + 1);
    const length = run.end - run.start;
    if (length === FOLD_FROM) {
      for (let each = run.start; each < index; each++) this.emit(`parts/${each}`);
    }
    if (length > FOLD_FROM) this.emit(`group/${run.start}`);
  }

  #count(index: number, status: ToolPart["status"]): void {
    const old = this.#statuses[index];
    if (old === status) return;
    this.#statuses[index] = status;
    const isOpen = (each: ToolPart["status"] | undefined) =>
      Number(each === "running" || each === "waiting");
    const more = isOpen(status) - isOpen(old);
    this.#open += more;
    if (more !== 0) this.emit("open");
    const run = this.#runs[index];
    if (run === undefined) return;
    if (old !== undefined) run.counts.set(old, (run.counts.get(old) ?? 0) - 1);
    run.counts.set(status, (run.counts.get(status) ?? 0) + 1);
    this.emit(`group/${run.start}`);
  }
}
