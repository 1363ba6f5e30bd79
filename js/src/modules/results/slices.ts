// Long work, a slice at a time.
import { useEffect, useState } from "preact/hooks";

const A_SLICE = 10; // ms of work between two pauses, in which the page goes on

/** Long work: where it may pause it yields how much of it is done, from 0 to 1. */
export type Work<T> = Generator<number, T>;

interface Done<T> {
  /** The work that this is known of. */
  of: Work<T> | null;
  progress: number;
  value?: T;
  /** Throws what the work threw, where the page is drawn: elsewhere nobody would catch it. */
  fail?: () => never;
}

/**
 * Does long work a slice at a time.
 *
 * @param work what is to be done; another one ends it. Null for nothing.
 * @returns how far it is, and once it is done, what came of it.
 * @throws what the work throws.
 */
export function useSlices<T>(work: Work<T> | null): Pick<Done<T>, "progress" | "value"> {
  const [done, know] = useState<Done<T>>({ of: null, progress: 0 });
  useEffect(() => {
    if (work === null) return;
    let timer: ReturnType<typeof setTimeout>;
    const goOn = () => {
      try {
        const next = slice(work, performance.now() + A_SLICE);
        if (next.done) return know({ of: work, progress: 1, value: next.value });
        know({ of: work, progress: next.value });
        timer = setTimeout(goOn);
      } catch (error) {
        const fail = () => {
          throw error;
        };
        know({ of: work, progress: 1, fail });
      }
    };
    timer = setTimeout(goOn);
    return () => clearTimeout(timer);
  }, [work]);
  if (done.of !== work) return { progress: 0 };
  done.fail?.();
  return done;
}

/** Goes on until it is done or a time has come. */
function slice<T>(work: Work<T>, end: number): IteratorResult<number, T> {
  let next = work.next();
  while (!next.done && performance.now() < end) next = work.next();
  return next;
}

export const whole = <T>(work: Work<T>): T => slice(work, Number.POSITIVE_INFINITY).value as T;
