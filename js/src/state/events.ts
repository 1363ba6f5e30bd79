/**
 * Listeners by key. A listener of the common kind only marks something for the next frame, so calls
 * are cheap.
 */
export class Emitter<Listener = () => void> {
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Returns what ends the subscription. */
  on(key: string, listener: Listener): () => void {
    const known = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, known);
    known.add(listener);
    return () => {
      known.delete(listener);
      if (known.size === 0 && this.#listeners.get(key) === known) this.#listeners.delete(key);
    };
  }

  /** The keys that somebody listens to. */
  get heeded(): string[] {
    return [...this.#listeners.keys()];
  }

  each(key: string, tell: (listener: Listener) => void): void {
    this.#listeners.get(key)?.forEach(tell);
  }

  emit(this: Emitter, key: string): void {
    this.each(key, (listener) => listener());
  }
}
