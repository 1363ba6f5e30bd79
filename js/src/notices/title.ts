// The page's title, with how many runs wait before it.
const MOST = 20; // changes of the title within a second; what changes it more often isn't followed
const REST = 1_000; // ms

/**
 * Puts how many wait before whatever the title is, and takes that away alone.
 *
 * The page changes its title itself, as JupyterLab does where another notebook comes to the front:
 * what it says then is the title from then on.
 */
export function openTitle(page: Document) {
  let prefix = "";
  let own = "";
  let shown = "";
  let changes = 0;
  let since = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const write = (): void => {
    page.title = prefix + own;
    shown = page.title; // a browser leaves out spaces at its ends
    observer.takeRecords();
  };
  const look = (): void => {
    if (prefix === "" || timer !== undefined || page.title === shown) return;
    const now = performance.now();
    if (now - since > REST) [changes, since] = [0, now];
    changes += 1;
    if (changes > MOST) {
      // Something puts it back each time: two that answer each other would hold the page up.
      timer = setTimeout(() => {
        timer = undefined;
        look();
      }, REST);
      return;
    }
    own = page.title;
    write();
  };
  const observer = new MutationObserver(look);

  return {
    /** Says that so many wait. */
    set(count: number): void {
      const next = count > 0 ? `(${count}) ` : "";
      if (next === prefix) return;
      if (prefix === "" || page.title !== shown) own = page.title;
      if (prefix === "") {
        const what = { childList: true, characterData: true, subtree: true };
        observer.observe(page.head, what);
      }
      prefix = next;
      write();
      if (prefix !== "") return;
      observer.disconnect();
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
