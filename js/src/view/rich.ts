// Gives the listings and formulas of one text to the modules that draw them, once these are here.
import type { ModuleLoader } from "../link/modules";
import { drawers } from "../markdown";
import type { AnyView } from "./view";

/**
 * What a module does for an element of a text: it draws it, and again whenever its text changes.
 *
 * @param drawers what draws the new text of an element.
 * @param modules where the module may ask for more.
 */
export type DrawElement = (
  el: HTMLElement,
  drawers: WeakMap<Element, (text: string) => unknown>,
  modules?: ModuleLoader,
) => void;

const A_FRAME = 6; // ms: what drawing may take of one

export function openRich({ painter, modules, store }: AnyView) {
  const waiting = { code: new Set<HTMLElement>(), maths: new Set<HTMLElement>() };
  const names = Object.keys(waiting) as (keyof typeof waiting)[];

  const draw = () => {
    const end = performance.now() + A_FRAME;
    for (const name of names) {
      const elements = waiting[name];
      if (elements.size === 0) continue;
      const module = modules.loaded(name);
      if (module === undefined) {
        modules.fetch(name);
        continue;
      }
      for (const el of elements) {
        if (performance.now() > end) return painter.mark(draw);
        elements.delete(el);
        module.draw(el, drawers, modules);
      }
    }
  };
  const mark = () => painter.mark(draw);
  const keys = ["kernel", ...names.map((name) => `module/${name}` as const)] as const;
  const offs = keys.map((key) => store.changes.on(key, mark));

  return {
    drawn(elements: readonly HTMLElement[]): void {
      for (const el of elements) {
        if (drawers.has(el)) continue;
        if (el.className !== "pw-code-part") waiting.maths.add(el);
        // without a language there is nothing to tell apart
        else if (el.closest(".pw-code")?.firstChild?.firstChild?.textContent) waiting.code.add(el);
      }
      draw();
    },

    close(): void {
      for (const off of offs) off();
      painter.unmark(draw);
    },
  };
}
