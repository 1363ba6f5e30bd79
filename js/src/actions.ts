import { newId } from "./id";
import type { AckMessage, ActMessage } from "./wire";

const ANSWERED_WITHIN = 400; // ms after which a person wants to know why nothing happens
const SHOWN_WITHIN = 1_000; // ms from the kernel's answer to the change of the run that it caused

/**
 * What became of a click. `slow`: the kernel hasn't answered yet, it is busy with a cell;
 * `settled`: it took it a while ago, so the state of the run says all there is to say.
 */
export interface Sent {
  readonly message: ActMessage;
  state: "sent" | "slow" | "arrived" | "settled" | "refused";
  refused: string | null;
}

interface Link {
  /** The live kernel's nonce, or null where no button may act. */
  nonce(): string | null;
  send(message: ActMessage): void;
  changed(): void;
}

/**
 * What people did. It belongs to the run, not to a view: two views of one run are one decision.
 */
export class Actions {
  readonly #sent: Sent[] = [];
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();

  constructor(private readonly link: Link) {}

  /** Whether a live kernel would hear a click. */
  get canAct(): boolean {
    return this.link.nonce() !== null;
  }

  /**
   * Sends an action, unless one like it is on its way or there is no live kernel.
   *
   * @param digests the requests that were shown to the person, for a decision.
   */
  act(action: ActMessage["action"], digests: string[] = [], reason: string | null = null): void {
    const nonce = this.link.nonce();
    const before = action === "stop" ? this.latest() : this.decision(digests);
    if (nonce === null || (before !== undefined && !isOver(before))) return;
    const message: ActMessage = { kind: "act", id: newId(), nonce, action, digests, reason };
    const sent: Sent = { message, state: "sent", refused: null };
    this.#sent.push(sent);
    this.link.send(message);
    this.#turn(sent, "sent", "slow", ANSWERED_WITHIN);
    this.link.changed();
  }

  /** The last Stop. */
  latest(): Sent | undefined {
    return this.#sent.findLast(({ message }) => message.action === "stop");
  }

  /** The last decision on any of these requests, one way or the other. */
  decision(digests: readonly string[]): Sent | undefined {
    return this.#sent.findLast(
      ({ message }) =>
        message.action !== "stop" && message.digests.some((digest) => digests.includes(digest)),
    );
  }

  /** The kernel answered. */
  receive(ack: AckMessage): void {
    const sent = this.#sent.find(({ message }) => message.id === ack.id);
    if (sent === undefined) return;
    sent.refused = typeof ack.refused === "string" ? ack.refused : null;
    this.#set(sent, sent.refused === null ? "arrived" : "refused");
    this.#turn(sent, "arrived", "settled", SHOWN_WITHIN);
  }

  /** What wasn't answered may have been lost with the connection; its id keeps it one action. */
  resend(): void {
    const nonce = this.link.nonce();
    for (const { state, message } of this.#sent) {
      const isOpen = state === "sent" || state === "slow";
      if (isOpen && message.nonce === nonce) this.link.send(message);
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  #turn(sent: Sent, from: Sent["state"], to: Sent["state"], after: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (sent.state === from) this.#set(sent, to);
    }, after);
    this.#timers.add(timer);
  }

  #set(sent: Sent, state: Sent["state"]): void {
    sent.state = state;
    this.link.changed();
  }
}

/**
 * Whether the same may be done again. A decision that the kernel took may come back undone, to be
 * made anew; a run is stopped only once.
 */
export const isOver = ({ state, message }: Sent): boolean =>
  state === "refused" || (state === "settled" && message.action !== "stop");
