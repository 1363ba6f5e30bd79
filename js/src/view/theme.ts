/** Keeps `data-pw-theme` of an element true to the page; returns what ends it. */
export function followTheme(el: HTMLElement): () => void {
  const { body, defaultView } = el.ownerDocument;
  const media = defaultView?.matchMedia?.("(prefers-color-scheme: dark)");
  const set = () => {
    el.dataset.pwTheme = isDark(body, media?.matches) ? "dark" : "light";
  };
  const observer = new MutationObserver(set);
  observer.observe(body, { attributeFilter: ["data-jp-theme-light", "data-theme", "class"] });
  media?.addEventListener("change", set);
  set();
  return () => {
    observer.disconnect();
    media?.removeEventListener("change", set);
  };
}

/** Whether the page is dark: by JupyterLab's word, else marimo's, VS Code's or the system's. */
function isDark({ dataset, className }: HTMLElement, byMedia = false): boolean {
  if (dataset.jpThemeLight !== undefined) return dataset.jpThemeLight === "false";
  if (/^(dark|light)$/.test(dataset.theme ?? "")) return dataset.theme === "dark";
  // A light theme of high contrast has the class of the dark one too.
  if (/\bvscode-(high-contrast-)?light\b/.test(className)) return false;
  return /\bvscode-(dark|high-contrast)\b/.test(className) || byMedia;
}
