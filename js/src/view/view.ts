import type { Actions } from "../link/actions";
import type { KernelWatch } from "../link/liveness";
import type { Demand } from "../link/modules";
import type { ChatStore } from "../state/chat";
import type { RunStore } from "../state/run";
import type { RunState } from "../state/wire";
import { Follow } from "./follow";
import { Frame } from "./painter";
import { Toggles } from "./toggles";

/** What a view shows, and whom it asks: a run's, or a chat's. */
export interface Shown<Store> {
  store: Store;
  actions: Actions;
  kernel: KernelWatch;
  modules: Demand;
}

/** One place where something is shown; there may be any number of them. */
export class Place<Store extends RunStore | ChatStore = RunStore | ChatStore> {
  readonly store: Store;
  readonly actions: Actions;
  readonly kernel: KernelWatch;
  readonly modules: Demand;
  readonly toggles = new Toggles();
  readonly frame: Frame;
  #follow: Follow | undefined;

  /** @param around the place that this is a part of: it paints and scrolls for both. */
  constructor(
    { store, actions, kernel, modules }: Shown<Store>,
    readonly around?: Place,
  ) {
    this.store = store;
    this.actions = actions;
    this.kernel = kernel;
    this.modules = modules;
    this.frame = around?.frame ?? new Frame(() => this.follow?.grown());
  }

  /** Follows the end of the scrolled box, once that is drawn. */
  get follow(): Follow | undefined {
    return this.around?.follow ?? this.#follow;
  }

  watch(box: HTMLElement, changed: () => void, isFollowing: boolean): Follow {
    this.#follow = new Follow(box, changed, isFollowing);
    return this.#follow;
  }

  close(): void {
    this.frame.close();
    this.#follow = undefined;
  }
}

/** One place where a run is shown. */
export class View extends Place<RunStore> {
  /** The run's status as it is shown: without a kernel nothing goes on. */
  get status(): RunState["status"] {
    const { status } = this.store.state;
    return this.isAbandoned ? "interrupted" : status;
  }

  /** Whether the run was under way when its kernel went. */
  get isAbandoned(): boolean {
    return this.kernel.word === "gone" && !hasEnded(this.store.state);
  }

  /** The status of a call, an agent's work or a block as it is shown. */
  statusOf<S extends string>({ status }: { status: S }): S | "interrupted" {
    const isOpen = status === "running" || status === "waiting";
    return isOpen && this.isAbandoned ? "interrupted" : status;
  }
}

/** One place where a chat is shown. */
export class ChatView extends Place<ChatStore> {
  readonly #turns = new Map<number, View>();

  /** @param shown gives a turn of the chat. */
  constructor(
    chat: Shown<ChatStore>,
    private readonly shown: (index: number) => Shown<RunStore>,
  ) {
    super(chat);
  }

  turn(index: number): View {
    const known = this.#turns.get(index) ?? new View(this.shown(index), this);
    this.#turns.set(index, known);
    return known;
  }

  /** The last turn. */
  get last(): View | undefined {
    const index = this.store.order.at(-1);
    return index === undefined ? undefined : this.turn(index);
  }

  readonly totals = (): { turns: number; tokens: number } => {
    const { order, state } = this.store;
    const tokens = state.turns.reduce((sum, { usage }) => sum + (usage?.total_tokens ?? 0), 0);
    return { turns: order.length, tokens };
  };
}

export const hasEnded = ({ status }: RunState): boolean =>
  /^(completed|failed|stopped|interrupted)$/.test(status);
