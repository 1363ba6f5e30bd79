// What changes its size, for all views of a page together.
import { guarded } from "./painter";

const jobs = new Map<Element, () => void>();
let observer: ResizeObserver | undefined;

/**
 * Calls back when one of these elements has got another size, and at first; returns what ends that.
 *
 * All views look before any is drawn anew: with an observer for each, what one has changed would make
 * the browser lay out the page again for the next.
 */
export function onSized(elements: readonly Element[], callback: () => void): () => void {
  observer ??= new ResizeObserver((entries) => {
    for (const job of new Set(entries.map(({ target }) => jobs.get(target)))) {
      if (job !== undefined) guarded(job);
    }
  });
  for (const each of elements) {
    jobs.set(each, callback);
    observer.observe(each);
  }
  return () => {
    for (const each of elements) {
      jobs.delete(each);
      observer?.unobserve(each);
    }
    if (jobs.size === 0) observer = undefined;
  };
}
