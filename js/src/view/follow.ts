// Keeps the end of a box in sight while its content grows, as long as the reader is there: who
// scrolls up is left alone. It sets the box's own offset and nothing else; scrolling an element
// into view would move the notebook.
const NEAR = 16; // px from the end that still count as the end

/** What of an element is needed to follow its end. */
export type Box = Pick<HTMLElement, "scrollTop" | "scrollHeight" | "clientHeight">;

export class Follow {
  readonly #box: Box;
  readonly #changed: () => void;
  readonly #aim: () => number | undefined;
  #isFollowing: boolean;
  #isHeld = false;

  /** @param aim the offset to keep in place of the end, where something is to be seen first. */
  constructor(
    box: Box,
    changed: () => void,
    isFollowing = true,
    aim: () => number | undefined = () => undefined,
  ) {
    this.#box = box;
    this.#changed = changed;
    this.#isFollowing = isFollowing;
    this.#aim = aim;
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** The box was scrolled, by anyone. */
  scrolled(): void {
    if (this.#box.clientHeight === 0) return; // not shown: its offset means nothing
    this.#set(this.#gap() <= NEAR);
  }

  /** The content grew. */
  grown(): void {
    if (this.#isHeld) {
      this.#isHeld = false;
      this.#set(this.#gap() <= NEAR);
    } else if (this.#isFollowing && this.#gap() >= 1) {
      this.#toEnd();
    }
  }

  /** A person opens something: the growth that follows must not push it out of sight. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Back to the end, and follow it again. */
  jump(): void {
    this.#isHeld = false;
    this.#set(true);
    this.#toEnd();
  }

  #toEnd(): void {
    this.#box.scrollTop += this.#gap();
  }

  /** How far above the end the box is, or above what it aims at. */
  #gap(): number {
    const { scrollHeight, scrollTop, clientHeight } = this.#box;
    const end = scrollHeight - clientHeight;
    return Math.min(Math.max(this.#aim() ?? end, 0), end) - scrollTop;
  }

  #set(isFollowing: boolean): void {
    if (isFollowing === this.#isFollowing) return;
    this.#isFollowing = isFollowing;
    this.#changed();
  }
}
