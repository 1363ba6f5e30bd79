// One run as the page knows it: its state, kept up change by change, and who listens to it.
import { Emitter, type EventKey, type TextPath } from "./events";
import { applyOps } from "./ops";
import { openOutline } from "./outline";
import type { Op, RunState } from "./wire";

/** What the page knows of the kernel behind a run or a chat. */
export interface Kernel {
  /** `unknown` until it has spoken or should have; one that is `gone` may come back. */
  readonly liveness: "unknown" | "live" | "gone";
  /** Whether it ever has: else all that is shown is what a file holds. */
  readonly hasSpoken: boolean;
  /** Seconds since the epoch, by its clock. */
  readonly now: number;
  /** What its clock said when it last sent anything. */
  readonly heardAt: number;
  /** Seconds since the server last sent anything to it, as far as it has said. */
  readonly quiet: number;
  /** Whether only the server's keepalives come to it. */
  readonly alive: boolean;
  /** The size of the transcript in the notebook's file; 0 until it is known. */
  readonly fileBytes: number;
}

/** Who shows a growing text: it is given the new piece only, never made to compare the whole. */
export interface TextListener {
  append(piece: string): void;
  reset(text: string): void;
}

export type RunStore = ReturnType<typeof openRun>;

/** @param first the run as it is known; it is changed in place. */
export function openRun(first: { state: RunState }, kernel: Kernel) {
  let { state } = first;
  const changes = new Emitter<EventKey>();
  const emit = (key: EventKey) => changes.emit(key);
  const emitAll = () => changes.keys.forEach(emit);
  const outline = openOutline(emit);
  const texts = new Emitter<TextPath, TextListener>();

  const isAbandoned = () => kernel.liveness === "gone" && !hasEnded(state);

  const resetText = (path: TextPath, old: string | null) => {
    const text = textAt(state, path);
    texts.each(path, (listener) => {
      // After a gap the text mostly went on: what is drawn and perhaps selected stays.
      if (old === null || !text.startsWith(old)) listener.reset(text);
      else if (text.length > old.length) listener.append(text.slice(old.length));
    });
  };

  const resetTexts = (changed: string) => {
    for (const path of texts.keys) if (`${path}/`.startsWith(`${changed}/`)) resetText(path, null);
  };

  const changed = (op: Op) => {
    const [verb, path] = op;
    const [top, index] = path;
    const joined = path.join("/");
    if (verb === "append") {
      let isPainted = false;
      texts.each(joined as TextPath, (listener) => {
        listener.append(op[2]);
        isPainted = true;
      });
      // A text paints itself; only the first piece changes what stands around it.
      if (isPainted && textAt(state, joined).length > op[2].length) return;
    }
    if (top === "reasoning") {
      if (verb === "set") resetTexts(joined);
      emit("reasoning");
    } else if (top === "blocks" && typeof index === "number") {
      if (verb === "set") resetTexts(joined);
      if (path[2] === undefined || path[2] === "status") emit("blocks");
      emit(`blocks/${index}`);
    } else if (top !== "parts") {
      if (verb === "set") resetTexts(joined);
      if (top === "blocks") emitAll();
      emit("root");
      if (top === "status" || top === "answer") emit("status");
    } else if (typeof index !== "number") {
      outline.rebuild(state.parts);
      resetTexts("parts");
      emitAll();
    } else if (index >= outline.length) {
      outline.next();
      emit("parts");
      emit(`parts/${index - 1}`); // it is the last one no more
      emit(`parts/${index}`);
    } else {
      if (verb === "set") resetTexts(joined);
      outline.update(index);
      emit(`parts/${index}`);
    }
  };

  outline.rebuild(state.parts);

  return {
    changes,
    emit,
    kernel,
    outline,

    get state(): RunState {
      return state;
    },

    /** Whether the run is under way. */
    get isLive(): boolean {
      return !hasEnded(state) && !isAbandoned();
    },

    /** Whether it was when its kernel went. */
    get isAbandoned(): boolean {
      return isAbandoned();
    },

    /** The run's status as it is shown: without a kernel nothing goes on. */
    get status(): RunState["status"] {
      return isAbandoned() ? "interrupted" : state.status;
    },

    /**
     * The status of a call, an agent's work or a block as it is shown. Without a kernel that was ever
     * heard it is as of when the file was saved: nobody knows that it was interrupted.
     */
    statusOf<S extends string>({ status }: { status: S }): S | "interrupted" {
      const isOpen = status === "running" || status === "waiting";
      return isOpen && isAbandoned() && kernel.hasSpoken ? "interrupted" : status;
    },

    /** Listens to one text; returns what ends it. */
    onText: (path: TextPath, listener: TextListener): (() => void) => texts.on(path, listener),

    /** Applies changes, those before one that doesn't fit too. */
    apply(ops: readonly Op[]): void {
      applyOps(state, ops, changed);
    },

    /** The whole run came anew. */
    replace(by: { state: RunState }): void {
      const old = state;
      state = by.state;
      outline.rebuild(state.parts);
      for (const path of texts.keys) resetText(path, textAt(old, path));
      emitAll();
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

export const hasEnded = ({ status }: RunState): boolean =>
  /^(completed|failed|stopped|interrupted)$/.test(status);
