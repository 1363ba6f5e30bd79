import { render as draw, h } from "preact";
import { App } from "./components/App";
import { Chat } from "./components/Chat";
import type { Model } from "./host";
import { shareKeys } from "./keys";
import { openSession, type Session } from "./session";
import { useStyle } from "./style";
import { followTheme } from "./theme";
import { ChatView } from "./view";

interface Place {
  model: Model;
  el: HTMLElement;
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
      root.className = "pw";
      el.append(root);
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
      };
    },
  };
}
