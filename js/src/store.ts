import { Emitter } from "./emitter";
import { newId } from "./id";
import { applyOps, OpError } from "./ops";
import { Outline } from "./outline";
import { readSnapshot } from "./shape";
import type { AckMessage, KernelMessage, Op, PageMessage, RunState, Snapshot } from "./wire";

const ASK_AGAIN = 2_000; // ms between two questions for the whole run
const ASK_AT_MOST = 30_000;
const HELD_BACK = 2_000; // messages kept while one before them is missing

/** Who shows a growing text: told the new piece only, never made to compare the whole. */
export interface TextListener {
  append(piece: string): void;
  reset(text: string): void;
}

interface Link {
  /** Sends to the kernel. */
  send(message: PageMessage): void;
  /** Puts the snapshot where a saved notebook finds it. */
  keep(snapshot: Snapshot): void;
}

/**
 * The run as the page knows it: the snapshot, with the changes folded in as they come.
 *
 * Listeners have keys: `parts` (how many there are), `parts/3`, `group/3` (calls that start there),
 * `open` (calls under way), `asks` (any request for approval), `reasoning`, `root` (everything else
 * of the run), `status`, `beat`; and from others, `kernel` (whether it lives) and `actions` (what
 * became of clicks).
 */
export class RunStore {
  readonly changes = new Emitter();
  readonly outline = new Outline((key) => this.changes.emit(key));
  readonly #texts = new Map<string, Set<TextListener>>();
  readonly #held = new Map<number, readonly Op[]>();
  #snapshot: Snapshot;
  #nonce: string | null = null;
  #clockAhead = 0;
  #quiet = { seconds: 0, at: 0 };
  #known: number; // the highest number heard of
  #broken = false; // a change didn't fit: fold no more until the whole run has come
  #asked = 0;
  #wait = ASK_AGAIN;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    saved: unknown,
    private readonly link: Link,
  ) {
    this.#snapshot = readSnapshot(saved);
    this.#known = this.#snapshot.seq;
    this.outline.rebuild(this.state.parts);
    link.keep(this.#snapshot);
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  get state(): RunState {
    return this.#snapshot.state;
  }

  /** The live kernel's word; null until it has spoken, and then no button acts. */
  get nonce(): string | null {
    return this.#nonce;
  }

  /** The kernel's clock, in seconds since the epoch. */
  get now(): number {
    return Date.now() / 1000 + this.#clockAhead;
  }

  /** Seconds since the server last sent anything, as far as the kernel has said. */
  get quiet(): number {
    const { seconds, at } = this.#quiet;
    return at === 0 ? 0 : seconds + (Date.now() - at) / 1000;
  }

  /** The last kernel's clock that was heard of: when a run without a kernel stopped being seen. */
  get lastHeard(): number {
    return this.#snapshot.now;
  }

  /** Listens to one text, such as `parts/3/text`; returns what ends it. */
  onText(path: string, listener: TextListener): () => void {
    const known = this.#texts.get(path) ?? new Set();
    this.#texts.set(path, known);
    known.add(listener);
    return () => {
      known.delete(listener);
      if (known.size === 0 && this.#texts.get(path) === known) this.#texts.delete(path);
    };
  }

  hello(): void {
    this.link.send({ kind: "hello", id: newId(), have: this.#snapshot.seq });
  }

  /** Takes a message of the kernel; returns an answer to an action, which isn't the run's own. */
  receive(message: unknown): AckMessage | null {
    if (typeof message !== "object" || message === null) return null;
    const known = message as KernelMessage;
    switch (known.kind) {
      case "ops":
        this.#takeOps(known.seq, known.ops);
        return null;
      case "state":
        this.#takeState(readSnapshot(known), String(known.nonce));
        return null;
      case "beat":
        this.#hear(known.now);
        this.#quiet = { seconds: Number(known.quiet) || 0, at: Date.now() };
        this.#noteGap(known.seq);
        this.changes.emit("beat");
        return null;
      case "ack":
        return known;
      default:
        return null;
    }
  }

  /** The synced trait came anew, by a way of its own. */
  receiveTrait(value: unknown): void {
    if (value === this.#snapshot) return;
    const snapshot = readSnapshot(value);
    if (snapshot.seq > this.#snapshot.seq) this.#replace(snapshot);
    else this.link.keep(this.#snapshot);
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #takeOps(seq: number, ops: readonly Op[]): void {
    if (!Number.isInteger(seq) || seq <= this.#snapshot.seq) return;
    this.#quiet = { seconds: 0, at: Date.now() };
    this.#held.set(seq, ops);
    this.#foldHeld();
    this.#noteGap(seq);
    // What was held back is in the whole run that is being asked for, so it may be dropped.
    if (this.#held.size > HELD_BACK) this.#held.clear();
  }

  #takeState(snapshot: Snapshot, nonce: string): void {
    const isSameKernel = nonce === this.#nonce;
    this.#nonce = nonce;
    this.#asked = 0;
    this.#wait = ASK_AGAIN;
    this.#hear(snapshot.now);
    // Only the same kernel's numbers can be compared; a saved notebook's are nobody's.
    if (!isSameKernel) this.#known = snapshot.seq;
    if (!isSameKernel || this.#broken || snapshot.seq >= this.#snapshot.seq) {
      this.#replace(snapshot);
    }
    this.#foldHeld();
    for (const seq of this.#held.keys()) this.#noteGap(seq);
    this.changes.emit("root");
  }

  #replace(snapshot: Snapshot): void {
    const old = this.#snapshot.state;
    this.#snapshot = snapshot;
    this.#broken = false;
    this.#known = Math.max(this.#known, snapshot.seq);
    for (const seq of this.#held.keys()) if (seq <= snapshot.seq) this.#held.delete(seq);
    this.outline.rebuild(this.state.parts);
    for (const path of this.#texts.keys()) this.#resetText(path, textAt(old, path));
    this.link.keep(snapshot);
    this.changes.emitAll();
  }

  #foldHeld(): void {
    while (!this.#broken) {
      const next = this.#snapshot.seq + 1;
      const ops = this.#held.get(next);
      if (ops === undefined) return;
      this.#held.delete(next);
      try {
        applyOps(this.state, ops, this.#changed);
        this.#snapshot.seq = next;
      } catch (error) {
        if (!(error instanceof OpError || error instanceof TypeError)) throw error;
        this.#broken = true;
        this.#known = Math.max(this.#known, next);
        this.#ask();
      }
    }
  }

  readonly #changed = (op: Op): void => {
    const [verb, path] = op;
    const [top, index] = path;
    const place = path.join("/");
    if (verb === "append") {
      for (const listener of this.#texts.get(place) ?? []) listener.append(op[2]);
      // A text paints itself; only the first piece changes what stands around it.
      if (this.#isText(place) && textAt(this.state, place).length > op[2].length) return;
    }
    if (top === "reasoning") {
      if (verb === "set") this.#resetTexts(place);
      this.changes.emit("reasoning");
    } else if (top !== "parts") {
      this.changes.emit("root");
      if (top === "status") this.changes.emit("status");
    } else if (typeof index !== "number") {
      this.outline.rebuild(this.state.parts);
      this.#resetTexts("parts");
      this.changes.emitAll();
    } else if (index >= this.outline.length) {
      this.outline.add();
      this.changes.emit("parts");
      this.changes.emit(`parts/${index - 1}`); // it is the last one no more
      this.changes.emit(`parts/${index}`);
    } else {
      if (verb === "set") this.#resetTexts(place);
      this.outline.update(index);
      this.changes.emit(`parts/${index}`);
    }
  };

  #isText(place: string): boolean {
    return this.#texts.has(place);
  }

  #resetTexts(place: string): void {
    for (const path of this.#texts.keys()) {
      if (path === place || path.startsWith(`${place}/`)) this.#resetText(path, null);
    }
  }

  #resetText(path: string, old: string | null): void {
    const text = textAt(this.state, path);
    for (const listener of this.#texts.get(path) ?? []) {
      // After a gap the text mostly went on: what is drawn and perhaps selected stays.
      if (old !== null && text.startsWith(old)) {
        if (text.length > old.length) listener.append(text.slice(old.length));
      } else {
        listener.reset(text);
      }
    }
  }

  #hear(now: unknown): void {
    if (typeof now !== "number" || !Number.isFinite(now)) return;
    this.#snapshot.now = now;
    this.#clockAhead = now - Date.now() / 1000;
  }

  #noteGap(seq: number): void {
    if (!Number.isInteger(seq)) return;
    this.#known = Math.max(this.#known, seq);
    if (this.#known > this.#snapshot.seq) this.#ask();
  }

  /** Asks for the whole run, unless that was done a moment ago; goes on until it has come. */
  #ask(): void {
    const since = Date.now() - this.#asked;
    if (this.#timer !== undefined) return;
    if (since >= this.#wait) {
      if (this.#asked !== 0) this.#wait = Math.min(this.#wait * 2, ASK_AT_MOST);
      this.#asked = Date.now();
      this.link.send({ kind: "sync", id: newId(), have: this.#snapshot.seq });
    }
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#known > this.#snapshot.seq || this.#broken) this.#ask();
      },
      Math.max(this.#asked + this.#wait - Date.now(), 0),
    );
  }
}

/** The text at a path; empty where there is none. */
export function textAt(state: RunState, path: string): string {
  let value: unknown = state;
  for (const key of path.split("/")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return "";
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === "string" ? value : "";
}
