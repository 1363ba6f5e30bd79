import { Emitter } from "./emitter";
import { newId } from "./id";
import { applyOps, OpError } from "./ops";
import { openOutline } from "./outline";
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
 * Listeners have keys: `parts` (how many there are), `parts/3`, `within/3` (how many there are in
 * it; -1 is the top), `group/3` (calls that start there), `open` (calls under way), `work` (agents at
 * work), `asks` (any request for approval), `reasoning`, `blocks` (how they stand), `blocks/3`,
 * `root` (everything else of the run), `status` (that, or which part is the answer), `beat`; and
 * from others, `kernel` (whether it lives) and `actions` (what became of clicks).
 */
export type RunStore = ReturnType<typeof openStore>;

/** @param saved the synced trait, which may be anything. */
export function openStore(saved: unknown, link: Link) {
  const changes = new Emitter();
  const emit = (key: string) => changes.emit(key);
  const emitAll = () => changes.heeded.forEach(emit);
  const outline = openOutline(emit);
  const texts = new Emitter<TextListener>();
  const held = new Map<number, readonly Op[]>();
  let snapshot = readSnapshot(saved);
  let nonce: string | null = null;
  let clockAhead = 0;
  let quiet = 0; // seconds since the server sent anything, as of `quietAt`
  let quietAt = 0;
  let known = snapshot.seq; // the highest number heard of
  let isBroken = false; // a change didn't fit: fold no more until the whole run has come
  let asked = 0;
  let wait = ASK_AGAIN;
  let timer: ReturnType<typeof setTimeout> | undefined;

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

  /** Asks for the whole run, unless that was done a moment ago; goes on until it has come. */
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

  const resetText = (path: string, old: string | null) => {
    const text = textAt(snapshot.state, path);
    texts.each(path, (listener) => {
      // After a gap the text mostly went on: what is drawn and perhaps selected stays.
      if (old === null || !text.startsWith(old)) listener.reset(text);
      else if (text.length > old.length) listener.append(text.slice(old.length));
    });
  };

  const resetTexts = (place: string) => {
    for (const path of texts.heeded) if (`${path}/`.startsWith(`${place}/`)) resetText(path, null);
  };

  const changed = (op: Op) => {
    const [verb, path] = op;
    const [top, index] = path;
    const place = path.join("/");
    if (verb === "append") {
      let isPainted = false;
      texts.each(place, (listener) => {
        listener.append(op[2]);
        isPainted = true;
      });
      // A text paints itself; only the first piece changes what stands around it.
      if (isPainted && textAt(snapshot.state, place).length > op[2].length) return;
    }
    if (top === "reasoning") {
      if (verb === "set") resetTexts(place);
      emit("reasoning");
    } else if (top === "blocks" && typeof index === "number") {
      if (verb === "set") resetTexts(place);
      if (path[2] === undefined || path[2] === "status") emit("blocks");
      emit(`blocks/${index}`);
    } else if (top !== "parts") {
      if (verb === "set") resetTexts(place);
      if (top === "blocks") emitAll();
      emit("root");
      if (top === "status" || top === "answer") emit("status");
    } else if (typeof index !== "number") {
      outline.rebuild(snapshot.state.parts);
      resetTexts("parts");
      emitAll();
    } else if (index >= outline.length) {
      outline.next();
      emit("parts");
      emit(`parts/${index - 1}`); // it is the last one no more
      emit(`parts/${index}`);
    } else {
      if (verb === "set") resetTexts(place);
      outline.update(index);
      emit(`parts/${index}`);
    }
  };

  const foldHeld = () => {
    while (!isBroken) {
      const next = snapshot.seq + 1;
      const ops = held.get(next);
      if (ops === undefined) return;
      held.delete(next);
      try {
        applyOps(snapshot.state, ops, changed);
        snapshot.seq = next;
      } catch (error) {
        if (!(error instanceof OpError || error instanceof TypeError)) throw error;
        isBroken = true;
        known = Math.max(known, next);
        ask();
      }
    }
  };

  const replace = (by: Snapshot) => {
    const old = snapshot.state;
    snapshot = by;
    isBroken = false;
    known = Math.max(known, by.seq);
    for (const seq of held.keys()) if (seq <= by.seq) held.delete(seq);
    outline.rebuild(by.state.parts);
    for (const path of texts.heeded) resetText(path, textAt(old, path));
    link.keep(by);
    emitAll();
  };

  const takeOps = (seq: number, ops: readonly Op[]) => {
    if (!Number.isInteger(seq) || seq <= snapshot.seq) return;
    setQuiet(0);
    held.set(seq, ops);
    foldHeld();
    noteGap(seq);
    // What was held back is in the whole run that is being asked for, so it may be dropped.
    if (held.size > HELD_BACK) held.clear();
  };

  const takeState = (whole: Snapshot, by: string) => {
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
    emit("root");
  };

  outline.rebuild(snapshot.state.parts);
  link.keep(snapshot);

  return {
    changes,
    emit,
    outline,

    get snapshot(): Snapshot {
      return snapshot;
    },

    get state(): RunState {
      return snapshot.state;
    },

    /** The live kernel's word; null until it has spoken, and then no button acts. */
    get nonce(): string | null {
      return nonce;
    },

    /** The kernel's clock, in seconds since the epoch. */
    get now(): number {
      return Date.now() / 1000 + clockAhead;
    },

    /** Seconds since the server last sent anything, as far as the kernel has said. */
    get quiet(): number {
      return quietAt === 0 ? 0 : quiet + (Date.now() - quietAt) / 1000;
    },

    /** Listens to one text, such as `parts/3/text`; returns what ends it. */
    onText: (path: string, listener: TextListener): (() => void) => texts.on(path, listener),

    hello(): void {
      sendHave("hello");
    },

    /** Takes a message of the kernel; returns an answer to an action, which isn't the run's own. */
    receive(message: unknown): AckMessage | null {
      const heard = message as KernelMessage | null;
      switch (heard?.kind) {
        case "ops":
          takeOps(heard.seq, heard.ops);
          break;
        case "state":
          takeState(readSnapshot(heard), String(heard.nonce));
          break;
        case "beat":
          hear(heard.now);
          setQuiet(Number(heard.quiet) || 0);
          noteGap(heard.seq);
          emit("beat");
          break;
        case "ack":
          return heard;
      }
      return null;
    },

    /** The synced trait came anew, by a way of its own. */
    receiveTrait(value: unknown): void {
      if (value === snapshot) return;
      const came = readSnapshot(value);
      if (came.seq > snapshot.seq) replace(came);
      else link.keep(snapshot);
    },

    close(): void {
      clearTimeout(timer);
    },
  };
}

/** The text at a path; empty where there is none. */
export function textAt(state: RunState, path: string): string {
  let value: unknown = state;
  for (const key of path.split("/")) {
    value = Object.hasOwn(Object(value), key) ? (value as Record<string, unknown>)[key] : "";
  }
  return typeof value === "string" ? value : "";
}
