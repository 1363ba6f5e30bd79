// One model's life on the page: the run or the chat that it holds, and the link to its kernel. A
// page that is loaded again begins with the saved state, says hello, and is sent what it lacks.
import { type ChatStore, openChat } from "../state/chat";
import { openRun, type RunStore } from "../state/run";
import { isChat, readChat, readSnapshot } from "../state/shape";
import type { ActMessage, ModuleMessage, PageMessage } from "../state/wire";
import { type Actions, openActions } from "./actions";
import { sendControl } from "./control";
import { openFeed } from "./feed";
import { forgetState, guarded, type Model, openGate } from "./host";
import { watchLiveness } from "./liveness";
import { type ModuleLoader, openModules } from "./modules";

/** A model as views show it, from anywidget's `initialize` on; or a turn of a chat, likewise. */
export interface Session<Store = RunStore | ChatStore> {
  readonly store: Store;
  /** What people did. It belongs to the run, not to a view: two views of one run are one decision. */
  readonly actions: Actions;
  readonly modules: ModuleLoader;
  /** A turn of the chat. */
  turn(index: number): Session<RunStore>;
}

/** @param core what the modules share with the core. */
export function openSession(model: Model, core: object): Session & { close(): void } {
  /** Sends by every way there is: the kernel knows a message by its id and obeys it once. */
  const send = (message: PageMessage): void => {
    guarded(() => model.send(message)); // a model without a comm throws: there is no kernel
    // The kernel that comes after one that is gone doesn't know the message, and says so in its log.
    if (liveness.value !== "gone") sendControl(model, message);
  };
  const saved = model.get("_state");
  const link = {
    send,
    // Without save_changes: the kernel has it already, a saved notebook is to have it too.
    save: (snapshot: unknown) => model.set("_state", snapshot),
    liveness: () => liveness.value,
  };
  const feed = isChat(saved)
    ? openFeed(saved, readChat, openChat, link)
    : openFeed(saved, readSnapshot, openRun, link);
  const { store } = feed;
  const liveness = watchLiveness(model, () => store.emit("kernel"), feed.hello);

  const actionsOn = (changed: () => void, turn: Partial<ActMessage> = {}) =>
    openActions({
      nonce: () => (liveness.value === "live" ? feed.nonce : null),
      send: (message) => send({ ...message, ...turn }),
      changed,
    });
  const actions = actionsOn(() => store.changes.emit("actions"));
  /** What was done in the turns of a chat, by their indexes. */
  const ofTurns: Actions[] = [];
  const all = () => [actions, ...ofTurns.filter(Boolean)];

  const modules = openModules({
    core,
    canAsk: () => liveness.value === "live",
    send,
    changed: (name) => store.emit(`module/${name}`),
  });

  const onMessage = (message: unknown): void => {
    const { nonce } = feed;
    const ack = feed.receive(message);
    liveness.heard();
    if (ack !== null) for (const each of all()) each.receive(ack);
    const { kind } = (message ?? {}) as { kind?: unknown };
    if (kind === "module") modules.receive(message as ModuleMessage);
    if (kind !== "state") return;
    if (nonce === feed.nonce) for (const each of all()) each.resend();
    store.emit("kernel");
  };
  const onTrait = (): void => feed.receiveTrait(model.get("_state"));
  model.on("msg:custom", onMessage);
  model.on("change:_state", onTrait);
  openGate(model);
  feed.hello();

  const turn = (index: number): Session<RunStore> => {
    const { turns } = store as ChatStore;
    ofTurns[index] ??= actionsOn(() => turns[index]?.emit("actions"), { turn: index });
    return { store: turns[index] as RunStore, actions: ofTurns[index], modules, turn };
  };

  return {
    store,
    actions,
    modules,
    turn,

    close(): void {
      model.off("msg:custom", onMessage);
      model.off("change:_state", onTrait);
      liveness.close();
      modules.close();
      for (const each of all()) each.close();
      feed.close();
      forgetState(model);
    },
  };
}
