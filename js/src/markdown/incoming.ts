/** Text that waits for the next paint, made whole wherever the pieces were cut. */
export class Incoming {
  private pieces: string[] = [];
  private afterReturn = false;
  /** The first half of a character whose second half is still to come. */
  private half = "";

  push(text: string): void {
    this.pieces.push(text);
  }

  clear(): void {
    this.pieces = [];
    this.afterReturn = false;
    this.half = "";
  }

  /** Takes what has come; every line end in it is "\n", as in marked. */
  take(isLast: boolean): string {
    let text = this.pieces.length > 1 ? this.pieces.join("") : (this.pieces[0] ?? "");
    this.pieces = [];
    if (this.afterReturn && text) {
      this.afterReturn = false;
      if (text.startsWith("\n")) text = text.slice(1);
    }
    text = this.half + text;
    this.half = "";
    if (!isLast && /[\ud800-\udbff]$/.test(text)) {
      this.half = text.slice(-1);
      text = text.slice(0, -1);
    }
    // A return at the end is shown at once; should its line feed come, it belongs to it.
    if (text.endsWith("\r")) this.afterReturn = true;
    return text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
  }
}
