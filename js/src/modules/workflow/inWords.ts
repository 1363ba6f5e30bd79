// A value in words: what a workflow was asked, and what came out of a block, on one line.
import { isScalar, oneLine, sizeOf } from "../../core";
import type { Json } from "../../text/json";

const ENOUGH = 160; // characters on a line

/** The named values of an object on one line, cut: what is nested by its size. */
export function inWords(value: Json): string {
  if (isScalar(value)) return oneLine(value.text);
  if (value.kind === "list") return sizeOf(value);
  const said: string[] = [];
  let length = 0;
  for (const [key, each] of value.entries) {
    said.push(`${oneLine(key)}: ${isScalar(each) ? oneLine(each.text) || '""' : sizeOf(each)}`);
    length += said.at(-1)?.length ?? 0;
    if (length > ENOUGH) break;
  }
  return oneLine(said.join(", "));
}
