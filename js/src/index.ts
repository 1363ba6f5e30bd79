// The widget, as anywidget calls it. The first imports say what stands first in the bundle: gzip finds
// only what was there 32 kB before, and the core is 700 bytes smaller with what is alike close together.
import "./text/words";
import "marked";
import "./markdown";
import "./link/modules";
import "./components/Value";
import "./link/session";
import "./components/ToolCard";
import "./components/Approval";
import { render as draw, h } from "preact";
import { Chat } from "./components/Chat";
import { Batch, Run } from "./components/Run";
import * as core from "./core";
import type { Model } from "./link/host";
import { keepCore } from "./link/kept-core";
import { openSession, type WholeSession } from "./link/session";
import * as words from "./text/words";
import { hidesLine, hidesTranscript } from "./view/beside";
import { useStyle } from "./view/core-style";
import { whenNear } from "./view/near";
import { Painter } from "./view/painter";
import { shareKeys } from "./view/shortcuts";
import { followTheme } from "./view/theme";
import { showsChat, View } from "./view/view";

declare module "./link/modules" {
  interface Modules {
    board: typeof import("./modules/board");
    chat: typeof import("./modules/chat");
    code: typeof import("./modules/code");
    compare: typeof import("./modules/compare");
    inbox: typeof import("./modules/inbox");
    mathfont: typeof import("./modules/mathfont");
    maths: typeof import("./modules/maths");
    orchestration: typeof import("./modules/orchestration");
    names: typeof import("./modules/names");
    pause: typeof import("./modules/pause");
    rating: typeof import("./modules/rating");
    results: typeof import("./modules/results");
    sources: typeof import("./modules/sources");
    time: typeof import("./modules/time");
    workflow: typeof import("./modules/workflow");
  }
}

interface Given {
  model: Model;
  el: HTMLElement;
}

/** Draws the run or the chat into `root`; returns what removes it. */
function drawn(session: WholeSession, root: HTMLElement, mark: string, limit: unknown): () => void {
  const view = new View(session);
  if (limit === null) view.limit = Infinity;
  else if (Number(limit) > 0) view.limit = Number(limit);
  root.className = `pw ${mark}`;
  const dropStyle = useStyle(root);
  const endTheme = followTheme(root);
  const endKeys = shareKeys(root);
  const Shown = session.model.get("_board") ? Batch : showsChat(view) ? Chat : Run;
  draw(h(Shown as typeof Run, { view: view as View }), root);
  // Not before: where nothing could be drawn the transcript is all there is.
  const hidden = hidesTranscript(mark);
  root.after(hidden);
  return () => {
    draw(null, root);
    view.close();
    endKeys();
    endTheme();
    dropStyle();
    hidden.remove();
  };
}

/**
 * What is over stays in the kernel until a view of it comes near sight; the transcript stands there
 * till then, or a line where there is none. Returns what ends the wait.
 */
function awaited(session: WholeSession, root: HTMLElement, mark: string, come: () => void) {
  const { store } = session;
  const line = document.createElement("p");
  line.className = `pw-line-${mark}`;
  line.textContent = words.brief(store.state);
  const hides = hidesLine(mark);
  root.append(line, hides);
  const transcript = () => root.ownerDocument.querySelector(`.${mark}:not(.pw)`);
  const endNear = whenNear(root, transcript, session.fetch);
  const end = () => {
    endNear();
    endWait();
    painter.close();
    line.remove();
    hides.remove();
  };
  const painter = new Painter(() => {});
  const swap = () => {
    end();
    come();
  };
  // What comes between two frames is drawn at once: the browser lays out the page once for all.
  const endWait = session.onWhole(() => painter.mark(swap));
  return end;
}

/** One widget in anywidget's sense; called once for each model, so nothing is shared by accident. */
export default function widget() {
  let session: WholeSession | undefined;
  return {
    initialize({ model }: Pick<Given, "model">): () => void {
      const opened = openSession(model, core);
      session = opened;
      keepCore(model);
      return () => {
        opened.close();
        session = undefined;
      };
    },

    render({ model, el }: Given): () => void {
      session ??= openSession(model, core);
      const opened = session;
      const root = document.createElement("section");
      const given = String(model.get("_mark"));
      const mark = /^[\w-]+$/.test(given) ? given : "pw-unmarked";
      root.dir = words.direction;
      el.append(root);
      let end: () => void;
      const show = () => {
        end = drawn(opened, root, mark, model.get("_max_height"));
      };
      if (session.isBrief) end = awaited(session, root, mark, show);
      else show();
      return () => {
        end();
        root.remove();
      };
    },
  };
}
