// One model's life on the page: the run or the chat that it holds, and the link to its kernel. A
// page that is loaded again begins with the saved state, says hello, and is sent what it lacks.
import { type ChatStore, openChat } from "../state/chat";
import { hasEnded, openRun, type RunStore } from "../state/run";
import { isChat, readChat, readSnapshot } from "../state/shape";
import type { ActMessage, ModuleMessage, PageMessage } from "../state/wire";
import { type Actions, openActions } from "./actions";
import { sendControl } from "./control";
import { openFeed } from "./feed";
import { forgetState, guarded, isSaving, type Model, openGate, whenSaving } from "./host";
import { watchLiveness } from "./liveness";
import { type ModuleLoader, openModules } from "./modules";
import { joining } from "./pieces";

/** A model as views show it, from anywidget's `initialize` on; or a turn of a chat, likewise. */
export interface Session<Store = RunStore | ChatStore> {
  readonly store: Store;
  /** What people did. It belongs to the run, not to a view: two views of one run are one decision. */
  readonly actions: Actions;
  readonly modules: ModuleLoader;
  /** A turn of the chat. */
  turn(index: number): Session<RunStore>;
}

/** One model's life on the page, with what only the model as a whole has. */
export interface WholeSession extends Session {
  /** What a module may say and ask beside all this. */
  readonly model: Model;
  /** Whether only a name and a status are here; `fetch` asks for the rest. */
  readonly isBrief: boolean;
  fetch(): void;
  /** Calls back when the rest has come; returns what ends that. */
  onWhole(callback: () => void): () => void;
  close(): void;
}

const ANSWERED_WITHIN = 1_000; // ms

/** @param core what the modules share with the core. */
export function openSession(model: Model, core: object): WholeSession {
  /** Sends by every way there is: the kernel knows a message by its id and obeys it once. */
  const send = (message: PageMessage): void => {
    guarded(() => model.send(message)); // a model without a comm throws: there is no kernel
    // The kernel that comes after one that is gone doesn't know the message, and says so in its log.
    if (liveness.value !== "gone") sendControl(model, message);
  };
  /** How often the kernel has said that the page has all, and what asks it again. */
  let answers = 0;
  let again: ReturnType<typeof setTimeout> | undefined;
  /** Asks by the way that is the quickest and costs one message; by the other where no answer comes. */
  const ask = (message: PageMessage): void => {
    clearTimeout(again);
    const before = answers;
    const repeat = () => {
      if (answers === before) guarded(() => model.send(message));
    };
    if (liveness.value !== "gone" && sendControl(model, message)) {
      again = setTimeout(repeat, ANSWERED_WITHIN);
    } else repeat();
  };
  const saved = model.get("_state");
  const link = {
    send: ask,
    // Without save_changes: the kernel has it already, a saved notebook is to have it too.
    save: (snapshot: unknown) => model.set("_state", snapshot),
    saves: () => isSaving(model),
    liveness: () => liveness.value,
  };
  const feed = isChat(saved)
    ? openFeed(saved, readChat, openChat, link)
    : openFeed(saved, readSnapshot, openRun, link);
  const { store } = feed;
  /** Whether a run is under way, or an answer to a click: a kernel that lives says something. */
  const isDue = (): boolean => {
    const runs = "turns" in store ? store.state.turns : [store.state];
    return runs.some((run) => !hasEnded(run)) || all().some((each) => each.isOpen);
  };
  /** Whether the kernel was asked for anything. */
  let hasAsked = false;
  const fetch = (): void => {
    if (hasAsked) return;
    hasAsked = true;
    liveness.expect();
    feed.hello();
  };
  const liveness = watchLiveness(
    model,
    (isNew) => (isNew ? hasAsked : isDue()),
    () => store.emit("kernel"),
    () => hasAsked && feed.hello(),
  );
  const nonce = () => (liveness.value === "live" ? feed.nonce : null);

  const actionsOn = (changed: () => void, turn: Partial<ActMessage> = {}) =>
    openActions({
      nonce,
      send: (message) => {
        liveness.expect();
        send({ ...message, ...turn });
      },
      changed,
    });
  const actions = actionsOn(() => store.changes.emit("actions"));
  /** What was done in the turns of a chat, by their indexes. */
  const ofTurns: Actions[] = [];
  const all = () => [actions, ...ofTurns.filter(Boolean)];

  const modules = openModules({
    core,
    kernel: nonce,
    send,
    changed: (name) => {
      store.emit(`module/${name}`);
      if (modules.isIncomplete) store.emit("kernel");
    },
  });

  const awaiting = new Set<() => void>();
  const tellWhole = (): void => {
    if (feed.isBrief) return;
    for (const callback of [...awaiting]) callback();
    awaiting.clear();
  };

  const onMessage = joining((message) => {
    const before = feed.nonce;
    const ack = feed.receive(message);
    liveness.heard();
    if (ack !== null) for (const each of all()) each.receive(ack);
    const { kind } = (message ?? {}) as { kind?: unknown };
    if (kind === "module") modules.receive(message as ModuleMessage);
    if (kind !== "state" && kind !== "current") return;
    answers += 1;
    if (before === feed.nonce) for (const each of all()) each.resend();
    store.emit("kernel");
    tellWhole();
  });
  const onTrait = (): void => {
    feed.receiveTrait(model.get("_state"));
    if (!feed.isBrief) liveness.expect();
    tellWhole();
  };
  model.on("msg:custom", onMessage);
  model.on("change:_state", onTrait);
  openGate(model);
  if (!feed.isBrief) fetch();
  const endSaving = feed.isBrief ? whenSaving(model, fetch) : () => {};

  const turn = (index: number): Session<RunStore> => {
    const { turns } = store as ChatStore;
    ofTurns[index] ??= actionsOn(() => turns[index]?.emit("actions"), { turn: index });
    return { store: turns[index] as RunStore, actions: ofTurns[index], modules, turn };
  };

  return {
    store,
    actions,
    modules,
    model,
    turn,
    fetch,

    get isBrief(): boolean {
      return feed.isBrief;
    },

    onWhole(callback: () => void): () => void {
      awaiting.add(callback);
      return () => awaiting.delete(callback);
    },

    close(): void {
      endSaving();
      clearTimeout(again);
      awaiting.clear();
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
