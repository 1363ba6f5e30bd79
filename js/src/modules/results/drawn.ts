// How much of a value is drawn at once where it is drawn as rows.
import { isScalar } from "../../core";
import type { Json } from "../../text/json";

const PAGE = 100; // items of a list, or keys of a large object, that are drawn at first

/** How many values are drawn, counted no further than `most`. */
export function drawnOf(value: Json, most: number): number {
  if (isScalar(value)) return 1;
  const inner =
    value.kind === "list"
      ? value.items.slice(0, PAGE)
      : value.entries.slice(0, PAGE).map(([, each]) => each);
  let sum = 1;
  for (const each of inner) {
    if (sum >= most) break;
    sum += drawnOf(each, most - sum);
  }
  return sum;
}
