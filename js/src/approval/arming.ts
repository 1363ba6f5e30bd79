// Arms a button: a click counts only once it can only have been meant for that button.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

const STEADY_FOR = 500; // ms in sight, at one place, before a click can be meant for it
const LOOK_EVERY = 100;
const MOVED = 2; // px
const IN_SIGHT = 0.9; // of its area

/**
 * Watches a button until a click on it can only be meant for it: it has been in sight, in a page
 * that is seen, and hasn't moved, for half a second. What appears or slides under a pointer that
 * was about to click something else isn't pressed.
 */
export class Arming {
  #isArmed = false;
  #isInSight = typeof IntersectionObserver === "undefined";
  #place: DOMRect | undefined;
  #since = 0;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #observer: IntersectionObserver | undefined;

  constructor(
    private readonly button: HTMLElement,
    private readonly changed: (isArmed: boolean) => void,
  ) {
    if (!this.#isInSight) {
      this.#observer = new IntersectionObserver(
        (entries) => {
          this.#isInSight = (entries.at(-1)?.intersectionRatio ?? 0) >= IN_SIGHT;
          this.#look();
        },
        { threshold: IN_SIGHT },
      );
      this.#observer.observe(button);
    }
    this.#timer = setInterval(this.#look, LOOK_EVERY);
    document.addEventListener("visibilitychange", this.#look);
  }

  /** Looks once more: between two looks the button may have moved. */
  get isArmed(): boolean {
    this.#look();
    return this.#isArmed;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#observer?.disconnect();
    document.removeEventListener("visibilitychange", this.#look);
  }

  readonly #look = (): void => {
    const place = this.#isInSight && !document.hidden ? this.button.getBoundingClientRect() : null;
    const before = this.#place;
    const isSteady = place !== null && before !== undefined && isNear(place, before);
    const now = performance.now();
    if (!isSteady) {
      this.#place = place ?? undefined;
      this.#since = now;
    }
    const isArmed = isSteady && now - this.#since >= STEADY_FOR;
    if (isArmed === this.#isArmed) return;
    this.#isArmed = isArmed;
    this.changed(isArmed);
  };
}

const isNear = (a: DOMRect, b: DOMRect): boolean =>
  Math.abs(a.left - b.left) <= MOVED && Math.abs(a.top - b.top) <= MOVED;

/**
 * Arms a button.
 *
 * @param subject what the button is about: where that changes, it is armed anew.
 * @returns its reference, whether it is armed, and the same asked at the moment of a click.
 */
export function useArming(
  subject: string,
): [RefObject<HTMLButtonElement | null>, boolean, () => boolean] {
  const button = useRef<HTMLButtonElement>(null);
  const arming = useRef<Arming | null>(null);
  const [isArmed, set] = useState(false);
  useLayoutEffect(() => {
    set(false);
    if (button.current === null) return;
    const watch = new Arming(button.current, set);
    arming.current = watch;
    return () => {
      watch.close();
      arming.current = null;
    };
  }, [subject]);
  return [button, isArmed, () => arming.current?.isArmed ?? false];
}
