import type { Actions } from "./actions";
import type { Demand } from "./demand";
import { Follow } from "./follow";
import { Frame } from "./frame";
import type { KernelWatch } from "./kernel";
import type { Session } from "./session";
import type { RunStore } from "./store";
import { Toggles } from "./toggles";
import type { RunState, ToolPart } from "./wire";

/** One place where a run is shown; a run may have any number of them. */
export class View {
  readonly store: RunStore;
  readonly actions: Actions;
  readonly kernel: KernelWatch;
  readonly modules: Demand;
  readonly toggles = new Toggles();
  readonly frame = new Frame(() => this.follow?.grown());
  /** Follows the end of the scrolled box, once that is drawn. */
  follow: Follow | undefined;

  constructor(session: Session) {
    this.store = session.store;
    this.actions = session.actions;
    this.kernel = session.kernel;
    this.modules = session.modules;
  }

  /** The run's status as it is shown: without a kernel nothing goes on. */
  get status(): RunState["status"] {
    const { status } = this.store.state;
    return this.isAbandoned ? "interrupted" : status;
  }

  /** Whether the run was under way when its kernel went. */
  get isAbandoned(): boolean {
    return this.kernel.word === "gone" && !hasEnded(this.store.state);
  }

  /** A call's status as it is shown. */
  statusOf({ status }: Pick<ToolPart, "status">): ToolPart["status"] {
    const isOpen = status === "running" || status === "waiting";
    return isOpen && this.isAbandoned ? "interrupted" : status;
  }

  watch(box: HTMLElement, changed: () => void): Follow {
    // A run that is over is read from its start.
    this.follow = new Follow(box, changed, !hasEnded(this.store.state));
    return this.follow;
  }

  close(): void {
    this.frame.close();
    this.follow = undefined;
  }
}

export const hasEnded = ({ status }: RunState): boolean =>
  /^(completed|failed|stopped|interrupted)$/.test(status);
