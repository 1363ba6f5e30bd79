// The marks of an axis, at round times.
const STEPS = [1, 2, 5];
const LONG = [10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/** Four marks at most after the begin, each at a round number of seconds. */
export function ticksOf(length: number): number[] {
  if (!(length > 0 && Number.isFinite(length))) return [];
  let step = length;
  if (length > 40) step = LONG.find((each) => length / each <= 4) ?? length / 4;
  else {
    const power = 10 ** Math.floor(Math.log10(length / 4));
    step = [...STEPS, 10].map((each) => each * power).find((each) => length / each <= 4) ?? length;
  }
  const ticks = [];
  for (let at = step; at < length * 0.94 && ticks.length < 4; at += step) ticks.push(at);
  return ticks;
}
