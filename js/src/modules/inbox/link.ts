// What a view of an inbox says to its kernel and hears of it, beside what every widget does.
import { newId } from "../../core";
import type { Model } from "../../link/host";
import { joining } from "../../link/pieces";
import type { WaitingMessage, WaitingRequests } from "../../state/wire";
import { type Link, say } from "../../view/boards";

const ANSWERED_WITHIN = 4_000; // ms after which the same is asked again

/** A request without what each has. */
type Said = WaitingRequests extends infer Each
  ? Each extends WaitingRequests
    ? Omit<Each, "id" | "view">
    : never
  : never;

/** One view's link. */
export class InboxLink implements Link {
  told: WaitingMessage | null = null;
  readonly #view = newId();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param changed called when anything here has changed. */
  constructor(
    readonly model: Model,
    private readonly changed: () => void,
  ) {
    model.on("msg:custom", this.#hear);
    this.#ask();
  }

  renew(): void {
    this.#ask();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.model.off("msg:custom", this.#hear);
  }

  /** Takes a row out of sight; null shows all again. */
  hide(row: string | null): void {
    this.#send({ kind: "hide_row", row });
  }

  #ask(): void {
    clearTimeout(this.#timer);
    this.#send({ kind: "waiting" });
    this.#timer = setTimeout(() => this.#ask(), ANSWERED_WITHIN);
  }

  #send(said: Said): void {
    say(this.model, { ...said, id: newId(), view: this.#view });
  }

  readonly #hear = joining((said) => {
    const message = said as WaitingMessage | null;
    if (message?.kind !== "waiting") return;
    clearTimeout(this.#timer);
    this.told = message;
    this.changed();
  });
}
