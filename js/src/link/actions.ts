// Sends what people do to the kernel, a click on a button first of all, and keeps what became of
// it. That belongs to the run, not to a view: two views of one run are one decision.
import type { AckMessage, ActMessage } from "../state/wire";
import { newId } from "./id";

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

/** What an action says beside what every one of them does. */
type Given = Pick<ActMessage, "action"> & Partial<ActMessage>;

export type Actions = ReturnType<typeof openActions>;

export function openActions(link: Link) {
  const known: Sent[] = [];
  const timers = new Set<ReturnType<typeof setTimeout>>();

  const set = (sent: Sent, state: Sent["state"]): void => {
    sent.state = state;
    link.changed();
  };

  const later = (sent: Sent, from: Sent["state"], to: Sent["state"], after: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (sent.state === from) set(sent, to);
    }, after);
    timers.add(timer);
  };

  const post = (given: Given, id = newId()): Sent | null => {
    const nonce = link.nonce();
    if (nonce === null) return null;
    const none = { digests: [], reason: null, turn: null, text: null, item: null };
    const message: ActMessage = { kind: "act", id, nonce, ...none, ...given };
    const sent: Sent = { message, state: "sent", refused: null };
    known.push(sent);
    link.send(message);
    later(sent, "sent", "slow", ANSWERED_WITHIN);
    link.changed();
    return sent;
  };

  /** The last of an action that is about the run as a whole. */
  const latest = (action: ActMessage["action"]): Sent | undefined =>
    known.findLast(({ message }) => message.action === action);

  /** The last decision on any of these requests, one way or the other. */
  const decision = (digests: readonly string[]): Sent | undefined =>
    known.findLast(({ message }) => message.digests.some((digest) => digests.includes(digest)));

  return {
    latest,
    decision,

    /** Sends an action as it is; under a given id it is one with what had that id before. */
    post,

    /** Whether the kernel owes an answer. */
    get isOpen(): boolean {
      return known.some(isUnanswered);
    },

    /** The live kernel's nonce, or null where no button may act. */
    get nonce(): string | null {
      return link.nonce();
    },

    /** Whether a live kernel would receive a click. */
    get canAct(): boolean {
      return link.nonce() !== null;
    },

    /**
     * Sends an action, unless one like it is on its way or there is no live kernel.
     *
     * @param digests the requests that were shown to the person, for a decision.
     */
    act(action: ActMessage["action"], digests: string[] = [], reason: string | null = null): void {
      const before = digests.length === 0 ? latest(action) : decision(digests);
      if (before === undefined || isOver(before)) post({ action, digests, reason });
    },

    receive(ack: AckMessage): void {
      const sent = known.find(({ message }) => message.id === ack.id);
      if (sent === undefined) return;
      sent.refused = typeof ack.refused === "string" ? ack.refused : null;
      // What a decision has changed is here before this answer; what else is done may show later.
      const taken = sent.message.digests.length > 0 ? "settled" : "arrived";
      set(sent, sent.refused === null ? taken : "refused");
      later(sent, "arrived", "settled", SHOWN_WITHIN);
    },

    /** What wasn't answered may have been lost with the connection; its id keeps it one action. */
    resend(): void {
      const nonce = link.nonce();
      for (const sent of known) {
        if (isUnanswered(sent) && sent.message.nonce === nonce) link.send(sent.message);
      }
    },

    close(): void {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}

const isUnanswered = ({ state }: Sent): boolean => state === "sent" || state === "slow";

/**
 * Whether the same may be done again. A decision that the kernel took may come back undone, to be
 * made anew; a run is stopped only once.
 */
export const isOver = ({ state, message }: Sent): boolean =>
  state === "refused" || (state === "settled" && message.action !== "stop");
