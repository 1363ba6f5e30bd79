// Keeps the state up with the kernel: applies its changes by their numbers, and asks for the whole
// where one is missing.
import type { EventKey } from "../state/events";
import { OpError } from "../state/ops";
import type { Kernel } from "../state/run";
import type {
  AckMessage,
  Brief,
  CurrentMessage,
  FileMessage,
  KernelMessage,
  Op,
  PageMessage,
} from "../state/wire";
import { withCuts } from "./file-output";
import { newId } from "./id";

const ASK_AGAIN = 2_000; // ms between two questions for the whole
const ASK_AT_MOST = 30_000;
const HELD_BACK = 2_000; // messages kept while one before them is missing

/** All that is shown, as of one number. */
interface Whole {
  seq: number;
  now: number;
}

export interface Link<W> {
  send(message: PageMessage): void;
  /** Puts the snapshot where a saved notebook finds it. */
  save(snapshot: W): void;
  /** Whether the page saves that with the notebook. */
  saves(): boolean;
  liveness(): Kernel["liveness"];
}

const isBriefState = (saved: unknown): boolean =>
  (saved as Partial<Brief> | null | undefined)?.brief === true;

interface Store<W> {
  /** Applies changes to the snapshot that it was given last; throws where one doesn't fit. */
  apply(ops: readonly Op[]): void;
  replace(by: W): void;
  emit(key: EventKey): void;
}

/**
 * Keeps up with the kernel.
 *
 * @param saved the synced trait, which may be anything.
 * @param read reads such a snapshot.
 * @param open is given the first one and what is known of the kernel, and returns the store.
 */
