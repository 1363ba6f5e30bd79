import { render as draw, h } from "preact";
import { App } from "./components/App";
import { Chat } from "./components/Chat";
import type { Model } from "./link/host";
import { openSession, type Session } from "./link/session";
import { direction } from "./text/words";
import { shareKeys } from "./view/shortcuts";
import { useStyle } from "./view/style";
import { followTheme } from "./view/theme";
import { ChatView } from "./view/view";

interface Place {
  model: Model;
  el: HTMLElement;
}

/**
 * Hides the transcript that stands in an output beside the view: the file needs it, the page
 * doesn't. As a style it holds wherever and whenever a front end attaches the view. An output that
 * has a view itself stays: that of a widget with outputs of its own has both.
 */
function hiding(mark: string): HTMLStyleElement {
  const style = document.createElement("style");
  style.textContent = [
    [".jp-Notebook", ".jp-OutputArea-child"], // an Output widget may stand in another cell
    [".jp-OutputArea", ".jp-OutputArea-child"],
    [".output", ".output_area"],
    [".cell_output", ".output"], // MyST-NB
    [".cell_container", ".output_container"],
  ]
    .map(
      ([area, output]) =>
        `${area}:has(.pw.${mark}) ${output}:has(.${mark}):not(:has(.pw)){display:none}`,
    )
    .join("");
  return style;
}

/** One widget in anywidget's sense; called once for each model, so nothing is shared by accident. */
export default function widget() {
  let session: Session | undefined;
  return {
    initialize({ model }: Pick<Place, "model">): () => void {
      const opened = openSession(model);
      session = opened;
      return () => opened.close();
    },

    render({ model, el }: Place): () => void {
      session ??= openSession(model);
      const view = session.view();
      const root = document.createElement("section");
      const told = String(model.get("_mark"));
      const mark = /^[\w-]+$/.test(told) ? told : "pw-unmarked";
      root.className = `pw ${mark}`;
      root.dir = direction;
      const hidden = hiding(mark);
      el.append(root, hidden);
      const dropStyle = useStyle(root);
      const endTheme = followTheme(root);
      const endKeys = shareKeys(root);
      draw(view instanceof ChatView ? h(Chat, { view }) : h(App, { view }), root);
      return () => {
        draw(null, root);
        view.close();
        endKeys();
        endTheme();
        dropStyle();
        root.remove();
        hidden.remove();
      };
    },
  };
}
