// Paints what has changed once a frame of the browser, all views of a page together.

/** One view that fails must not keep the others from being painted. */
export function guarded(job: () => void): void {
  try {
    job();
  } catch (error) {
    console.error("powawidget could not paint a part of a run:", error);
  }
}

/** Those that have something to paint in the next frame. */
const waiting = new Set<Painter>();
let next = 0;

/**
 * Paints all views, and only then lets each look at what it has become: to look makes the browser
 * lay out the page, which one view after another would have it do once for each.
 */
function paintAll(): void {
  next = 0;
  const painters = [...waiting];
  waiting.clear();
  for (const painter of painters) painter.paint();
  // Components that were marked are drawn in a microtask that was queued before this one.
  queueMicrotask(() => {
    for (const painter of painters) guarded(painter.painted);
  });
}

/**
 * Gathers what is to be painted in a view. A hidden tab gets no frames, so nothing is painted there;
 * what was marked waits for the return.
 */
export class Painter {
  readonly #marked = new Set<() => void>();

  /** @param painted runs after everything marked was painted and drawn, here and in other views. */
  constructor(readonly painted: () => void) {}

  mark(job: () => void): void {
    this.#marked.add(job);
    waiting.add(this);
    if (next === 0) next = requestAnimationFrame(paintAll);
  }

  unmark(job: () => void): void {
    this.#marked.delete(job);
  }

  close(): void {
    waiting.delete(this);
    this.#marked.clear();
  }

  paint(): void {
    const jobs = [...this.#marked];
    this.#marked.clear();
    for (const job of jobs) guarded(job);
  }
}
