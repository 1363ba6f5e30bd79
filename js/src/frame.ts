/**
 * Gathers what is to be painted and paints it once a frame. A hidden tab gets no frames, so nothing
 * is painted there; what was marked waits for the return.
 */
export class Frame {
  readonly #marked = new Set<() => void>();
  #id = 0;

  readonly #painted: () => void;

  /** @param painted runs after everything marked was painted and drawn. */
  constructor(painted: () => void) {
    this.#painted = painted;
  }

  mark(job: () => void): void {
    this.#marked.add(job);
    if (this.#id === 0) this.#id = requestAnimationFrame(this.#paint);
  }

  unmark(job: () => void): void {
    this.#marked.delete(job);
  }

  close(): void {
    cancelAnimationFrame(this.#id);
    this.#marked.clear();
  }

  readonly #paint = (): void => {
    this.#id = 0;
    const jobs = [...this.#marked];
    this.#marked.clear();
    for (const job of jobs) {
      try {
        job();
      } catch (error) {
        console.error("powawidget could not paint a part of a run:", error);
      }
    }
    // Components that were marked are drawn in a microtask that was queued before this one.
    queueMicrotask(this.#painted);
  };
}
