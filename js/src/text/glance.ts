// A call at a glance: what a closed card says of its arguments and its result.
import type { ToolPart } from "../state/wire";
import { compact, isScalar, parseJson } from "./json";
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
  return head.length > LONGEST || text.length > 4 * LONGEST ? `${head.slice(0, LONGEST)}…` : head;
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
  const value = isJson && (full || result.length < 200) ? parsed(result) : undefined;
  if (status === "failed" || status === "denied") return failure(result, value);
  const content = isRecord(value) ? (value.content ?? [value]) : value;
  if (Array.isArray(content) && content.some(isPicture)) return words.image;
  if (Array.isArray(value)) {
    const isTable = value.length > 0 && value.every(isRecord);
    return isTable ? words.rows(value.length) : words.items(value.length);
  }
  if (isRecord(value)) return words.object(Object.keys(value).length);
  return result.trim() === "" ? "" : oneLine(firstLine(result));
}

/** A failure's own words, without the marks that made it one. */
function failure(result: string, value: unknown): string {
  if (isRecord(value) && typeof value.error === "string") return oneLine(value.error);
  return oneLine(firstLine(result).replace(/^Error:\s*/, ""));
}

const firstLine = (text: string): string => text.trimStart().split("\n", 1)[0] ?? "";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A picture as tools return one. */
const isPicture = (value: unknown): boolean => isRecord(value) && value.type === "image";

function parsed(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    return undefined;
  }
}

/** Raster images only: their data can't fetch or run anything. */
export const isImage = (result: string): boolean =>
  /^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=\s]+$/.test(result);

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
