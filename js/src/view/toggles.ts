// What a person opened or closed in one view: it wins over everything, for good.
import { Emitter, type ToggleKey } from "../state/events";

export class Toggles {
  readonly changes = new Emitter<ToggleKey>();
  readonly #chosen = new Map<ToggleKey, boolean>();

  /** What was chosen, or undefined where nobody touched it. */
  chosen(key: ToggleKey): boolean | undefined {
    return this.#chosen.get(key);
  }

  choose(key: ToggleKey, isOpen: boolean): void {
    this.#chosen.set(key, isOpen);
    this.changes.emit(key);
  }
}
