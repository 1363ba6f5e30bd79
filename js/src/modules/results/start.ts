// The start of a value on one line: no more work than what is seen of it.
import { isScalar, type Json } from "../../text/json";

export function startOf(value: Json, most: number): string {
  const text = some(value, most);
  return text.length > most ? `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…` : text;
}

/** At least `most` characters of a value, where it has so many. */
function some(value: Json, most: number): string {
  if (isScalar(value)) {
    return value.kind === "text" ? JSON.stringify(value.text.slice(0, most + 1)) : value.text;
  }
  const [from, to] = value.kind === "object" ? "{}" : "[]";
  let text = from as string;
  const entries = value.kind === "object" ? value.entries : value.items;
  for (const [index, entry] of entries.entries()) {
    if (text.length > most) return text;
    const [key, each] = Array.isArray(entry)
      ? [`${some({ kind: "text", text: entry[0] }, most)}: `, entry[1]]
      : ["", entry];
    text += `${index > 0 ? ", " : ""}${key}${some(each, most - text.length)}`;
  }
  return text + to;
}
