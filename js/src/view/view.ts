// One place on the page that shows a run or a chat, from anywidget's `render` to its end.
import type { Session } from "../link/session";
import type { ChatStore } from "../state/chat";
import type { RunStore } from "../state/run";
import { Follow } from "./follow";
import { Painter } from "./painter";
import { Toggles } from "./toggles";

export type AnyView = View<RunStore | ChatStore>;
export type ChatView = View<ChatStore>;

/** There may be any number of views of one session; each has its own scroll and its own toggles. */
export class View<Store extends RunStore | ChatStore = RunStore> {
  readonly store: Store;
  readonly actions: Session["actions"];
  readonly modules: Session["modules"];
  readonly toggles = new Toggles();
  readonly painter: Painter;
  /** How tall its box may be at first, in px; Infinity grows with its content. */
  limit = 640;
  /** Looks at what was drawn. */
  painted = () => {};
  #follow: Follow | undefined;
  readonly #turns = new Map<number, View>();

  /** @param chat the view of the chat that this is a turn of: it paints and scrolls for both. */
  constructor(
    readonly session: Session<Store>,
    private readonly chat?: ChatView,
  ) {
    this.store = session.store;
    this.actions = session.actions;
    this.modules = session.modules;
    this.painter = chat?.painter ?? new Painter(() => this.painted());
  }

  /** Follows the end of the scrolled box, once that is drawn. */
  get follow(): Follow | undefined {
    return this.chat?.follow ?? this.#follow;
  }

  watch(...given: ConstructorParameters<typeof Follow>): Follow {
    this.#follow = new Follow(...given);
    return this.#follow;
  }

  turn(this: ChatView, index: number): View {
    const known = this.#turns.get(index) ?? new View(this.session.turn(index), this);
    this.#turns.set(index, known);
    return known;
  }

  last(this: ChatView): View | undefined {
    const index = this.store.order.at(-1);
    return index === undefined ? undefined : this.turn(index);
  }

  close(): void {
    this.painter.close();
    this.#follow = undefined;
  }
}

export const showsChat = (view: AnyView): view is ChatView => "turns" in view.store;
