/** Listeners by key. A listener only marks something for the next frame, so calls are cheap. */
export class Emitter {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Returns what ends the subscription. */
  on(key: string, listener: () => void): () => void {
    const known = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, known);
    known.add(listener);
    return () => {
      known.delete(listener);
      if (known.size === 0 && this.#listeners.get(key) === known) this.#listeners.delete(key);
    };
  }

  emit(key: string): void {
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }

  /** Everything may have changed. */
  emitAll(): void {
    for (const key of [...this.#listeners.keys()]) this.emit(key);
  }
}
