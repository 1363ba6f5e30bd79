// A chat as the page knows it: each turn is a run with a store of its own.
import { Emitter, type EventKey } from "./events";
import { applyOps } from "./ops";
import { type Kernel, openRun, type RunStore } from "./run";
import { CHAT } from "./shape";
import type { ChatState, Op, RunState } from "./wire";

export type ChatStore = ReturnType<typeof openChat>;

/** @param first the chat as it is known; it is changed in place. */
export function openChat(first: { chat: ChatState }, kernel: Kernel) {
  let state = first.chat;
  const changes = new Emitter<EventKey>();
  const open = (run: RunState): RunStore => openRun({ state: run }, kernel);
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

  /** The indexes of the turns as they are read; a saved notebook may name some that aren't there. */
  const order = () => state.order.filter((index) => turns[index] !== undefined);

  return {
    changes,
    kernel,
    turns,

    get state(): ChatState {
      return state;
    },

    get order(): number[] {
      return order();
    },

    totals(): { turns: number; tokens: number } {
      const tokens = state.turns.reduce((sum, { usage }) => sum + (usage?.total_tokens ?? 0), 0);
      return { turns: order().length, tokens };
    },

    /** Emits for the chat and each of its turns. */
    emit(key: EventKey): void {
      changes.emit(key);
      for (const turn of turns) turn.emit(key);
    },

    /** Applies changes, those before one that doesn't fit too. */
    apply(ops: readonly Op[]): void {
      for (const op of ops) {
        const [verb, [top, index, ...rest], value] = op;
        const turn = top === "turns" && rest.length > 0 ? turns[Number(index)] : undefined;
        if (turn === undefined) applyOps(state, [op], changed, CHAT);
        else turn.apply([[verb, rest, value] as Op]);
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
