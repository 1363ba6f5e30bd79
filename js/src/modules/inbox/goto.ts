// The way to the cell of a run: in JupyterLab and Notebook 7, which tell widgets of their notebook.
import { guarded, type Model } from "../../link/host";

/** What JupyterLab's widget manager knows of the notebook. */
interface Context {
  path?: unknown;
  model?: { cells?: Iterable<{ id?: unknown }> };
}

const MOST_TRIES = 60; // frames
const STEADY = 4; // frames for which the cell stays where it came to

/** The place of a cell in its notebook; undefined where that isn't known. */
function indexOf(context: Context | undefined, id: string): number | undefined {
  return guarded(() => {
    const found = [...(context?.model?.cells ?? [])].findIndex((cell) => cell.id === id);
    return found < 0 ? undefined : found;
  });
}

/** The notebook that a view stands in; or, of one in a tab of its own, the only one in sight. */
function notebookOf(from: Element, path: unknown): Element | undefined {
  const around = from.closest(".jp-Notebook");
  if (around !== null) return around;
  const panels = [...document.querySelectorAll(".jp-NotebookPanel:not(.lm-mod-hidden)")];
  const own = panels.filter((panel) => pathOf(panel) === path);
  return (own.length === 1 && own[0]?.querySelector(".jp-Notebook")) || undefined;
}

/** The path of a notebook: JupyterLab has it in the second line of what its tab says. */
function pathOf(panel: Element): string | undefined {
  const tabs = [...document.querySelectorAll<HTMLElement>(".lm-TabBar-tab")];
  const tab = tabs.find(({ dataset }) => dataset.id === panel.id);
  return /^[^:：]*[:：]\s*(.*)$/.exec(tab?.title.split("\n")[1] ?? "")?.[1];
}

const INDEX = "data-windowed-list-index";

/**
 * Moves the notebook to a cell, also to one that isn't drawn yet, as in a long notebook.
 *
 * @param from where the click was.
 * @param lost called where there is no way, as to a cell under a heading that is closed.
 */
export function goToCell(model: Model, id: string | null, from: Element, lost: () => void): void {
  const context = guarded(() => (model.widget_manager as { context?: Context }).context);
  const notebook = notebookOf(from, context?.path);
  const index = id === null ? undefined : indexOf(context, id);
  const box = notebook?.querySelector(".jp-WindowedPanel-outer");
  if (notebook === undefined || index === undefined || !box) {
    lost();
    return;
  }
  const was = box.scrollTop;
  let tries = 0;
  let steady = 0;
  const step = () => {
    if (!box.isConnected) return;
    const cell = notebook.querySelector(`.jp-Cell[${INDEX}="${index}"]`);
    const isThere = cell !== null && cell.clientHeight > 0;
    if (tries++ > MOST_TRIES) {
      if (isThere) return;
      box.scrollTop = was;
      lost();
      return;
    }
    if (isThere) {
      const before = box.scrollTop;
      // Of a tall one the beginning: there is its number.
      const block = cell.clientHeight < box.clientHeight ? "center" : "start";
      cell.scrollIntoView({ block, behavior: "instant" });
      steady = Math.abs(box.scrollTop - before) < 2 ? steady + 1 : 0;
      if (steady >= STEADY) return shine(cell);
    } else {
      box.scrollTop += distance(notebook, box, index);
    }
    requestAnimationFrame(step);
  };
  step();
}

/** How far away a cell is about that isn't drawn: by the cells that are. */
function distance(notebook: Element, box: Element, index: number): number {
  const drawn = [...notebook.querySelectorAll(`.jp-Cell[${INDEX}]`)].filter(
    (cell) => cell.clientHeight > 0 && isInSight(cell, box),
  );
  const indexes = drawn.map((cell) => Number(cell.getAttribute(INDEX)));
  const [first, last] = [Math.min(...indexes), Math.max(...indexes)];
  if (!Number.isFinite(first)) return 0;
  const height = drawn.reduce((sum, { clientHeight }) => sum + clientHeight, 0) / drawn.length;
  const cells = index > last ? index - last : index - first;
  return Math.max(height, 40) * cells;
}

function isInSight(cell: Element, box: Element): boolean {
  const [a, b] = [cell.getBoundingClientRect(), box.getBoundingClientRect()];
  return a.bottom > b.top && a.top < b.bottom;
}

/** Shows which one it is. */
function shine(cell: Element): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  cell.animate?.([{ outline: "2px solid #a15c07" }, { outline: "2px solid transparent" }], 1_600);
}
