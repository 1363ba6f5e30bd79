import { Actions } from "./actions";
import { sendControl } from "./control";
import { guarded, type Model } from "./host";
import { KernelWatch } from "./kernel";
import { RunStore } from "./store";
import type { PageMessage } from "./wire";

/** One model's life in the page: what it knows, whom it hears, what it sends. */
export class Session {
  readonly store: RunStore;
  readonly kernel: KernelWatch;
  readonly actions: Actions;

  constructor(private readonly model: Model) {
    this.store = new RunStore(model.get("_state"), {
      send: (message) => this.#send(message),
      // Without save_changes: the kernel has it already, a saved notebook is to have it too.
      keep: (snapshot) => model.set("_state", snapshot),
    });
    this.actions = new Actions({
      nonce: () => (this.kernel.word === "live" ? this.store.nonce : null),
      send: (message) => this.#send(message),
      changed: () => this.store.changes.emit("actions"),
    });
    this.kernel = new KernelWatch(
      model,
      () => this.store.changes.emit("kernel"),
      () => this.store.hello(),
    );
    model.on("msg:custom", this.#onMessage);
    model.on("change:_state", this.#onTrait);
    this.store.hello();
  }

  close(): void {
    this.model.off("msg:custom", this.#onMessage);
    this.model.off("change:_state", this.#onTrait);
    this.kernel.close();
    this.actions.close();
    this.store.close();
  }

  readonly #onMessage = (message: unknown): void => {
    const nonce = this.store.nonce;
    const ack = this.store.receive(message);
    this.kernel.heard();
    if (ack !== null) this.actions.receive(ack);
    if ((message as { kind?: unknown } | null)?.kind !== "state") return;
    if (nonce === this.store.nonce) this.actions.resend();
    this.store.changes.emit("kernel");
  };

  readonly #onTrait = (): void => this.store.receiveTrait(this.model.get("_state"));

  /** Sends by every way there is: the kernel knows a message by its id and heeds it once. */
  #send(message: PageMessage): void {
    guarded(() => this.model.send(message)); // a model without a comm throws: there is no kernel
    sendControl(this.model, message);
  }
}
