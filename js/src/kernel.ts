import { guarded, innerModel, type KernelConnection, kernelOf, type Model } from "./host";

const ANSWERS_WITHIN = 3_000; // ms in which a live kernel says something to a new page
const SILENT_FOR = 60_000; // ms without the heartbeat after which a kernel counts as gone
const LOOK_EVERY = 1_000;

/** `unknown` until the kernel has spoken or should have; `gone` may come back. */
export type KernelWord = "unknown" | "live" | "gone";

/**
 * Whether there is a live kernel behind the run. A notebook that was opened without one, or whose
 * kernel died, must not show a run as running for ever.
 */
export class KernelWatch {
  #word: KernelWord = "unknown";
  #heard = Date.now();
  readonly #kernel: KernelConnection | undefined;
  readonly #timer: ReturnType<typeof setInterval>;

  /**
   * @param changed is told of every change of the word.
   * @param regained is told that a lost connection is back: messages may have been lost.
   */
  constructor(
    private readonly model: Model,
    private readonly changed: () => void,
    private readonly regained: () => void,
  ) {
    this.#kernel = kernelOf(model);
    guarded(() => this.#kernel?.statusChanged?.connect(this.#onStatus));
    guarded(() => this.#kernel?.connectionStatusChanged?.connect(this.#onConnection));
    model.on("comm:close", this.#onClose);
    model.on("comm_live_update", this.#onLive);
    this.#timer = setInterval(this.#look, LOOK_EVERY);
  }

  get word(): KernelWord {
    return this.#word;
  }

  /** A message of the kernel came. */
  heard(): void {
    this.#heard = Date.now();
    this.#set("live");
  }

  close(): void {
    clearInterval(this.#timer);
    guarded(() => this.#kernel?.statusChanged?.disconnect(this.#onStatus));
    guarded(() => this.#kernel?.connectionStatusChanged?.disconnect(this.#onConnection));
    this.model.off("comm:close", this.#onClose);
    this.model.off("comm_live_update", this.#onLive);
  }

  readonly #onStatus = (_: unknown, status: unknown): void => {
    const word = String(status);
    if (/^(dead|restarting|autorestarting|terminating)$/.test(word)) this.#set("gone");
  };

  readonly #onConnection = (_: unknown, status: unknown): void => {
    if (status === "disconnected") this.#set("gone");
    if (status === "connected") this.regained();
  };

  readonly #onClose = (): void => this.#set("gone");

  readonly #onLive = (): void => {
    if (innerModel(this.model)?.comm_live === false) this.#set("gone");
  };

  readonly #look = (): void => {
    const limit = this.#word === "unknown" ? ANSWERS_WITHIN : SILENT_FOR;
    if (Date.now() - this.#heard >= limit) this.#set("gone");
  };

  #set(word: KernelWord): void {
    if (word === this.#word) return;
    this.#word = word;
    this.changed();
  }
}
