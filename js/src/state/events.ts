// The events of the page: their keys, all of them, and the emitter that calls listeners by key.

/** What a listener of a run, or of a chat and each of its turns, is called for. */
export type EventKey =
  // by the run's state
  | "parts" // how many parts there are
  | `parts/${number}` // one part, or what is shown at it
  | `within/${number}` // how many parts are within that one; -1 is the top
  | `group/${number}` // the group of calls that starts there
  | "open" // how many calls are under way
  | "work" // which agents are at work
  | "reasoning"
  | "blocks" // how the blocks of the workflow stand
  | `blocks/${number}`
  | "status" // the status, or which part is the answer
  | "root" // everything else of the run
  // by the chat's
  | "turns" // which turns there are, and in which order
  | "chat" // everything else of the chat
  // by the link to the kernel
  | "beat" // the kernel's heartbeat came
  | "kernel" // its liveness changed, it sent its whole state, or will send no module
  | "actions" // what became of a click, or what a click may do
  | "file" // the size of the transcript in the notebook's file
  | `module/${string}`; // a module was loaded, or couldn't be

/** Texts that grow, by their paths in the state; the empty one leads nowhere. */
export type TextPath =
  | ""
  | `parts/${number}/text`
  | `blocks/${number}/text`
  | `reasoning/thoughts/${number}/text`;

/** What a person opens and closes in a view. */
export type ToggleKey =
  | "message"
  | "sources"
  | "time" // where the time went
  | "whole" // the box, as tall as its content
  | `card/${number}` // a tool call
  | `group/${number}` // several of them
  | `work/${number}` // a delegation or a parallel group
  | `block/${number}` // a block of a workflow
  | `reasoning/${number}` // what was thought within that part
  | `piece/${string}` // a long text of a request for approval
  | `stage/${string}`; // more of many requests

/** Listeners by key. Most only ask to be painted in the next frame, so that a call is cheap. */
export class Emitter<Key extends string, Listener = () => void> {
  readonly #listeners = new Map<Key, Set<Listener>>();

  /** Returns what ends the subscription. */
  on(key: Key, listener: Listener): () => void {
    const known = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, known);
    known.add(listener);
    return () => {
      known.delete(listener);
      if (known.size === 0 && this.#listeners.get(key) === known) this.#listeners.delete(key);
    };
  }

  /** The keys that somebody listens to. */
  get keys(): Key[] {
    return [...this.#listeners.keys()];
  }

  each(key: Key, call: (listener: Listener) => void): void {
    this.#listeners.get(key)?.forEach(call);
  }

  emit(this: Emitter<Key>, key: Key): void {
    this.each(key, (listener) => listener());
  }
}
