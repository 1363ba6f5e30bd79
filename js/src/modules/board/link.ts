// What a board says to its kernel and hears of it, beside what every widget does.
import { newId } from "../../core";
import type { Model } from "../../link/host";
import { joining } from "../../link/pieces";
import type { BoardAbout, BoardMessage, BoardRequest, Figures, Line } from "../../state/wire";
import { type Link, say } from "../../view/boards";

const ANSWERED_WITHIN = 4_000; // ms after which the same is asked again
const LIVE = new Set<Line["standing"]>(["running", "waiting"]);
const KEPT = 600; // rows that are remembered beside those in view

/** Which rows a person wants to see, and in which order. */
export interface Query {
  readonly standing: string;
  readonly search: string;
  readonly sort: string;
  readonly descending: boolean;
}

export const ALL: Query = { standing: "", search: "", sort: "", descending: false };

/** A row that a person has opened: the widget of its run once it is there, or why there is none. */
export interface Opened {
  model: string | null;
  why: string;
  /** The row as it stood when that was told, or came to stand since. */
  of: Line | undefined;
}

/** A question that is on its way. */
interface Asked {
  id: string;
  query: Query;
  first: number;
  count: number;
}

export const WAITING: Query = { ...ALL, standing: "waiting" };

export const isSame = (a: Query, b: Query): boolean => nameOf(a) === nameOf(b);

/** What two questions have in common that ask for the same rows. */
const nameOf = ({ standing, search, sort, descending }: Query): string =>
  JSON.stringify([standing, search, sort, descending]);

/**
 * One view's link. One question for rows is on its way at a time: who scrolls fast asks for where he
 * is once that is answered, and not for all that he passed.
 */
export class BoardLink implements Link {
  figures: Figures | null = null;
  trouble = "";
  about: BoardAbout | null = null;
  /** How many rows were chosen; null until that is known. */
  total: number | null = null;
  stale = false;
  /** What the rows here were asked by. */
  shown: Query = ALL;
  /** The rows by where they stand among those that were chosen. */
  readonly rows = new Map<number, Line>();
  readonly opened = new Map<number, Opened | null>();
  readonly #view = newId();
  readonly #indexes = new Map<number, number>(); // by the rows' places in the table
  #query = ALL;
  #first = 0;
  #count = 0;
  #again = false;
  #last = ""; // the window that was answered last
  #asked: Asked | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param changed called when anything here has changed. */
  constructor(
    private readonly model: Model,
    private readonly changed: () => void,
  ) {
    model.on("msg:custom", this.#hear);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.model.off("msg:custom", this.#hear);
    this.#send({ kind: "leave", id: newId(), view: this.#view });
  }

  /** Asks for the rows of a query from one on; `again` for them as they would be chosen now. */
  want(query: Query, first: number, count: number, again = false): void {
    this.#query = query;
    this.#first = first;
    this.#count = count;
    this.#again ||= again;
    if (this.#asked === null) this.#ask();
  }

  /** The kernel is another one, or was gone for a while: all is asked for anew. */
  renew(): void {
    this.about = null;
    this.#asked = null;
    this.#again = true;
    for (const [place, opened] of this.opened) if (opened === null) this.open(place);
    this.#ask();
  }

  open(place: number): void {
    this.opened.set(place, null);
    this.#send({ kind: "open", id: newId(), view: this.#view, place });
    this.changed();
  }

  shut(place: number): void {
    this.opened.delete(place);
    this.changed();
  }

  /** Where the row with this place in the table stands; undefined where that isn't known. */
  indexOf(place: number): number | undefined {
    return this.#indexes.get(place);
  }

  /** Whether the rows here are those of this question. */
  shows(query: Query): boolean {
    const isAnswered = this.total !== null && this.#asked === null && !this.#again;
    return isAnswered && nameOf(this.shown) === nameOf(query);
  }

  #lineOf(place: number): Line | undefined {
    const at = this.#indexes.get(place);
    return at === undefined ? undefined : this.rows.get(at);
  }

  get #isHere(): boolean {
    if (this.total === null || this.about === null || this.#again) return false;
    if (nameOf(this.shown) !== nameOf(this.#query)) return false;
    const end = Math.min(this.#first + this.#count, this.total);
    for (let at = this.#first; at < end; at++) if (!this.rows.has(at)) return false;
    // Those in view alone are kept up to date.
    return this.#asked === null && this.#last === `${this.#first} ${this.#count}`;
  }

  #ask(): void {
    clearTimeout(this.#timer);
    if (this.#count === 0 || this.#isHere) return;
    const query = this.#query;
    const [first, count] = [this.#first, this.#count];
    const id = newId();
    this.#asked = { id, query, first, count };
    this.#send({
      kind: "rows",
      id,
      view: this.#view,
      ...query,
      first,
      count,
      again: this.#again,
      about: this.about === null,
    });
    this.#timer = setTimeout(() => {
      this.#asked = null;
      this.#ask();
    }, ANSWERED_WITHIN);
  }

  #send(message: BoardRequest): void {
    say(this.model, message);
  }

  readonly #hear = joining((said) => {
    const message = said as BoardMessage | null;
    switch (message?.kind) {
      case "figures":
        this.figures = message.figures;
        this.trouble = message.trouble;
        break;
      case "rows":
        if (message.view !== this.#view || message.asked !== this.#asked?.id) return;
        this.#take(message);
        break;
      case "changed":
        if (message.view !== this.#view) return;
        this.stale = message.stale;
        for (const line of message.rows) {
          const at = this.#indexes.get(line.place);
          if (at !== undefined) this.#put(at, line);
        }
        break;
      case "opened":
        if (message.view !== this.#view || !this.opened.has(message.place)) return;
        this.opened.set(message.place, {
          model: message.model,
          why: message.why,
          of: this.#lineOf(message.place),
        });
        break;
      default:
        return;
    }
    this.changed();
  });

  #take({ total, first, rows, stale, about }: Extract<BoardMessage, { kind: "rows" }>): void {
    const asked = this.#asked as Asked;
    this.#asked = null;
    this.#last = `${asked.first} ${asked.count}`;
    if (this.#again || total !== this.total || nameOf(asked.query) !== nameOf(this.shown)) {
      this.rows.clear();
      this.#indexes.clear();
    }
    this.#again = false;
    this.shown = asked.query;
    this.total = total;
    this.stale = stale;
    if (about !== null) this.about = about;
    for (const [offset, line] of rows.entries()) {
      this.#put(first + offset, line);
      this.#indexes.set(line.place, first + offset);
    }
    this.#forget(first, first + rows.length);
    this.#ask(); // for where the person has come to meanwhile
  }

  /** Takes a row in, and asks anew for the run of an open one that has another by now. */
  #put(at: number, line: Line): void {
    this.rows.set(at, line);
    const opened = this.opened.get(line.place);
    if (!opened || opened.of === undefined) return;
    const { of, model } = opened;
    const isSame =
      of.standing === line.standing && of.seconds === line.seconds && of.since === line.since;
    if (isSame || (model !== null && LIVE.has(of.standing))) opened.of = line;
    else this.open(line.place);
  }

  #forget(first: number, end: number): void {
    for (const [at, { place }] of this.rows) {
      if (this.rows.size <= KEPT) return;
      if (at >= first && at < end) continue;
      this.rows.delete(at);
      this.#indexes.delete(place);
    }
  }
}
