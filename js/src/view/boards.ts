// What the views of many runs have in common; each module that draws one has it within.
import { useLayoutEffect, useState } from "preact/hooks";
import { sendControl } from "../link/control";
import { guarded, type Model } from "../link/host";
import type { WholeSession } from "../link/session";
import type { PageMessage } from "../state/wire";
import { hidesTranscript } from "./beside";
import type { View } from "./view";

/** What a view says to its kernel and hears of it, beside what every widget does. */
export interface Link {
  /** The kernel is another one, or was gone for a while: all is asked for anew. */
  renew(): void;
  close(): void;
}

/** Says it by every way there is: the kernel knows a message by its id and obeys it once. */
export function say(model: Model, message: object): void {
  guarded(() => model.send(message));
  sendControl(model, message as PageMessage);
}

/** A view's link, which draws it again whenever something has changed; null until it is made. */
export function useLink<Made extends Link>(
  view: View,
  make: (model: Model, changed: () => void) => Made,
): Made | null {
  const [link, setLink] = useState<Made | null>(null);
  const [, draw] = useState(0);
  useLayoutEffect(() => {
    const job = () => draw((drawn) => drawn + 1);
    const made = make((view.session as WholeSession).model, () => view.painter.mark(job));
    setLink(made);
    let by = view.actions.nonce;
    // A kernel that is new, or answers again after a while, knows nothing of what is shown.
    const off = view.store.changes.on("kernel", () => {
      const now = view.actions.nonce;
      if (now !== null && now !== by) made.renew();
      by = now;
    });
    return () => {
      off();
      view.painter.unmark(job);
      made.close();
    };
  }, [view]);
  return link;
}

/** Takes the transcript's place, for as long as the view is there; `also` is a class that it has then. */
export function standsForTranscript(el: HTMLElement, model: Model, also?: string): () => void {
  const root = el.closest(".pw") as HTMLElement;
  const mark = String(model.get("_board"));
  if (!/^[\w-]+$/.test(mark)) return () => {};
  const hidden = hidesTranscript(mark);
  const classes = also === undefined ? [mark] : [mark, also];
  root.classList.add(...classes);
  root.after(hidden);
  return () => {
    hidden.remove();
    root.classList.remove(...classes);
  };
}
