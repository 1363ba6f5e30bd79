// Whether the keys of an approval card decide: only where a person went to it by the keyboard.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Whether a script of ours moves the focus just now. */
let isOurs = false;

/** Gives a card the focus of something in it that goes. What is known of the card stays. */
export function refocus(card: HTMLElement | null): void {
  isOurs = true;
  card?.focus({ preventScroll: true });
  isOurs = false;
}

/** Whether an element, or something in it, has the focus. */
export const hasFocus = (element: HTMLElement): boolean =>
  element.contains((element.getRootNode() as Document | ShadowRoot).activeElement);

/** Whether a card has just gone with the focus in it. */
let isLost = false;

/** Gives what stands in the place of a card the focus that went with it. */
export function inherit(place: HTMLElement | null): void {
  if (isLost) refocus(place);
  isLost = false;
}

/**
 * Watches how a card came to its focus: its keys decide only where that was by the keyboard and
 * no pointer has been used since. Who clicks and then types means the notebook, whose commands
 * have the same letters.
 *
 * It is stored when the focus comes, since `:focus-visible` is true of any focus once a key was
 * pressed. What comes back with the window, or by a script of ours, was not brought by a person.
 */
export class KeyboardFocus {
  #isByKeyboard = false;
  /** Whether the focus went with the window, and will come back with it. */
  #isAway = false;
  readonly #ended = new AbortController();

  constructor(
    private readonly card: HTMLElement,
    private readonly changed: (isByKeyboard: boolean) => void,
  ) {
    const { signal } = this.#ended;
    card.addEventListener("focus", this.#come, { signal });
    card.addEventListener("focusout", this.#leave, { signal });
    // In the capture phase of the page nothing is kept from here.
    const early = { signal, capture: true };
    window.addEventListener("pointerdown", this.#clear, early);
    window.addEventListener("focus", this.#elsewhere, early);
  }

  get isByKeyboard(): boolean {
    return this.#isByKeyboard;
  }

  close(): void {
    this.#ended.abort();
    isLost = hasFocus(this.card);
    queueMicrotask(() => {
      isLost = false;
    });
  }

  #set(isByKeyboard: boolean): void {
    if (isByKeyboard === this.#isByKeyboard) return;
    this.#isByKeyboard = isByKeyboard;
    this.changed(isByKeyboard);
  }

  readonly #clear = (): void => this.#set(false);

  readonly #come = (): void => {
    if (!this.#isAway && !isOurs) this.#set(this.card.matches(":focus-visible"));
    this.#isAway = false;
  };

  readonly #leave = ({ target, relatedTarget }: FocusEvent): void => {
    if (this.card.contains(relatedTarget as Node | null)) return;
    // What loses the focus to something in the page isn't the active element any more.
    this.#isAway = (this.card.getRootNode() as Document | ShadowRoot).activeElement === target;
    if (!this.#isAway) this.#set(false);
  };

  /** Something else got the focus, perhaps while the window had none. */
  readonly #elsewhere = (event: FocusEvent): void => {
    const path = event.composedPath();
    if (!(event.target instanceof Element) || path[0] === this.card) return;
    this.#isAway = false;
    if (!path.includes(this.card)) this.#set(false); // its own field may have been left, too
  };
}

/**
 * Watches a card.
 *
 * @returns whether its keys act, and the same asked at the moment of a key.
 */
export function useKeyboardFocus(card: RefObject<HTMLElement | null>): [boolean, () => boolean] {
  const keyed = useRef<KeyboardFocus | null>(null);
  const [isByKeyboard, set] = useState(false);
  useLayoutEffect(() => {
    const watch = new KeyboardFocus(card.current as HTMLElement, set);
    keyed.current = watch;
    return () => watch.close();
  }, []);
  return [isByKeyboard, () => keyed.current?.isByKeyboard ?? false];
}
