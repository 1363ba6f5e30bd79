import type { Clock } from "../link/feed";
import { Emitter } from "./events";
import { applyOps } from "./ops";
import { openOutline } from "./outline";
import type { Op, RunState } from "./wire";

/** Who shows a growing text: told the new piece only, never made to compare the whole. */
export interface TextListener {
  append(piece: string): void;
  reset(text: string): void;
}

/**
 * One run as the page knows it, with the changes folded in as they come.
 *
 * Listeners have keys: `parts` (how many there are), `parts/3`, `within/3` (how many there are in
 * it; -1 is the top), `group/3` (calls that start there), `open` (calls under way), `work` (agents at
 * work), `reasoning`, `blocks` (how they stand), `blocks/3`,
 * `root` (everything else of the run), `status` (that, or which part is the answer), `beat`; and
 * from others, `kernel` (whether it lives) and `actions` (what became of clicks).
 */
export type RunStore = ReturnType<typeof openRun>;

/** @param first the run as it is known; it is changed in place. */
export function openRun(first: { state: RunState }, clock: Clock) {
  let { state } = first;
  const changes = new Emitter();
  const emit = (key: string) => changes.emit(key);
  const emitAll = () => changes.heeded.forEach(emit);
  const outline = openOutline(emit);
  const texts = new Emitter<TextListener>();

  const resetText = (path: string, old: string | null) => {
    const text = textAt(state, path);
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
      if (isPainted && textAt(state, place).length > op[2].length) return;
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
      outline.rebuild(state.parts);
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

  outline.rebuild(state.parts);

  return {
    changes,
    emit,
    outline,

    get state(): RunState {
      return state;
    },

    get now(): number {
      return clock.now;
    },

    get quiet(): number {
      return clock.quiet;
    },

    get fileBytes(): number {
      return clock.fileBytes;
    },

    get snapshot(): { now: number } {
      return { now: clock.heardAt };
    },

    /** Listens to one text, such as `parts/3/text`; returns what ends it. */
    onText: (path: string, listener: TextListener): (() => void) => texts.on(path, listener),

    /** Folds changes in, those before one that doesn't fit too. */
    fold(ops: readonly Op[]): void {
      applyOps(state, ops, changed);
    },

    /** The whole run came anew. */
    replace(by: { state: RunState }): void {
      const old = state;
      state = by.state;
      outline.rebuild(state.parts);
      for (const path of texts.heeded) resetText(path, textAt(old, path));
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
