// A widget within another: what a row or a side opens to.
import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { guarded } from "../link/host";
import type { WholeSession } from "../link/session";
import type { View } from "./view";

/** What of the page's own widget manager shows one widget within another. */
interface Manager {
  get_model(id: string): Promise<unknown>;
  create_view(model: unknown): Promise<{ el: HTMLElement; remove(): void }>;
}

/**
 * Has the page's widget manager draw a widget into a place, as long as the component is there.
 *
 * @param model the widget's id; null until the kernel has made it.
 * @param again asks the kernel for it once more: it closes those that were opened long ago.
 * @returns whether the page can't show it.
 */
export function useNested(
  view: View,
  model: string | null,
  place: RefObject<HTMLElement | null>,
  again: () => void,
): boolean {
  const [isBroken, setBroken] = useState(false);
  const isSecond = useRef(false);
  const asked = useRef(again);
  asked.current = again;
  useLayoutEffect(() => {
    if (model === null) return;
    setBroken(false);
    let end: (() => void) | undefined;
    let isGone = false;
    const { widget_manager } = (view.session as WholeSession).model;
    const draw = async (manager: Manager) => {
      const made = await manager.create_view(await manager.get_model(model));
      end = () => guarded(() => made.remove());
      if (isGone) return end();
      place.current?.replaceChildren(made.el);
      isSecond.current = false;
    };
    draw(widget_manager as Manager).catch(() => {
      if (isGone) return;
      if (isSecond.current) return setBroken(true);
      isSecond.current = true;
      asked.current();
    });
    return () => {
      isGone = true;
      end?.();
    };
  }, [model]);
  return isBroken;
}
