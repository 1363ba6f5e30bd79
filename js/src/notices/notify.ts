// The browser's notifications: one for each notice, in one tab, and none where it is seen anyway.
import { guarded } from "../link/host";
import type { Notice } from "../state/wire";
import { setting } from "./setting";

/** All that is said: no name, no argument, no text of a run leaves the page. */
const TEXTS = { asks: "An agent waits for you", ready: "An answer is ready" };
const NAME = "powawidget-noticed";
const KEPT = 200; // notices that were seen, of all tabs
const HELD = 60_000; // ms for which a tab keeps what it has taken: by then the others have looked
const LATER = 300; // ms after which a tab in the background looks: one in front was first then

const isInFront = (): boolean => document.visibilityState === "visible" && document.hasFocus();

/** Whether no tab of this origin has had a notice before; now this one has. */
function take(id: string): boolean {
  const known = guarded(() => JSON.parse(localStorage.getItem(NAME) ?? "[]"));
  const ids = Array.isArray(known) ? known : [];
  if (ids.includes(id)) return false;
  guarded(() => localStorage.setItem(NAME, JSON.stringify([...ids, id].slice(-KEPT))));
  return true;
}

/**
 * Takes a notice for this tab; false where another one of this origin has it, or had it before. A
 * lock is one for all tabs at once, which what is stored isn't: that reaches other processes later.
 */
const claim = (id: string): Promise<boolean> =>
  new Promise((tell) => {
    const { locks } = navigator as { locks?: LockManager };
    if (!locks) {
      tell(take(id));
      return;
    }
    const held = (lock: Lock | null): unknown => {
      const isOurs = lock !== null && take(id);
      tell(isOurs);
      return isOurs && new Promise((release) => setTimeout(release, HELD));
    };
    locks.request(`${NAME}-${id}`, { ifAvailable: true }, held).catch(() => tell(false));
  });

export function openNotifications() {
  /** What this tab has looked at. */
  const seen = new Set<string>();
  /** What may be decided while a person is elsewhere. An answer stays ready. */
  const shown = new Map<string, Notification>();
  let current = new Map<string, Notice>();

  const show = ({ id, what }: Notice): void => {
    // Some browsers of phones have them only in a worker, and throw.
    guarded(() => {
      const notification = new Notification(TEXTS[what], { tag: id });
      notification.onclick = () => {
        window.focus();
        notification.close();
      };
      if (what === "asks") shown.set(id, notification);
    });
  };
  const look = async (notice: Notice): Promise<void> => {
    if (!isInFront()) await new Promise((done) => setTimeout(done, LATER));
    if (!current.has(notice.id) || setting() !== "on") {
      seen.delete(notice.id);
      return;
    }
    const isSeen = isInFront();
    if ((await claim(notice.id)) && !isSeen && current.has(notice.id)) show(notice);
  };

  return {
    /** Says what there is to notice now, of all kernels. */
    set(notices: Iterable<Notice>): void {
      current = new Map([...notices].map((notice) => [notice.id, notice]));
      for (const [id, notification] of shown) {
        if (current.has(id)) continue;
        notification.close(); // it was decided meanwhile
        shown.delete(id);
      }
      if (setting() !== "on") return;
      for (const notice of current.values()) {
        if (seen.has(notice.id)) continue;
        seen.add(notice.id);
        void look(notice);
      }
      for (const id of seen) {
        if (seen.size <= KEPT) break;
        if (!current.has(id)) seen.delete(id);
      }
    },
  };
}
