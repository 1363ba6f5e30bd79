// What makes a component be drawn again: changes of the run, the clock, a toggle, a module.
import { Component, createElement, type FunctionComponent } from "preact";
import { useLayoutEffect, useReducer } from "preact/hooks";
import type { ModuleName, Modules } from "../link/modules";
import type { EventKey, ToggleKey } from "../state/events";
import type { AnyView, View } from "./view";

/**
 * Lets something mark the component, to be drawn again in the next frame.
 *
 * @param listen starts that, and returns what ends it.
 */
function useMarks(view: AnyView, listen: (mark: () => void) => () => void, key: unknown): void {
  const [, draw] = useReducer((drawn: number, _: undefined) => drawn + 1, 0);
  useLayoutEffect(() => {
    const job = draw as unknown as () => void;
    const end = listen(() => view.painter.mark(job));
    return () => {
      end();
      view.painter.unmark(job);
    };
  }, [view, key]);
}

/** Draws the component again, in the next frame, when one of these keys of the run changes. */
export function useKeys(view: AnyView, ...keys: EventKey[]): void {
  const listen = (mark: () => void) => {
    const offs = keys.map((key) => view.store.changes.on(key, mark));
    return () => {
      for (const off of offs) off();
    };
  };
  useMarks(view, listen, keys.join());
}

/** A module, once it is here: it is asked for, and the component is drawn again then. */
export function useModule<Name extends ModuleName>(
  view: AnyView,
  name: Name,
): Modules[Name] | undefined {
  useKeys(view, `module/${name}`, "kernel");
  const module = view.modules.loaded(name);
  // Not while it is drawn: to draw changes nothing and sends nothing.
  useLayoutEffect(() => {
    if (module === undefined) view.modules.fetch(name);
  });
  return module;
}

/** The kernel's clock, drawn again every so many milliseconds; 0 stands still. */
export function useNow(view: AnyView, every: number): number {
  const listen = (mark: () => void) => {
    const timer = every === 0 ? undefined : setInterval(mark, every);
    return () => clearInterval(timer);
  };
  useMarks(view, listen, every);
  return view.store.kernel.now;
}

interface Timed {
  started: number | null;
  seconds: number | null;
  /** How much of it was a person's. */
  waited?: number;
}

/** How long something has gone on or took by itself, in seconds; null where nobody knows. */
export function useSeconds(
  view: View,
  { started, seconds, waited = 0 }: Timed,
  isRunning: boolean,
): number | null {
  const isLive = isRunning && view.store.isLive && Number(started) > 0;
  const now = useNow(view, isLive ? 100 : 0);
  const spent = isLive ? now - Number(started) : seconds;
  return spent === null ? null : Math.max(0, spent - waited);
}

/** Whether a thing is open, and what toggles it: a person's choice, or else `auto`. */
export function useToggle(view: AnyView, key: ToggleKey, auto: boolean): [boolean, () => void] {
  const { toggles } = view;
  useMarks(view, (mark) => toggles.changes.on(key, mark), key);
  const isOpen = () => toggles.chosen(key) ?? auto;
  const toggle = () => {
    view.follow?.hold();
    // As it is now, not as it was drawn: two clicks within a frame would both open it.
    toggles.choose(key, !isOpen());
  };
  return [isOpen(), toggle];
}

/** A component that is drawn again only for new properties or by its own hooks. */
export function pure<P extends object>(inner: FunctionComponent<P>): FunctionComponent<P> {
  class Pure extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const names = Object.keys({ ...this.props, ...next }) as (keyof P)[];
      return names.some((name) => this.props[name] !== next[name]);
    }
    override render() {
      return createElement(inner, this.props);
    }
  }
  return Pure as unknown as FunctionComponent<P>;
}
