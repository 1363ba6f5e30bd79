// Makes the widget a good neighbour to a notebook's keys. JupyterLab takes Enter for a command of
// its own unless the focused element asks it not to, so a button that is reached by keyboard asks.
// One that is clicked isn't focused at all: Shift+Enter goes on to run the cell instead of pressing
// the button again.

/** Whether a key was pressed by itself. */
export const isBare = (event: KeyboardEvent): boolean =>
  !(event.shiftKey || event.ctrlKey || event.metaKey || event.altKey);

/** Returns what ends it. */
export function shareKeys(root: HTMLElement): () => void {
  const button = (event: Event) => (event.target as Element).closest<HTMLElement>("button");
  const onFocus = (event: Event) => {
    const focused = button(event);
    if (focused !== null) focused.dataset.lmSuppressShortcuts = "true";
  };
  const onMouse = (event: Event) => {
    if (button(event) !== null) event.preventDefault();
  };
  root.addEventListener("focusin", onFocus);
  root.addEventListener("mousedown", onMouse);
  return () => {
    root.removeEventListener("focusin", onFocus);
    root.removeEventListener("mousedown", onMouse);
  };
}
