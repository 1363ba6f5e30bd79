// In which order rows stand in one view, and which of them are open.

/** What the order goes by. */
export interface Item {
  id: string;
  /** Until when it can be decided. */
  due: number;
  /** What is asked: rows that ask the same stand together. */
  same: string;
  isOver: boolean;
}

/** Rows that stand together, since they ask the same. */
export interface Group {
  /** That of its first row, when it was first together. */
  key: string;
  ids: string[];
}

const LINGERS = 1_500; // ms from when pointer and focus have left until rows may move
const KEPT = 4_000; // ms for which what has ended is kept in its place

/**
 * The order of one view. As long as pointer or focus is in the list, and a moment longer, no row
 * moves: what has ended stays in its place, what is new comes at the end as a line.
 */
export class Order {
  groups: Group[] = [];
  readonly #open = new Set<string>();
  #over: ReadonlySet<string> = new Set();
  #isHeld = false;
  /** Until when nothing moves though nobody is in the list. */
  #until = Number.NEGATIVE_INFINITY;

  get ids(): string[] {
    return this.groups.flatMap(({ ids }) => ids);
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  open(id: string): void {
    this.#open.add(id);
  }

  /**
   * Takes in what there is now.
   *
   * @param isIn whether pointer or focus is in the list.
   * @returns the ms after which to call it again though nothing has changed; undefined for never.
   */
  update(items: readonly Item[], isIn: boolean, now: number): number | undefined {
    const known = new Map(items.map((item) => [item.id, item]));
    const before = this.ids;
    const over = new Set(before.filter((id) => known.get(id)?.isOver !== false));
    if ([...over].some((id) => !this.#over.has(id)))
      this.#until = Math.max(this.#until, now + KEPT);
    this.#over = over;
    if (this.#isHeld && !isIn) this.#until = Math.max(this.#until, now + LINGERS);
    this.#isHeld = isIn;
    const fresh = items.filter(({ id, isOver }) => !isOver && !before.includes(id));
    if (isIn || now < this.#until) {
      for (const { id } of fresh) this.groups.push({ key: id, ids: [id] });
      return isIn ? undefined : this.#until - now;
    }
    this.#sort(items.filter(({ isOver }) => !isOver));
    return undefined;
  }

  #sort(waiting: readonly Item[]): void {
    const sorted = waiting.toSorted((a, b) => a.due - b.due);
    const groups = new Map<string, Group>();
    for (const { id, same } of sorted) {
      const group = groups.get(same) ?? { key: id, ids: [] };
      group.ids.push(id);
      groups.set(same, group);
    }
    this.groups = [...groups.values()];
    const ids = this.ids;
    const [first] = ids;
    for (const id of this.#open) if (!ids.includes(id)) this.#open.delete(id);
    this.#over = new Set();
    if (first !== undefined && this.#open.size === 0) this.#open.add(first);
  }
}
