/** Whether the page around an element is dark. */
export function isDark(el: Element): boolean {
  const { body } = el.ownerDocument;
  const jupyter = body.getAttribute("data-jp-theme-light");
  if (jupyter !== null) return jupyter === "false";
  if (body.classList.contains("vscode-high-contrast-light")) return false;
  if (body.classList.contains("vscode-dark")) return true;
  if (body.classList.contains("vscode-high-contrast")) return true;
  if (body.classList.contains("vscode-light")) return false;
  return (
    el.ownerDocument.defaultView?.matchMedia?.("(prefers-color-scheme: dark)").matches === true
  );
}

/** Keeps `data-pw-theme` of an element true to the page; returns what ends it. */
export function followTheme(el: HTMLElement): () => void {
  const set = () => {
    el.dataset.pwTheme = isDark(el) ? "dark" : "light";
  };
  const { body, defaultView } = el.ownerDocument;
  const observer = new MutationObserver(set);
  observer.observe(body, { attributeFilter: ["data-jp-theme-light", "class"] });
  const media = defaultView?.matchMedia?.("(prefers-color-scheme: dark)");
  media?.addEventListener("change", set);
  set();
  return () => {
    observer.disconnect();
    media?.removeEventListener("change", set);
  };
}
