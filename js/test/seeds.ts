import fc from "fast-check";

const nightly = process.env.POWAWIDGET_TESTS === "nightly";

/** How many cases a property is tried with: the same few on each push, others each night. */
export const runs = (push: number): number => (nightly ? 20 * push : push);

fc.configureGlobal(nightly ? { numRuns: runs(100) } : { seed: 7, numRuns: 100 });
