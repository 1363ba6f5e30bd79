import { newId } from "./id";
import type { AckMessage, ActMessage } from "./wire";

const ANSWERED_WITHIN = 400; // ms after which a person wants to know why nothing happens

/** What became of a click. `slow`: the kernel hasn't answered yet, it is busy with a cell. */
export interface Sent {
  readonly message: ActMessage;
  state: "sent" | "slow" | "arrived" | "refused";
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
    const before = this.latest(action, digests[0]);
    if (nonce === null || (before !== undefined && before.state !== "refused")) return;
    const message: ActMessage = { kind: "act", id: newId(), nonce, action, digests, reason };
    const sent: Sent = { message, state: "sent", refused: null };
    this.#sent.push(sent);
    this.link.send(message);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (sent.state === "sent") this.#set(sent, "slow");
    }, ANSWERED_WITHIN);
    this.#timers.add(timer);
    this.link.changed();
  }

  /** The last action of this kind, or about this request. */
  latest(action: ActMessage["action"], digest?: string): Sent | undefined {
    return this.#sent.findLast(
      ({ message }) =>
        message.action === action && (digest === undefined || message.digests.includes(digest)),
    );
  }

  /** The kernel answered. */
  receive(ack: AckMessage): void {
    const sent = this.#sent.find(({ message }) => message.id === ack.id);
    if (sent === undefined) return;
    sent.refused = typeof ack.refused === "string" ? ack.refused : null;
    this.#set(sent, sent.refused === null ? "arrived" : "refused");
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

  #set(sent: Sent, state: Sent["state"]): void {
    sent.state = state;
    this.link.changed();
  }
}
