// A chat's messages on their way to the kernel, and the draft. The tab keeps both, so that they are
// there when its page is loaded again.
import { newId } from "../../core";
import type { Sent } from "../../link/actions";
import type { ChatView } from "../../view/view";
import { otherKernel } from "./words";

/** A message on its way: sent, but not yet in the chat's state. */
export interface Message {
  readonly id: string;
  readonly text: string;
  /** The kernel that it was meant for. */
  readonly nonce: string;
  /** What became of it; undefined where it can't be sent any more. */
  sent: Sent | undefined;
}

/** What a tab keeps for one chat, so that nothing typed is lost when its page is loaded again. */
interface Stored {
  draft: string;
  messages: Pick<Message, "id" | "text" | "nonce">[];
}

const known = new WeakMap<object, Outgoing>();

interface TakingBack {
  sent: Sent;
  /** Called where it had been sent already. */
  tooLate: () => void;
}

/** What goes out from one chat, whatever number of views show it. */
export function outgoingOf(view: ChatView): Outgoing {
  const before = known.get(view.actions);
  if (before !== undefined) return before;
  const made = new Outgoing(view);
  known.set(view.actions, made);
  return made;
}

/**
 * The messages that a person has sent and the kernel hasn't answered, and the draft. Each message
 * keeps its id through everything, so that it is sent as often as needed and counts once.
 */
export class Outgoing {
  messages: Message[] = [];
  #takingBack: TakingBack[] = [];
  readonly #store: ChatView["store"];
  readonly #actions: ChatView["actions"];
  readonly #key: string;
  #draft: string;
  #stored: Stored["messages"];
  #isStarted = false;

  constructor({ store, actions }: ChatView) {
    this.#store = store;
    this.#actions = actions;
    this.#key = `powawidget/chat/${store.state.id}`;
    const { draft, messages } = read(this.#key);
    this.#draft = draft;
    this.#stored = messages;
  }

  /** Sends again what an earlier page couldn't; the first view of the chat that is drawn calls it. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#store.changes.on("actions", () => this.#settle());
    this.#store.changes.on("kernel", () => this.#restore());
    this.#restore();
  }

  get draft(): string {
    return this.#draft;
  }

  set draft(text: string) {
    this.#draft = text;
    this.#keep();
  }

  /** Sends a message; false where there is no live kernel to receive it. */
  send(text: string): boolean {
    const { nonce } = this.#actions;
    if (nonce === null) return false;
    this.#post({ id: newId(), text, nonce });
    return true;
  }

  /** Takes back a message that waits in the kernel. */
  takeBack(item: string, tooLate: () => void): void {
    const sent = this.#actions.post({ action: "unqueue", item });
    if (sent !== null) this.#takingBack.push({ sent, tooLate });
  }

  isTakingBack(item: string): boolean {
    return this.#takingBack.some(({ sent }) => sent.message.item === item);
  }

  /** Forgets a message that wasn't sent; returns its text. */
  drop(message: Message): string {
    this.messages = this.messages.filter((each) => each !== message);
    this.#keep();
    this.#store.changes.emit("actions");
    return message.text;
  }

  #post(stored: Stored["messages"][0]): void {
    const message: Message = { ...stored, sent: undefined };
    this.messages.push(message);
    // Before it is sent: a page that goes down right now finds it again.
    this.#keep();
    const { id, text } = stored;
    message.sent = this.#actions.post({ action: "send", text }, id) ?? undefined;
    this.#store.changes.emit("actions");
  }

  /** What an earlier page of this tab hadn't got an answer to, once it is known who answers. */
  #restore(): void {
    const { nonce } = this.#actions;
    if (nonce === null) return;
    for (const stored of this.#stored.splice(0)) {
      if (stored.nonce === nonce) this.#post(stored);
      else this.messages.push({ ...stored, sent: undefined });
    }
    for (const message of this.messages) if (message.nonce !== nonce) message.sent = undefined;
    this.#store.changes.emit("chat");
  }

  /** What the kernel took stands in the chat's state: its changes come before its answer. */
  #settle(): void {
    const { length } = this.messages;
    this.messages = this.messages.filter(
      ({ sent }) => !/^(arrived|settled)$/.test(sent?.state ?? ""),
    );
    if (this.messages.length < length) this.#keep();
    const isOpen = ({ sent }: TakingBack) => /^(sent|slow)$/.test(sent.state);
    const done = this.#takingBack.filter((each) => !isOpen(each));
    this.#takingBack = this.#takingBack.filter(isOpen);
    for (const { sent, tooLate } of done) if (sent.state === "refused") tooLate();
  }

  #keep(): void {
    const plain = ({ id, text, nonce }: Stored["messages"][0]) => ({ id, text, nonce });
    const messages = [...this.#stored, ...this.messages].map(plain);
    write(this.#key, { draft: this.#draft, messages });
  }
}

/** Why a message wasn't sent, or null while it may be. */
export const whyNotSent = ({ sent }: Message): string | null =>
  sent === undefined ? otherKernel : sent.state === "refused" ? (sent.refused ?? "") : null;

/** Another tab's or a hand's: nothing in it is believed. A page may also have no storage. */
function read(key: string): Stored {
  try {
    const { draft, messages } = JSON.parse(sessionStorage.getItem(key) ?? "{}");
    const isMessage = (each: Record<string, unknown> | null) =>
      [each?.id, each?.text, each?.nonce].every((value) => typeof value === "string");
    return {
      draft: typeof draft === "string" ? draft : "",
      messages: Array.isArray(messages) ? messages.filter(isMessage) : [],
    };
  } catch {
    return { draft: "", messages: [] };
  }
}

function write(key: string, stored: Stored): void {
  try {
    if (stored.draft === "" && stored.messages.length === 0) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, JSON.stringify(stored));
  } catch {
    // Full, or forbidden: then it is lost with the page, as everything typed elsewhere is.
  }
}
