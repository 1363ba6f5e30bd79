// Which rows are in sight of a box, where some of them are open and taller than the others.

/** Rows that are drawn above and below those in sight, so that a turn of the wheel shows no gap. */
const BESIDE = 5;

/** How the rows of a board lie: all are as tall, and what an open one shows stands below it. */
export class Lay {
  /** @param open what stands below rows, by where they stand, in px; in their order. */
  constructor(
    readonly row: number,
    readonly total: number,
    readonly open: readonly (readonly [at: number, height: number])[],
  ) {}

  get height(): number {
    return this.top(this.total);
  }

  /** Where a row begins, in px. */
  top(at: number): number {
    let top = at * this.row;
    for (const [open, height] of this.open) if (open < at) top += height;
    return top;
  }

  /** The row at a height; the open part below a row is of that row. */
  at(y: number): number {
    let above = 0;
    for (const [open, height] of this.open) {
      const below = (open + 1) * this.row + above;
      if (y < below) break;
      if (y < below + height) return open;
      above += height;
    }
    return Math.max(0, Math.min(this.total - 1, Math.floor((y - above) / this.row)));
  }

  /** The rows to be drawn: the first, and how many. */
  window(scrollTop: number, height: number): [first: number, count: number] {
    if (this.total === 0) return [0, 0];
    const first = Math.max(0, this.at(scrollTop) - BESIDE);
    const last = Math.min(this.total - 1, this.at(scrollTop + height) + BESIDE);
    return [first, last - first + 1];
  }

  /** How far to scroll so that a row is whole in sight; where it is already, as far as now. */
  toSee(at: number, scrollTop: number, height: number): number {
    const top = this.top(at);
    if (top < scrollTop) return top;
    return Math.max(scrollTop, Math.min(top, top + this.row - height));
  }
}
