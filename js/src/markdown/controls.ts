// What the buttons in a text do: copy a listing, load an image.
import { unmarked } from "../text/visible";
import * as words from "../text/words";
import { target } from "./links";

/** One listener for every button in the text. */
export function listenForControls(
  host: HTMLElement,
  copy: (text: string) => Promise<void> | void = (text) => navigator.clipboard.writeText(text),
): void {
  host.onclick = async (event) => {
    const button = (event.target as Element).closest("button");
    if (button?.className === "pw-img-load") {
      event.preventDefault(); // the chip may stand inside a link
      loadImage(button);
    } else if (button?.className === "pw-code-copy") {
      const code = button.parentElement?.nextElementSibling;
      try {
        await copy(originalText(code as Element));
        button.textContent = words.copied;
      } catch {
        button.textContent = words.copyFailed;
      }
      setTimeout(() => {
        button.textContent = words.copy;
      }, 1500);
    }
  };
}

/** The text as it was written: what is copied has the characters, not their marks. */
export function originalText(element: Element): string {
  const copy = element.cloneNode(true) as Element;
  for (const mark of copy.querySelectorAll(".pw-hidden-char")) {
    mark.textContent = unmarked(mark.textContent ?? "");
  }
  return copy.textContent ?? "";
}

function loadImage(button: HTMLElement): void {
  const image = document.createElement("img");
  image.referrerPolicy = "no-referrer";
  image.alt = button.parentElement?.firstChild?.textContent ?? "";
  // asked again: what the page holds may have been changed by others
  image.src = target(button.dataset.src ?? "", true)?.href ?? "";
  button.replaceWith(image);
}
