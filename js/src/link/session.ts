import { openChat } from "../state/chat";
import { openRun, type RunStore } from "../state/run";
import { isChat, readChat, readSnapshot } from "../state/shape";
import type { ActMessage, ModuleMessage, PageMessage } from "../state/wire";
import { ChatView, View } from "../view/view";
import { openActions } from "./actions";
import { sendControl } from "./control";
import { openFeed } from "./feed";
import { forgetState, guarded, type Model, openGate } from "./host";
import { watchKernel } from "./liveness";
import { openDemand } from "./modules";

export type Session = ReturnType<typeof openSession>;

/** One model's life in the page: what it knows, whom it hears, what it sends. */
export function openSession(model: Model) {
  /** Sends by every way there is: the kernel knows a message by its id and heeds it once. */
  const send = (message: PageMessage): void => {
    guarded(() => model.send(message)); // a model without a comm throws: there is no kernel
    // The kernel that comes after one that is gone doesn't know the message, and says so in its log.
    if (kernel.word !== "gone") sendControl(model, message);
  };
  const saved = model.get("_state");
  const link = {
    send,
    // Without save_changes: the kernel has it already, a saved notebook is to have it too.
    keep: (snapshot: unknown) => model.set("_state", snapshot),
  };
  const feed = isChat(saved)
    ? openFeed(saved, readChat, openChat, link)
    : openFeed(saved, readSnapshot, openRun, link);
  const { told } = feed;
  const { changes, emit } = told;
  const kernel = watchKernel(model, () => emit("kernel"), feed.hello);

  const open = (changed: () => void, turn: Partial<ActMessage> = {}) =>
    openActions({
      nonce: () => (kernel.word === "live" ? feed.nonce : null),
      send: (message) => send({ ...message, ...turn }),
      changed,
    });
  const actions = open(() => changes.emit("actions"));
  /** What was done in the turns of a chat, by their places. */
  const ofTurns: (typeof actions)[] = [];
  const all = () => [actions, ...ofTurns.filter(Boolean)];

  const modules = openDemand({
    canAsk: () => kernel.word === "live",
    send,
    changed: (name) => emit(`module/${name}`),
  });

  const onMessage = (message: unknown): void => {
    const { nonce } = feed;
    const ack = feed.receive(message);
    kernel.heard();
    if (ack !== null) for (const each of all()) each.receive(ack);
    const { kind } = (message ?? {}) as { kind?: unknown };
    if (kind === "module") modules.receive(message as ModuleMessage);
    if (kind !== "state") return;
    if (nonce === feed.nonce) for (const each of all()) each.resend();
    emit("kernel");
  };
  const onTrait = (): void => feed.receiveTrait(model.get("_state"));
  model.on("msg:custom", onMessage);
  model.on("change:_state", onTrait);
  openGate(model);
  feed.hello();

  return {
    /** A new place where it is shown. */
    view(): View | ChatView {
      const same = { actions, kernel, modules };
      if (!("turns" in told)) return new View({ store: told, ...same });
      return new ChatView({ store: told, ...same }, (turn) => {
        const store = told.turns[turn] as RunStore;
        ofTurns[turn] ??= open(() => told.turns[turn]?.emit("actions"), { turn });
        return { ...same, store, actions: ofTurns[turn] };
      });
    },

    close(): void {
      model.off("msg:custom", onMessage);
      model.off("change:_state", onTrait);
      kernel.close();
      modules.close();
      for (const each of all()) each.close();
      feed.close();
      forgetState(model);
    },
  };
}
