import { openActions } from "./actions";
import { sendControl } from "./control";
import { openDemand } from "./demand";
import { guarded, type Model } from "./host";
import { watchKernel } from "./kernel";
import { openStore } from "./store";
import type { ModuleMessage, PageMessage } from "./wire";

export type Session = ReturnType<typeof openSession>;

/** One model's life in the page: what it knows, whom it hears, what it sends. */
export function openSession(model: Model) {
  /** Sends by every way there is: the kernel knows a message by its id and heeds it once. */
  const send = (message: PageMessage): void => {
    guarded(() => model.send(message)); // a model without a comm throws: there is no kernel
    sendControl(model, message);
  };
  const store = openStore(model.get("_state"), {
    send,
    // Without save_changes: the kernel has it already, a saved notebook is to have it too.
    keep: (snapshot) => model.set("_state", snapshot),
  });
  const kernel = watchKernel(model, () => store.emit("kernel"), store.hello);
  const actions = openActions({
    nonce: () => (kernel.word === "live" ? store.nonce : null),
    send,
    changed: () => store.emit("actions"),
  });

  const modules = openDemand({
    canAsk: () => kernel.word === "live",
    send,
    changed: (name) => store.emit(`module/${name}`),
  });

  const onMessage = (message: unknown, buffers?: readonly unknown[]): void => {
    const { nonce } = store;
    const ack = store.receive(message);
    kernel.heard();
    if (ack !== null) actions.receive(ack);
    const { kind } = (message ?? {}) as { kind?: unknown };
    if (kind === "module") modules.receive(message as ModuleMessage, buffers?.[0]);
    if (kind !== "state") return;
    if (nonce === store.nonce) actions.resend();
    store.emit("kernel");
  };
  const onTrait = (): void => store.receiveTrait(model.get("_state"));
  model.on("msg:custom", onMessage);
  model.on("change:_state", onTrait);
  store.hello();

  return {
    store,
    kernel,
    actions,
    modules,

    close(): void {
      model.off("msg:custom", onMessage);
      model.off("change:_state", onTrait);
      kernel.close();
      modules.close();
      actions.close();
      store.close();
    },
  };
}
