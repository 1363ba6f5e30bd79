// How many blocks a workflow has, and how many of them ran, failed or were skipped.
import type { Block } from "./wire";

export interface Tally {
  all: number;
  /** Done, or failed. */
  ran: number;
  failed: number;
  skipped: number;
}

export function tally(blocks: readonly Block[]): Tally {
  const count = (...words: Block["status"][]) =>
    blocks.filter(({ status }) => words.includes(status)).length;
  return {
    all: blocks.length,
    ran: count("done", "failed"),
    failed: count("failed"),
    skipped: count("skipped"),
  };
}
