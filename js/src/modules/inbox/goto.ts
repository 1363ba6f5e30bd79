// The way to the cell of a run: in JupyterLab and Notebook 7, which tell widgets of their notebook.
import { guarded, type Model } from "../../link/host";

/** What JupyterLab's widget manager knows of the notebook. */
interface Context {
  model?: { cells?: Iterable<{ id?: unknown }> };
}

const MOST_TRIES = 60; // frames
const STEADY = 4; // frames for which the cell stays where it came to

/** The place of a cell in its notebook; undefined where that isn't known. */
function indexOf(model: Model, id: string): number | undefined {
  return guarded(() => {
    const { context } = model.widget_manager as { context?: Context };
    const found = [...(context?.model?.cells ?? [])].findIndex((cell) => cell.id === id);
    return found < 0 ? undefined : found;
  });
}

/** The notebook that a view stands in, or the only one in sight. */
function notebookOf(from: Element): Element | undefined {
  const around = from.closest(".jp-Notebook");
  if (around !== null) return around;
  const inSight = document.querySelectorAll(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook");
  return inSight.length === 1 ? inSight[0] : undefined;
}

const INDEX = "data-windowed-list-index";

/**
 * Moves the notebook to a cell, also to one that isn't drawn yet, as in a long notebook.
 *
 * @param from where the click was.
 * @returns whether there is a way.
 */
export function goToCell(model: Model, id: string | null, from: Element): boolean {
  const notebook = notebookOf(from);
  const index = id === null ? undefined : indexOf(model, id);
  const box = notebook?.querySelector(".jp-WindowedPanel-outer");
  if (notebook === undefined || index === undefined || !box) return false;
  let tries = 0;
  let steady = 0;
  const step = () => {
    if (!box.isConnected || tries++ > MOST_TRIES) return;
    const cell = notebook.querySelector(`.jp-Cell[${INDEX}="${index}"]`);
    if (cell !== null && cell.clientHeight > 0) {
      const before = box.scrollTop;
      cell.scrollIntoView({ block: "center", behavior: "instant" });
      steady = Math.abs(box.scrollTop - before) < 2 ? steady + 1 : 0;
      if (steady >= STEADY) return shine(cell);
    } else {
      box.scrollTop += distance(notebook, box, index);
    }
    requestAnimationFrame(step);
  };
  step();
  return true;
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
