// The widget, as anywidget calls it.
import { render as draw, h } from "preact";
import { Chat } from "./components/Chat";
import { Run } from "./components/Run";
import * as core from "./core";
import type { Model } from "./link/host";
import { openSession } from "./link/session";
import { direction } from "./text/words";
import { shareKeys } from "./view/shortcuts";
import { useStyle } from "./view/style";
import { followTheme } from "./view/theme";
import { showsChat, View } from "./view/view";

declare module "./link/modules" {
  interface Modules {
    chat: typeof import("./modules/chat");
    code: typeof import("./modules/code");
    mathfont: typeof import("./modules/mathfont");
    maths: typeof import("./modules/maths");
    orchestration: typeof import("./modules/orchestration");
    pause: typeof import("./modules/pause");
    results: typeof import("./modules/results");
    sources: typeof import("./modules/sources");
    workflow: typeof import("./modules/workflow");
  }
}

interface Given {
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
  let session: ReturnType<typeof openSession> | undefined;
  return {
    initialize({ model }: Pick<Given, "model">): () => void {
      const opened = openSession(model, core);
      session = opened;
      return () => opened.close();
    },

    render({ model, el }: Given): () => void {
      session ??= openSession(model, core);
      const view = new View(session);
      const root = document.createElement("section");
      const given = String(model.get("_mark"));
      const mark = /^[\w-]+$/.test(given) ? given : "pw-unmarked";
      root.className = `pw ${mark}`;
      root.dir = direction;
      const hidden = hiding(mark);
      el.append(root, hidden);
      const dropStyle = useStyle(root);
      const endTheme = followTheme(root);
      const endKeys = shareKeys(root);
      draw(showsChat(view) ? h(Chat, { view }) : h(Run, { view: view as View }), root);
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
