import { OpError } from "../state/ops";
import type { AckMessage, FiledMessage, KernelMessage, Op, PageMessage } from "../state/wire";
import { filedOf } from "./file-output";
import { newId } from "./id";

const ASK_AGAIN = 2_000; // ms between two questions for the whole
const ASK_AT_MOST = 30_000;
const HELD_BACK = 2_000; // messages kept while one before them is missing

/** The kernel's clock, as far as it has been heard. */
export interface Clock {
  /** Seconds since the epoch. */
  readonly now: number;
  /** What it was when the kernel was last heard. */
  readonly heardAt: number;
  /** Seconds since the server last sent anything, as far as the kernel has said. */
  readonly quiet: number;
  /** The size of the transcript in the notebook's file; 0 until it is known. */
  readonly fileBytes: number;
}

/** All that is shown, as of one number. */
interface Whole {
  seq: number;
  now: number;
}

export interface Link<W> {
  /** Sends to the kernel. */
  send(message: PageMessage): void;
  /** Puts the snapshot where a saved notebook finds it. */
  keep(snapshot: W): void;
}

/** What the feed tells: a run, or a chat. */
interface Told<W> {
  /** Folds changes into the snapshot that it was given last; throws where one doesn't fit. */
  fold(ops: readonly Op[]): void;
  replace(by: W): void;
  emit(key: string): void;
}

/**
 * Keeps up with the kernel: folds its changes in by their numbers, and asks for the whole where one
 * is missing.
 *
 * @param saved the synced trait, which may be anything.
 * @param read reads such a snapshot.
 * @param open is given the first one and the clock, and returns what is told.
 */
export function openFeed<W extends Whole, T extends Told<NoInfer<W>>>(
  saved: unknown,
  read: (value: unknown) => W,
  open: (first: NoInfer<W>, clock: Clock) => T,
  link: Link<NoInfer<W>>,
) {
  const held = new Map<number, readonly Op[]>();
  let snapshot = read(saved);
  let nonce: string | null = null;
  let clockAhead = 0;
  let quiet = 0; // seconds since the server sent anything, as of `quietAt`
  let quietAt = 0;
  let known = snapshot.seq; // the highest number heard of
  let isBroken = false; // a change didn't fit: fold no more until the whole has come
  let asked = 0;
  let wait = ASK_AGAIN;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let filed: FiledMessage | undefined;
  let kept: unknown; // what a saved notebook holds of the snapshot
  let fileBytes = 0;

  const told = open(snapshot, {
    get now() {
      return Date.now() / 1000 + clockAhead;
    },
    get heardAt() {
      return snapshot.now;
    },
    get fileBytes() {
      return fileBytes;
    },
    get quiet() {
      return quietAt === 0 ? 0 : quiet + (Date.now() - quietAt) / 1000;
    },
  });

  const sendHave = (kind: "hello" | "sync") => link.send({ kind, id: newId(), have: snapshot.seq });

  const setQuiet = (seconds: number) => {
    quiet = seconds;
    quietAt = Date.now();
  };

  const hear = (now: unknown) => {
    if (typeof now !== "number" || !Number.isFinite(now)) return;
    snapshot.now = now;
    clockAhead = now - Date.now() / 1000;
  };

  /** Asks for the whole, unless that was done a moment ago; goes on until it has come. */
  const ask = () => {
    if (timer !== undefined) return;
    if (Date.now() - asked >= wait) {
      if (asked !== 0) wait = Math.min(wait * 2, ASK_AT_MOST);
      asked = Date.now();
      sendHave("sync");
    }
    timer = setTimeout(
      () => {
        timer = undefined;
        if (known > snapshot.seq || isBroken) ask();
      },
      Math.max(asked + wait - Date.now(), 0),
    );
  };

  const noteGap = (seq: number) => {
    if (!Number.isInteger(seq)) return;
    known = Math.max(known, seq);
    if (known > snapshot.seq) ask();
  };

  const foldHeld = () => {
    while (!isBroken) {
      const next = snapshot.seq + 1;
      const ops = held.get(next);
      if (ops === undefined) break;
      held.delete(next);
      try {
        told.fold(ops);
        snapshot.seq = next;
      } catch (error) {
        if (!(error instanceof OpError || error instanceof TypeError)) throw error;
        isBroken = true;
        known = Math.max(known, next);
        ask();
      }
    }
    // A copy with the kernel's cuts would stay as it is: until there are others, the whole is kept.
    if (kept !== snapshot && filed?.seq !== snapshot.seq) keep();
  };

  const keep = () => {
    const { seq, cuts = [] } = filed ?? {};
    const whole = cuts.length === 0 || seq !== snapshot.seq;
    const next = whole ? snapshot : filedOf(snapshot, cuts);
    kept = next;
    link.keep(next);
  };

  const replace = (by: W) => {
    snapshot = by;
    isBroken = false;
    known = Math.max(known, by.seq);
    for (const seq of held.keys()) if (seq <= by.seq) held.delete(seq);
    told.replace(by);
    keep();
  };

  const takeOps = (seq: number, ops: readonly Op[]) => {
    if (!Number.isInteger(seq) || seq <= snapshot.seq) return;
    setQuiet(0);
    held.set(seq, ops);
    foldHeld();
    noteGap(seq);
    // What was held back is in the whole that is being asked for, so it may be dropped.
    if (held.size > HELD_BACK) held.clear();
  };

  const takeWhole = (whole: W, by: string) => {
    const isSameKernel = by === nonce;
    nonce = by;
    asked = 0;
    wait = ASK_AGAIN;
    hear(whole.now);
    // Only the same kernel's numbers can be compared; a saved notebook's are nobody's.
    if (!isSameKernel) known = whole.seq;
    if (!isSameKernel || isBroken || whole.seq >= snapshot.seq) replace(whole);
    foldHeld();
    for (const seq of held.keys()) noteGap(seq);
    told.emit("root");
  };

  keep();

  return {
    told,

    get snapshot(): W {
      return snapshot;
    },

    /** The live kernel's word; null until it has spoken, and then no button acts. */
    get nonce(): string | null {
      return nonce;
    },

    hello(): void {
      sendHave("hello");
    },

    /** Takes a message of the kernel; returns an answer to an action, which isn't the state's own. */
    receive(message: unknown): AckMessage | null {
      const heard = message as KernelMessage | null;
      switch (heard?.kind) {
        case "ops":
          takeOps(heard.seq, heard.ops);
          break;
        case "state":
          takeWhole(read(heard), String(heard.nonce));
          break;
        case "beat":
          hear(heard.now);
          setQuiet(Number(heard.quiet) || 0);
          noteGap(heard.seq);
          told.emit("beat");
          break;
        case "filed":
          fileBytes = Number(heard.bytes) || 0;
          filed = heard;
          keep();
          told.emit("filed");
          break;
        case "ack":
          return heard;
      }
      return null;
    },

    /** The synced trait came anew, by a way of its own. */
    receiveTrait(value: unknown): void {
      if (value === kept) return;
      const came = read(value);
      if (came.seq > snapshot.seq) replace(came);
      else keep();
    },

    close(): void {
      clearTimeout(timer);
    },
  };
}
