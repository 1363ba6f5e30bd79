import { Emitter } from "../state/events";

/** What a person opened or closed in one view: it wins over everything, for good. */
export class Toggles {
  readonly changes = new Emitter();
  readonly #chosen = new Map<string, boolean>();

  /** What was chosen for a thing, or undefined where nobody touched it. */
  chosen(key: string): boolean | undefined {
    return this.#chosen.get(key);
  }

  choose(key: string, isOpen: boolean): void {
    this.#chosen.set(key, isOpen);
    this.changes.emit(key);
  }
}
