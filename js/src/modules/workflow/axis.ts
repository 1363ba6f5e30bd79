// The stretch of time that the bars of a workflow stand on.
import type { RunState } from "../../state/wire";

/** The stretch of time that all strips of a workflow stand for, in seconds. */
export interface Axis {
  from: number;
  span: number;
}

const SHORTEST = 2;

/**
 * Where the strips begin and how long they are. While the run goes on the length doubles when it is
 * reached, so that the bars of what is over stand still in between.
 *
 * @param now is null once the run is over.
 */
export function axisOf({ blocks, started, ended }: RunState, now: number | null): Axis {
  const ran = blocks.filter((block) => block.started !== null);
  const from = Math.min(...ran.map((block) => Number(block.started)), started ?? Infinity);
  const ends = ran.map((block) => Number(block.started) + Number(block.seconds));
  const reached = Math.max(...ends, now ?? ended ?? 0) - from;
  if (!(reached > 0)) return { from: started ?? 0, span: SHORTEST };
  if (now === null) return { from, span: reached };
  let span = SHORTEST;
  while (span < reached) span *= 2;
  return { from, span };
}
