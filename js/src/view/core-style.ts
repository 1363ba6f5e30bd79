// The style of the core.
import approvalCss from "../approval/style.css?inline";
import { markdownCss } from "../markdown";
import edgesCss from "./edges.css?inline";
import looksCss from "./style.css?inline";

const CSS = looksCss + approvalCss + markdownCss + edgesCss;

/**
 * Puts the style once into the document or shadow root around an element, however many widgets
 * stand there; returns what takes it out after the last of them. A view may be drawn before it
 * stands anywhere: then the document's head serves, and a shadow root is looked for a moment later.
 */
export function useStyle(el: HTMLElement): () => void {
  const drops = [addTo(el)];
  if (!el.isConnected) {
    queueMicrotask(() => {
      if (el.isConnected && el.getRootNode() instanceof ShadowRoot) drops.push(addTo(el));
    });
  }
  return () => {
    for (const drop of drops.splice(0)) drop();
  };
}

function addTo(el: HTMLElement): () => void {
  const root = el.getRootNode();
  const home = root instanceof ShadowRoot ? root : el.ownerDocument.head;
  // Kernels of one page may carry different versions of this module: each has its own style.
  const id = "powawidget-style";
  const known = [...home.children].find((each) => each.id === id && each.textContent === CSS);
  const style = (known ?? document.createElement("style")) as HTMLStyleElement;
  if (known === undefined) {
    style.id = id;
    style.textContent = CSS;
    home.append(style);
  }
  style.dataset.uses = String(Number(style.dataset.uses ?? 0) + 1);
  return () => {
    style.dataset.uses = String(Number(style.dataset.uses) - 1);
    if (style.dataset.uses === "0") style.remove();
  };
}
