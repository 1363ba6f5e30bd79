import { Component, createElement, type FunctionComponent } from "preact";
import { useLayoutEffect, useReducer } from "preact/hooks";
import type { View } from "./view";

const useDraw = (): (() => void) => {
  const [, draw] = useReducer((drawn: number, _: undefined) => drawn + 1, 0);
  return draw as unknown as () => void;
};

/** Draws the component again, in the next frame, when one of these keys of the run changes. */
export function useKeys(view: View, ...keys: string[]): void {
  const draw = useDraw();
  useLayoutEffect(() => {
    const mark = () => view.frame.mark(draw);
    const offs = keys.map((key) => view.store.changes.on(key, mark));
    return () => {
      for (const off of offs) off();
      view.frame.unmark(draw);
    };
  }, [view, draw, keys.join()]);
}

/** The kernel's clock, drawn again every so many milliseconds; 0 stands still. */
export function useNow(view: View, every: number): number {
  const draw = useDraw();
  useLayoutEffect(() => {
    if (every === 0) return;
    const timer = setInterval(() => view.frame.mark(draw), every);
    return () => {
      clearInterval(timer);
      view.frame.unmark(draw);
    };
  }, [view, draw, every]);
  return view.store.now;
}

/** Whether a thing is open, and what toggles it: a person's choice, or else `auto`. */
export function useToggle(view: View, key: string, auto: boolean): [boolean, () => void] {
  const draw = useDraw();
  useLayoutEffect(() => {
    const off = view.toggles.changes.on(key, () => view.frame.mark(draw));
    return () => {
      off();
      view.frame.unmark(draw);
    };
  }, [view, draw, key]);
  const isOpen = view.toggles.chosen(key) ?? auto;
  const toggle = () => {
    view.follow?.hold();
    view.toggles.choose(key, !isOpen);
  };
  return [isOpen, toggle];
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
