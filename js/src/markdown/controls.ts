import { originalText } from "./code";
import { imageTarget } from "./links";

const COPIED_MS = 1500;

/** One listener for every button in the text; returns what takes it away. */
export function listenForControls(
  host: HTMLElement,
  copy: (text: string) => Promise<void> | void = (text) => navigator.clipboard.writeText(text),
): () => void {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  const copyCode = async (button: HTMLElement) => {
    const code = button.closest(".pw-code")?.querySelector("code");
    if (!code) return;
    let word = "Copied";
    try {
      await copy(originalText(code));
    } catch {
      word = "Copy failed";
    }
    button.textContent = word;
    const timer = setTimeout(() => {
      timers.delete(timer);
      button.textContent = "Copy";
    }, COPIED_MS);
    timers.add(timer);
  };
  const onClick = (event: Event) => {
    const button = (event.target as Element | null)?.closest?.("button");
    if (!button || !host.contains(button)) return;
    if (button.classList.contains("pw-code-copy")) {
      void copyCode(button);
    } else if (button.classList.contains("pw-img-load")) {
      // the chip may stand inside a link
      event.preventDefault();
      loadImage(button);
    }
  };
  host.addEventListener("click", onClick);
  return () => {
    host.removeEventListener("click", onClick);
    for (const timer of timers) clearTimeout(timer);
  };
}

function loadImage(button: HTMLElement): void {
  const target = imageTarget(button.dataset.src ?? "", true);
  if (!target) return;
  const image = document.createElement("img");
  image.referrerPolicy = "no-referrer";
  image.alt = button.parentElement?.querySelector(".pw-img-alt")?.textContent ?? "";
  image.src = target.href;
  button.replaceWith(image);
}
