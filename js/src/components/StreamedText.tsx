// A text that grows. Its pieces go straight to the renderer, past every component: what a token
// costs must not depend on how much was there before it.
import { useLayoutEffect, useRef } from "preact/hooks";
import { MarkdownView } from "../markdown";
import type { TextPath } from "../state/events";
import { hasEnded, textAt } from "../state/run";
import { showSources } from "../view/citations";
import { copyText } from "../view/clipboard";
import { pure } from "../view/hooks";
import { openRich } from "../view/rich";
import type { View } from "../view/view";

/** The renderer takes a rejection for "could not copy". */
async function copy(text: string): Promise<void> {
  if (!(await copyText(text))) throw new Error();
}

interface Props {
  view: View;
  path?: TextPath;
  /** A text that doesn't grow, where it stands nowhere by itself. */
  text?: string;
  /** The class: an answer and a thought must not be taken for each other. */
  kind: "pw-text" | "pw-thought";
}

export const StreamedText = pure(function StreamedText({ view, path = "", text, kind }: Props) {
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const { store, painter } = view;
    const el = host.current as HTMLDivElement;
    const rich = openRich(view);
    const markdown = new MarkdownView(el, { copy, drawn: rich.drawn });
    let isFinished = false;
    const paint = () => {
      isFinished = hasEnded(store.state);
      // Before the last paint, which then shows exactly the parse of the whole.
      if (isFinished) markdown.finish();
      markdown.paint();
    };
    const mark = () => painter.mark(paint);
    const reset = (text: string) => {
      markdown.reset(text);
      mark();
    };
    const offText = store.onText(path, {
      append: (piece) => {
        if (isFinished) return reset(textAt(store.state, path));
        markdown.append(piece);
        mark();
      },
      reset,
    });
    const offStatus = store.changes.on("status", mark);
    const offSources = kind === "pw-text" ? showSources(view, el, markdown, mark) : undefined;
    markdown.reset(text ?? textAt(store.state, path));
    paint();
    return () => {
      offText();
      offStatus();
      offSources?.();
      painter.unmark(paint);
      rich.close();
      markdown.destroy();
    };
  }, [view, path, text]);
  return <div class={kind} ref={host} />;
});