export function openFeed<W extends Whole, S extends Store<NoInfer<W>>>(
  saved: unknown,
  read: (value: unknown) => W,
  open: (first: NoInfer<W>, kernel: Kernel) => S,
  link: Link<NoInfer<W>>,
) {
  const held = new Map<number, readonly Op[]>();
  let snapshot = read(saved);
  let nonce: string | null = null;
  let clockAhead = snapshot.now - performance.now() / 1000; // until the kernel tells its time
  let quiet = 0; // seconds since the server sent anything, as of `quietAt`
  let quietAt = 0;
  let alive = false;
  let known = snapshot.seq; // the highest number heard of
  let isBrief = isBriefState(saved); // only a name and a status: the whole must be asked for
  let made = snapshot.now; // of what this began with
  let isBroken = isBrief; // a change doesn't fit: apply no more until the whole has come
  let asked = -Infinity;
  let wait = ASK_AGAIN;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let cut: FileMessage | undefined;
  let savedNow: unknown; // what a saved notebook holds of the snapshot
  let fileBytes = 0;

  const store = open(snapshot, {
    get liveness() {
      return link.liveness();
    },
    get hasSpoken() {
      return nonce !== null;
    },
    get now() {
      return performance.now() / 1000 + clockAhead;
    },
    get heardAt() {
      return snapshot.now;
    },
    get fileBytes() {
      return fileBytes;
    },
    get quiet() {
      return quietAt === 0 ? 0 : quiet + (performance.now() - quietAt) / 1000;
    },
    get alive() {
      return alive;
    },
  });

  const sendHave = (kind: "hello" | "sync") =>
    link.send({
      kind,
      id: newId(),
      have: snapshot.seq,
      made: isBroken ? null : made,
      saves: link.saves(),
    });

  const setQuiet = (seconds: number, isAlive = false) => {
    quiet = seconds;
    alive = isAlive;
    quietAt = performance.now();
  };

  const setClock = (now: unknown) => {
    if (typeof now !== "number" || !Number.isFinite(now)) return;
    snapshot.now = now;
    clockAhead = now - performance.now() / 1000;
  };

  /** Asks for the whole, unless that was done a moment ago; goes on until it has come. */
  const ask = () => {
    if (timer !== undefined) return;
    if (performance.now() - asked >= wait) {
      if (asked >= 0) wait = Math.min(wait * 2, ASK_AT_MOST);
      asked = performance.now();
      sendHave("sync");
    }
    timer = setTimeout(
      () => {
        timer = undefined;
        if (known > snapshot.seq || isBroken) ask();
      },
      Math.max(asked + wait - performance.now(), 0),
    );
  };

  const noteGap = (seq: number) => {
    if (!Number.isInteger(seq)) return;
    known = Math.max(known, seq);
    if (known > snapshot.seq) ask();
  };

  const applyHeld = () => {
    while (!isBroken) {
      const next = snapshot.seq + 1;
      const ops = held.get(next);
      if (ops === undefined) break;
      held.delete(next);
      try {
        store.apply(ops);
        snapshot.seq = next;
      } catch (error) {
        if (!(error instanceof OpError || error instanceof TypeError)) throw error;
        isBroken = true;
        known = Math.max(known, next);
        ask();
      }
    }
    // A copy with the kernel's cuts would stay as it is: until there are others, the whole is kept.
    if (savedNow !== snapshot && cut?.seq !== snapshot.seq) save();
  };

  const save = () => {
    if (isBrief) return; // the trait says that it isn't the whole
    const { seq, cuts = [] } = cut ?? {};
    const isWhole = cuts.length === 0 || seq !== snapshot.seq;
    const next = isWhole ? snapshot : withCuts(snapshot, cuts);
    savedNow = next;
    link.save(next);
  };

  const replace = (by: W) => {
    snapshot = by;
    made = by.now;
    isBrief = false;
    isBroken = false;
    known = Math.max(known, by.seq);
    for (const seq of held.keys()) if (seq <= by.seq) held.delete(seq);
    store.replace(by);
    save();
  };

  const receiveOps = (seq: number, ops: readonly Op[]) => {
    if (!Number.isInteger(seq) || seq <= snapshot.seq) return;
    setQuiet(0);
    held.set(seq, ops);
    applyHeld();
    noteGap(seq);
    // What was held back is in the whole that is being asked for, so it may be dropped.
    if (held.size > HELD_BACK) held.clear();
  };

  /** @param whole undefined where the page has it. */
  const receiveAnswer = ({ seq, now, nonce: by }: CurrentMessage, whole?: W) => {
    const isSameKernel = by === nonce;
    nonce = by;
    clearTimeout(timer);
    timer = undefined;
    asked = -Infinity;
    wait = ASK_AGAIN;
    setClock(now);
    // Only the same kernel's numbers can be compared; a saved notebook's are nobody's.
    if (!isSameKernel) known = seq;
    if (whole && (!isSameKernel || isBroken || seq >= snapshot.seq)) replace(whole);
    applyHeld();
    for (const each of [seq, ...held.keys()]) noteGap(each);
    store.emit("root");
  };

  save();

  return {
    store,

    get snapshot(): W {
      return snapshot;
    },

    /** Names the live kernel; null until it has spoken, and until then no button acts. */
    get nonce(): string | null {
      return nonce;
    },

    /** Whether the whole hasn't come. */
    get isBrief(): boolean {
      return isBrief;
    },

    hello(): void {
      asked = performance.now();
      sendHave("hello");
    },

    /** Receives a message of the kernel; returns what answers an action, which isn't the state's. */
    receive(message: unknown): AckMessage | null {
      const received = message as KernelMessage | null;
      switch (received?.kind) {
        case "ops":
          receiveOps(received.seq, received.ops);
          break;
        case "state":
          receiveAnswer({ ...received, kind: "current" }, read(received));
          break;
        case "current":
          receiveAnswer(received);
          break;
        case "beat":
          setClock(received.now);
          setQuiet(Number(received.quiet) || 0, received.alive === true);
          noteGap(received.seq);
          store.emit("beat");
          break;
        case "file":
          fileBytes = Number(received.bytes) || 0;
          cut = received;
          save();
          store.emit("file");
          break;
        case "ack":
          return received;
      }
      return null;
    },

    /** The synced trait came anew, by a way of its own. */
    receiveTrait(value: unknown): void {
      if (value === savedNow) return;
      const came = read(value);
      const isMore = isBrief || came.seq > snapshot.seq;
      if (isMore && !isBriefState(value)) replace(came);
      else save();
    },

    close(): void {
      clearTimeout(timer);
    },
  };
}
