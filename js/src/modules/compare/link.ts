// What a view of a comparison says to its kernel and hears of it, beside what every widget does.
import { newId } from "../../core";
import type { Model } from "../../link/host";
import { joining } from "../../link/pieces";
import type { Column, ComparedMessage, CompareMessage, CompareRequests } from "../../state/wire";
import { type Link, say } from "../../view/boards";

const ANSWERED_WITHIN = 4_000; // ms after which the same is asked again
const STEADY_FOR = 500; // ms that a round is in sight before a click can be a vote on it

/** A run that a person has opened: the widget of it once it is there, or why there is none. */
export interface Opened {
  turn: number;
  place: number;
  name: string;
  model: string | null;
  why: string | null;
}

/** A request without what each has. */
type Said = CompareRequests extends infer Each
  ? Each extends CompareRequests
    ? Omit<Each, "id" | "view">
    : never
  : never;

/** One view's link: it shows one round, and is told of that alone. */
export class CompareLink implements Link {
  told: ComparedMessage | null = null;
  /** The sides in the order in which they are shown. */
  columns: readonly Column[] = [];
  turn = 0;
  opened: readonly Opened[] = [];
  readonly #view = newId();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #arming: ReturnType<typeof setTimeout> | undefined;
  #isArmed = false;

  /** @param changed called when anything here has changed. */
  constructor(
    private readonly model: Model,
    private readonly changed: () => void,
  ) {
    model.on("msg:custom", this.#hear);
    this.#ask();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#arming);
    this.model.off("msg:custom", this.#hear);
    this.#send({ kind: "leave_compare" });
  }

  /** The kernel is another one, or was gone for a while: all is asked for anew. */
  renew(): void {
    this.#ask();
    for (const { turn, place, model } of this.opened) {
      if (model === null) this.#send({ kind: "open_side", turn, place });
    }
  }

  show(turn: number): void {
    this.turn = turn;
    this.#ask();
  }

  /**
   * Whether a click is meant for the answers in sight. After a vote the next round comes into the
   * same place: the second of two clicks, or a key that is held, would vote on what nobody has read.
   */
  get isArmed(): boolean {
    return this.#isArmed && this.told?.turn === this.turn;
  }

  vote(place: number | null): void {
    if (!this.isArmed) return;
    this.#isArmed = false; // a vote counts once
    this.#send({ kind: "vote", turn: this.turn, place });
  }

  hide(hidden: boolean): void {
    this.#send({ kind: "hide", hidden });
  }

  isOpen(place: number): boolean {
    return this.opened.some((one) => one.turn === this.told?.turn && one.place === place);
  }

  toggle(place: number): void {
    // The round that is in sight: another one may have been asked for.
    const { turn } = this.told ?? this;
    if (this.isOpen(place)) {
      this.shut(turn, place);
      return;
    }
    const name = this.columns[place]?.name ?? "";
    const one: Opened = { turn, place, name, model: null, why: null };
    this.opened = [...this.opened, one].sort((a, b) => a.turn - b.turn || a.place - b.place);
    this.#send({ kind: "open_side", turn, place });
    this.changed();
  }

  /** A view that isn't there any more is made anew. */
  reopen(turn: number, place: number): void {
    this.opened = this.opened.map((one) =>
      one.turn === turn && one.place === place ? { ...one, model: null, why: null } : one,
    );
    this.#send({ kind: "open_side", turn, place });
    this.changed();
  }

  shut(turn: number, place: number): void {
    this.opened = this.opened.filter((one) => one.turn !== turn || one.place !== place);
    this.changed();
  }

  #arm(): void {
    clearTimeout(this.#arming);
    this.#isArmed = false;
    this.#arming = setTimeout(() => {
      this.#isArmed = true;
      this.changed();
    }, STEADY_FOR);
  }

  #ask(): void {
    clearTimeout(this.#timer);
    this.#send({ kind: "compare", turn: this.turn });
    this.#timer = setTimeout(() => this.#ask(), ANSWERED_WITHIN);
  }

  #send(said: Said): void {
    say(this.model, { ...said, id: newId(), view: this.#view });
  }

  readonly #hear = joining((said) => {
    const message = said as CompareMessage | null;
    if (message?.kind === "compared") {
      if (message.view !== this.#view || message.turn !== this.turn) return;
      if (!message.whole && this.told?.turn !== message.turn) return; // asked anew, and on its way
      clearTimeout(this.#timer);
      // A name that was shown, or hidden, is nowhere any more.
      if (message.hidden !== this.told?.hidden) this.opened = [];
      if (message.hidden !== this.told?.hidden || message.turn !== this.told.turn) this.#arm();
      const { columns } = message;
      const before = message.whole ? [] : this.columns;
      const places = message.whole ? Object.keys(columns).length : before.length;
      this.columns = Array.from(
        { length: places },
        (_, place) => columns[place] ?? (before[place] as Column),
      );
      this.told = { ...message, columns: {} };
    } else if (message?.kind === "opened_side") {
      const { view, turn, place, model, why } = message;
      if (view !== this.#view) return;
      this.opened = this.opened.map((one) =>
        one.turn === turn && one.place === place ? { ...one, model, why } : one,
      );
    } else return;
    this.changed();
  });
}
