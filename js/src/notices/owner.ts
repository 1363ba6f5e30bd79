// What a page has once, for all its kernels: the title and the notifications.
import type { Notice, NoticesMessage } from "../state/wire";
import { openNotifications } from "./notify";
import { isFramed } from "./setting";
import { openTitle } from "./title";

/** What one model has said last; `source` is its kernel, which may have several models here. */
type Said = Pick<NoticesMessage, "source" | "waiting" | "notices">;

export interface Owner {
  /** Notes what a kernel says by one of its models. */
  set(model: object, said: Said): void;
  /** Forgets what was said by a model: its kernel is gone, or the notebook was closed. */
  drop(model: object): void;
}

function open(): Owner {
  const title = openTitle(document);
  const notifications = openNotifications();
  const models = new Map<object, Said>();
  const tell = (): void => {
    if (isFramed()) return; // neither title nor focus are ours there
    // By kernels: two notebooks of one kernel have a model each. What was said last counts.
    const kernels = new Map([...models.values()].map((said) => [said.source, said]));
    let waiting = 0;
    const notices: Notice[] = [];
    for (const said of kernels.values()) {
      waiting += said.waiting;
      notices.push(...said.notices);
    }
    title.set(waiting);
    notifications.set(notices);
  };
  return {
    set(model, said) {
      models.delete(model); // the latest stand last
      models.set(model, said);
      tell();
    },
    drop(model) {
      if (models.delete(model)) tell();
    },
  };
}

/** By this name kernels of other versions find it; what it can do changes only with the name. */
const NAME = Symbol.for("powawidget.notices.1");

export function owner(): Owner {
  const page = globalThis as { [NAME]?: Owner };
  page[NAME] ??= open();
  return page[NAME];
}
