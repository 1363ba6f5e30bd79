import type { Clock } from "../link/feed";
import { Emitter } from "./events";
import { applyOps } from "./ops";
import { openRun, type RunStore } from "./run";
import { CHAT } from "./shape";
import type { ChatState, Op, RunState } from "./wire";

export type ChatStore = ReturnType<typeof openChat>;

/**
 * A chat as the page knows it: each turn is a run with a store of its own, told by its place.
 *
 * Listeners have the keys `turns` (which there are, and in which order) and `chat` (everything else
 * of the chat); and from others `beat`, `kernel`, `actions` and `module/…`, as those of a run have.
 *
 * @param first the chat as it is known; it is changed in place.
 */
export function openChat(first: { chat: ChatState }, clock: Clock) {
  let state = first.chat;
  const changes = new Emitter();
  const open = (run: RunState): RunStore => openRun({ state: run }, clock);
  const turns = state.turns.map(open);

  /** Makes the stores those of the turns that there are now. */
  const renew = () => {
    turns.length = Math.min(turns.length, state.turns.length);
    for (const [index, run] of state.turns.entries()) {
      if (turns[index] === undefined) turns[index] = open(run);
      else if (turns[index].state !== run) turns[index].replace({ state: run });
    }
    changes.emit("turns");
  };

  const changed = ([, [top]]: Op) => {
    if (top === "turns") renew();
    else changes.emit(top === "order" ? "turns" : "chat");
  };

  return {
    changes,
    turns,

    get state(): ChatState {
      return state;
    },

    /** The turns' places as they are read; a saved notebook may name some that aren't there. */
    get order(): number[] {
      return state.order.filter((index) => turns[index] !== undefined);
    },

    get now(): number {
      return clock.now;
    },

    /** Tells the chat and all its turns. */
    emit(key: string): void {
      changes.emit(key);
      for (const turn of turns) turn.emit(key);
    },

    /** Folds changes in, those before one that doesn't fit too. */
    fold(ops: readonly Op[]): void {
      for (const op of ops) {
        const [verb, [top, index, ...rest], value] = op;
        const turn = top === "turns" && rest.length > 0 ? turns[Number(index)] : undefined;
        if (turn === undefined) applyOps(state, [op], changed, CHAT);
        else turn.fold([[verb, rest, value] as Op]);
      }
    },

    /** The whole chat came anew. */
    replace(by: { chat: ChatState }): void {
      state = by.chat;
      renew();
      changes.emit("chat");
    },
  };
}
