// A widget within another: what a row or a side opens to.
import { guarded } from "../link/host";

/** What of the page's own widget manager shows one widget within another. */
interface Manager {
  get_model(id: string): Promise<unknown>;
  create_view(model: unknown): Promise<{ el: HTMLElement; remove(): void }>;
}

/**
 * Has the page's widget manager draw a widget into a place; returns what removes it.
 *
 * @param failed called where the page can't do that.
 * @param drawn called once it is there.
 */
export function drawNested(
  manager: unknown,
  id: string,
  place: HTMLElement,
  failed: () => void,
  drawn = () => {},
): () => void {
  let end: (() => void) | undefined;
  let isGone = false;
  const draw = async ({ get_model, create_view }: Manager, own = manager as Manager) => {
    const made = await create_view.call(own, await get_model.call(own, id));
    end = () => guarded(() => made.remove());
    if (isGone) return end();
    place.replaceChildren(made.el);
    drawn();
  };
  draw(manager as Manager).catch(() => isGone || failed());
  return () => {
    isGone = true;
    end?.();
  };
}
