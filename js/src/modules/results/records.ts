// How the rows of a table are sorted.
import { isScalar } from "../../core";
import type { Json } from "../../text/json";
import type { Work } from "./slices";
import { cellOf, type Row } from "./tables";

/** Nothing to sort or line up: no such key, null, or no number. */
export const isNothing = (value: Json | undefined): boolean =>
  value === undefined ||
  /^(?:word null|number NaN)$/.test(`${value.kind} ${isScalar(value) && value.text}`);

export const isNumeric = (rows: readonly Row[], column: string): boolean =>
  rows.every((row) => {
    const value = cellOf(row, column);
    return isNothing(value) || value?.kind === "number";
  });

export type Order = "ascending" | "descending";

const A_FEW = 2_000; // rows between two pauses
const ALL_KEYS = 0.3; // how much of the work of sorting they are

/**
 * The rows sorted by a column, those that are equal in the order they came in: numbers as numbers,
 * before texts, before what is nested; nothing stands last, whichever the order.
 */
export function* sorting(rows: readonly Row[], column: string, order: Order): Work<Row[]> {
  const way = order === "ascending" ? 1 : -1;
  const compareTexts = textsOf(rows.length);
  const compare = (a: Key, b: Key): number => {
    if (a.rank === NUMBER && b.rank === NUMBER) return way * numbers(a, b);
    if (a.rank === NOTHING || b.rank === NOTHING) return a.rank - b.rank;
    return way * (a.rank - b.rank || compareTexts(a.text, b.text));
  };
  let runs: Key[][] = [];
  for (let at = 0; at < rows.length; at += A_FEW) {
    const some = rows.slice(at, at + A_FEW).map((row) => keyOf(row, cellOf(row, column)));
    runs.push(some.sort(compare));
    yield (ALL_KEYS * at) / rows.length;
  }
  const passes = Math.ceil(Math.log2(runs.length));
  for (let pass = 0; runs.length > 1; pass++) {
    const merged: Key[][] = [];
    for (let at = 0; at < runs.length; at += 2) {
      const from = ALL_KEYS + ((1 - ALL_KEYS) * (pass + at / runs.length)) / passes;
      merged.push(yield* merging(runs[at] as Key[], runs[at + 1] ?? [], compare, from));
    }
    runs = merged;
  }
  return (runs[0] ?? []).map(({ row }) => row);
}

/** One sorted list of two; of equals those of the first come first. */
function* merging(
  first: readonly Key[],
  second: readonly Key[],
  compare: (a: Key, b: Key) => number,
  progress: number,
): Work<Key[]> {
  const merged: Key[] = [];
  let [i, j] = [0, 0];
  while (i < first.length && j < second.length) {
    const [a, b] = [first[i] as Key, second[j] as Key];
    const isLess = compare(b, a) < 0;
    merged.push(isLess ? b : a);
    if (isLess) j++;
    else i++;
    if (merged.length % A_FEW === 0) yield progress;
  }
  return merged.concat(first.slice(i), second.slice(j));
}

interface Key {
  row: Row;
  rank: number;
  text: string;
  number: number;
}

const NUMBER = 0;
const TEXT = 1;
const NESTED = 2;
const NOTHING = 3;

function keyOf(row: Row, value: Json | undefined): Key {
  if (value === undefined || isNothing(value)) return { row, rank: NOTHING, text: "", number: 0 };
  if (!isScalar(value)) return { row, rank: NESTED, text: "", number: 0 };
  const { kind, text } = value;
  return kind === "number"
    ? { row, rank: NUMBER, text, number: Number(text) }
    : { row, rank: TEXT, text, number: 0 };
}

/** Whole numbers that are too long for a float, which would take them for equal, by their digits. */
function numbers(a: Key, b: Key): number {
  const difference = a.number - b.number;
  if (difference !== 0 || a.text === b.text) return difference || 0; // infinities are no number apart
  if (!/^-?\d+$/.test(a.text) || !/^-?\d+$/.test(b.text)) return 0;
  return BigInt(a.text) < BigInt(b.text) ? -1 : 1;
}

/** As people sort texts, where there aren't so many that the page would stop. */
function textsOf(count: number): (a: string, b: string) => number {
  if (count <= 5_000) return new Intl.Collator(undefined, { numeric: true }).compare;
  return (a, b) => (a < b ? -1 : Number(a > b));
}
