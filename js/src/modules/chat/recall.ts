// Brings back what was said before, newest first, as a shell does: Up at the start of the box or
// in what was brought back, Down towards the draft that was there.
/** What a box says, and where its caret is; null where text is selected. */
export interface Typed {
  text: string;
  caret: number | null;
}

export class Recall {
  #place: number | null = null; // how far back; null is the draft
  #shown = "";
  #draft = "";

  /** @param said what was said, oldest first. */
  constructor(private readonly said: () => readonly string[]) {}

  /** Whether what the box shows was brought back, and wasn't changed since. */
  isShowing(text: string): boolean {
    return this.#place !== null && text === this.#shown;
  }

  /** The text to show after Up, or null where Up moves the caret. */
  up({ text, caret }: Typed): string | null {
    if (caret === null) return null;
    const isShowing = this.isShowing(text);
    const isFirstLine = !text.slice(0, caret).includes("\n");
    if (!(isShowing ? isFirstLine : caret === 0)) return null;
    if (!isShowing) {
      this.#place = null;
      this.#draft = text;
    }
    return this.#show((this.#place ?? 0) + 1);
  }

  /** The text to show after Down, or null where Down moves the caret. */
  down({ text, caret }: Typed): string | null {
    if (caret === null || !this.isShowing(text) || text.slice(caret).includes("\n")) return null;
    return this.#show((this.#place ?? 1) - 1);
  }

  leave(): string {
    this.#place = null;
    return this.#draft;
  }

  #show(place: number): string | null {
    if (place === 0) return this.leave();
    const text = this.said().at(-place);
    if (text === undefined || place > this.said().length) return null;
    this.#place = place;
    this.#shown = text;
    return text;
  }
}
