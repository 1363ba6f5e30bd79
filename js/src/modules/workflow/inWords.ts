// A value in words: what a workflow was asked, and what came out of a block, on one line.
import { countOf, isScalar, oneLine, parseJson, sizeOf } from "../../core";
import type { Json } from "../../text/json";
import { object, plural } from "../../text/words";

const ENOUGH = 160; // characters on a line

/** The named values of an object on one line, cut: what is nested by its size. */
export function inWords(value: Json): string {
  if (isScalar(value)) return oneLine(value.text);
  if (value.kind === "list") return sizeOf(value);
  const said: string[] = [];
  let length = 0;
  for (const [key, each] of value.entries) {
    const what = nested(each);
    // "27 rows", not "rows: 27 rows".
    said.push(what.endsWith(` ${key}`) ? what : `${oneLine(key)}: ${what}`);
    length += said.at(-1)?.length ?? 0;
    if (length > ENOUGH) break;
  }
  return oneLine(said.join(", "));
}

const LONGEST = 10_000; // characters of a text that is read for its size

/** A value among others: its text, or how much it holds, also where that is JSON in a text. */
function nested(value: Json): string {
  const isJson = value.kind === "text" && /^\s*[[{]/.test(value.text.slice(0, LONGEST));
  const read = isJson ? parseJson(value.text, LONGEST) : null;
  const held = read ?? value;
  if (isScalar(held)) return oneLine(held.text) || '""';
  const size = sizeOf(held);
  return size === object(countOf(held)) ? plural(countOf(held), "key") : size;
}
