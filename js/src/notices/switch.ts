// The line by which a person lets the browser notify.
import { change, onChange, type Setting, setting } from "./setting";
import css from "./style.css?inline";

const TITLE = "This tab's title says how many runs wait for you.";
const NOTIFIED =
  "when a run waits for you or an answer took over a minute, while you are elsewhere";
const SAID: Record<Setting, string> = {
  on: `${TITLE} The browser notifies you ${NOTIFIED}.`,
  off: `${TITLE} The browser can notify you, too: ${NOTIFIED}.`,
  blocked: `${TITLE} This browser blocks notifications from this page: its site settings allow them.`,
  insecure: `${TITLE} This browser notifies only over https and on localhost.`,
  framed:
    "This program shows the notebook in a frame, where neither the tab's title nor a notification " +
    "can tell that a run waits.",
};
const UNUSED = "Notices are off: powawidget.options.notices = True switches them on.";
const UNHEARD = "Nothing is noticed here without the notebook's kernel.";

/**
 * Draws the line into an element; returns what ends it, and what draws it anew.
 *
 * @param isUsed whether notices are on; undefined where no kernel has said so.
 */
export function drawSwitch(el: HTMLElement, isUsed: () => boolean | undefined) {
  const style = document.createElement("style");
  style.textContent = css;
  const line = document.createElement("div");
  line.className = "pw-notices";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  line.append(said, button);
  el.append(style, line);

  let isOn = false; // as the button says it
  const draw = (): void => {
    const now = setting();
    const text = isUsed() ? SAID[now] : isUsed() === false ? UNUSED : UNHEARD;
    if (said.textContent !== text) said.textContent = text; // else it is read out again
    isOn = now === "on";
    button.textContent = isOn ? "Don't notify me" : "Notify me";
    button.hidden = !isUsed() || !/^o/.test(now);
  };
  button.addEventListener("click", () => {
    change(!isOn).catch(() => {}); // a browser that refuses leaves it as it is
  });
  const end = onChange(draw);
  draw();
  return {
    draw,
    close(): void {
      end();
      style.remove();
      line.remove();
    },
  };
}
