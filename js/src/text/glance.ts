// A call at a glance: what a closed card says of its arguments and its result.
import type { ToolPart } from "../state/wire";
import { compact, countOf, isScalar, type Json, parseJson } from "./json";
import * as words from "./words";

const LONGEST = 160; // characters of a value on a closed card
const AT_ONCE = 1_000_000; // characters of JSON that are counted for a closed card

/** Arguments that tell a call best, and without their key; then those that tell it with theirs. */
const TELLING = /^(query|sql|q|code|command|cmd|question|prompt|message|task|text|content)$/i;
const NEXT = /^(path|file|filename|url|name|title|id|city|location|to|key|table|topic)$/i;

/** A text on one line, cut: never more work than what can be seen. */
export function oneLine(text: string): string {
  const head = text
    .slice(0, 4 * LONGEST)
    .replace(/\s+/g, " ")
    .trim();
  const isCut = head.length > LONGEST || text.length > 4 * LONGEST;
  return isCut ? `${head.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "")}…` : head;
}

/** The most telling argument of a call, for its closed card. */
export function tellingArgument(source: string): string {
  const value = parseJson(source);
  if (value?.kind !== "object") return oneLine(value?.kind === "text" ? value.text : source);
  const entries = value.entries.filter(([, each]) => !isScalar(each) || each.text !== "");
  const flat = entries.filter(([, each]) => isScalar(each));
  const found =
    flat.find(([key]) => TELLING.test(key)) ??
    flat.find(([key]) => NEXT.test(key)) ??
    flat.find(([, each]) => each.kind === "text") ??
    entries[0];
  if (found === undefined) return "";
  const [key, each] = found;
  const text = oneLine(isScalar(each) ? each.text : compact(each));
  return TELLING.test(key) ? text : `${oneLine(key)} ${text}`;
}

type Glanced = Pick<ToolPart, "result" | "status" | "full">;

/** What came of a call, in a few words. */
export function peek({ result, status, full }: Glanced): string {
  if (result === null) return "";
  if (isImage(result)) return words.image;
  const isJson = /^\s*[[{]/.test(result);
  if (isJson && result.length > AT_ONCE) return words.characters(result.length);
  const value = isJson ? parseJson(result, AT_ONCE) : null;
  if (status === "failed" || status === "denied") return failure(result, value);
  if (isJson && !value && !full) return begun(result);
  if (!value || isScalar(value)) return oneLine(firstLine(result));
  return hasPicture(result) ? words.image : sizeOf(value);
}

/** What a result will be whose first characters have come. */
const begun = (result: string): string =>
  /^\s*\[\s*\{/.test(result)
    ? words.someRows
    : /^\s*\[/.test(result)
      ? words.aList
      : words.anObject;

/** How many a value holds: rows, items or keys. */
export function sizeOf(value: Json): string {
  if (isScalar(value)) return "";
  const rows = rowsIn(value);
  if (rows !== undefined) return words.rows(rows);
  return (value.kind === "object" ? words.object : words.items)(countOf(value));
}

/** Whether an object is a block of text, as servers of tools send it: no row. */
const isSaid = ([first, second]: [string, Json][]): boolean =>
  first?.[0] === "type" && second?.[0] === "text";

/** How many rows there are in a list of records, or beside the names of their columns. */
function rowsIn(value: Json): number | undefined {
  const records = value.kind === "list" ? value.items : [];
  if (value.kind !== "object")
    return (
      (records.every((each) => each.kind === "object" && !isSaid(each.entries)) &&
        records.length) ||
      undefined
    );
  const { columns, schema, data, rows } = Object.fromEntries(value.entries);
  const list = data ?? rows;
  return (columns ?? schema) && list?.kind === "list" ? list.items.length : undefined;
}

/** Raster images only: their data can't fetch or run anything. */
export const isImage = (text: string): boolean =>
  text.length < 30_000_000 && /^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=\s]+$/.test(text);

/* How the data of such an image begins, in whatever shape a tool gives it. */
const PICTURE = /"(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|data:image\/(?:png|jpeg|gif|webp);base64,)/;

export const hasPicture = (source: string): boolean => PICTURE.test(source);

/** A failure's own words, without the marks that made it one. */
function failure(result: string, value: Json | null | undefined): string {
  const error = value?.kind === "object" && value.entries.find(([key]) => key === "error")?.[1];
  if (error && error.kind === "text") return oneLine(firstLine(error.text));
  return oneLine(firstLine(result).replace(/^Error:\s*/, ""));
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what it looks for
const COLOUR = /\x1b\[[\d;:?]*[@-~]/g;

/** The first line, without the colours of a terminal. */
const firstLine = (text: string): string =>
  text.slice(0, 9_999).replace(COLOUR, "").trimStart().split("\n", 1)[0] ?? "";

/**
 * The language of an argument that is code, by its key, and where that says little, by its look;
 * empty where it is none.
 *
 * @param said what the call says of it, in another argument.
 */
export function languageOf(key: string, text: string, said = ""): string {
  if (/^(?:sql|query|statement|source|code)$/i.test(key) && SQL.test(text)) return "sql";
  if (/^(?:code|script|source_code)$/i.test(key)) return said || "python";
  const [, sql, shell, named = ""] =
    /^(?:(sql)|(command|cmd|shell|bash)|(python|javascript|typescript|yaml))$/i.exec(key) ?? [];
  return sql ? "sql" : shell ? "shell" : named.toLowerCase();
}

const SQL =
  /^\s*(?:--.*\n\s*)*(?:select|insert|update|delete|with|create|alter|drop|explain|merge|replace|truncate|grant|revoke|pragma)\b/i;
