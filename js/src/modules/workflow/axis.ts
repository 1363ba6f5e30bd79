// Where a moment of a workflow stands on the strips that its bars are drawn on.
import type { RunState } from "../../state/wire";

export interface Axis {
  /** When the strips begin, in seconds since the epoch. */
  from: number;
  /** How many seconds they stand for; null while nobody knows. */
  span: number | null;
}

const HALF = 4; // seconds that take half a strip while a run goes on

/**
 * The axis of a run.
 *
 * @param isLive whether the run goes on: then nobody knows how long it will take.
 */
export function axisOf({ blocks, started, ended }: RunState, isLive: boolean): Axis {
  const ran = blocks.filter((block) => block.started !== null);
  const from = Math.min(...ran.map((block) => Number(block.started)), started ?? Infinity);
  const ends = ran.map((block) => Number(block.started) + Number(block.seconds));
  const span = isLive ? null : Math.max(...ends, ended ?? from) - from;
  return Number.isFinite(from) ? { from, span } : { from: 0, span: isLive ? null : 0 };
}

/**
 * Where a moment stands, in percent of a strip. While a run goes on no bar may move for what comes
 * later, which is drawn ever closer together instead. Once it is over equal times are equal lengths.
 */
export function placeOf({ from, span }: Axis, moment: number): number {
  const seconds = Math.max(moment - from, 0);
  if (span === null) return (100 * seconds) / (seconds + HALF);
  return span > 0 ? Math.min((100 * seconds) / span, 100) : 0;
}
