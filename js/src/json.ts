/**
 * JSON as it was written: numbers keep their digits, objects keep the order of their keys and
 * keys that come twice. `JSON.parse` does none of that, and what a person is shown, above all
 * where they approve it, must be what was sent.
 */
export type Json =
  | { kind: "object"; entries: [key: string, value: Json][] }
  | { kind: "list"; items: Json[] }
  | { kind: "text"; text: string }
  | { kind: "number"; text: string }
  | { kind: "word"; text: string };

const MAX_DEPTH = 200;
const MAX_LENGTH = 2_000_000;

const SPACE = /[ \t\n\r]*/y;
const TEXT = /"(?:[^"\\]|\\.)*"/y;
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

/** Reads JSON; null where it is none, or too deep or too long to be read. */
export function parseJson(source: string): Json | null {
  let at = 0;

  const match = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(source)?.[0];
    if (found === undefined) throw new SyntaxError();
    at += found.length;
    return found;
  };

  /** The next character that isn't space. */
  const peek = (): string | undefined => {
    match(SPACE);
    return source[at];
  };

  /** Steps over the next character where it is this one. */
  const eat = (mark: string): boolean => {
    const isNext = peek() === mark;
    if (isNext) at++;
    return isNext;
  };

  const text = (): string => {
    peek();
    return JSON.parse(match(TEXT)) as string;
  };

  const each = (end: string, item: () => void): void => {
    at++;
    if (eat(end)) return;
    do item();
    while (eat(","));
    if (!eat(end)) throw new SyntaxError();
  };

  const read = (depth: number): Json => {
    if (depth > MAX_DEPTH) throw new SyntaxError();
    const next = peek();
    if (next === "{") {
      const entries: [string, Json][] = [];
      each("}", () => {
        const key = text();
        if (!eat(":")) throw new SyntaxError();
        entries.push([key, read(depth + 1)]);
      });
      return { kind: "object", entries };
    }
    if (next === "[") {
      const items: Json[] = [];
      each("]", () => items.push(read(depth + 1)));
      return { kind: "list", items };
    }
    if (next === '"') return { kind: "text", text: text() };
    const plain = match(PLAIN);
    return { kind: /^[-\d]/.test(plain) ? "number" : "word", text: plain };
  };

  try {
    const value = source.length > MAX_LENGTH ? null : read(0);
    return peek() === undefined ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

export const isScalar = (value: Json): value is Exclude<Json, { kind: "object" | "list" }> =>
  value.kind !== "object" && value.kind !== "list";

/** What a list or an object holds, each behind its key where it has one. */
const inner = (value: Exclude<Json, { text: string }>): [string, Json][] =>
  value.kind === "object"
    ? value.entries.map(([key, each]) => [`${JSON.stringify(key)}: `, each])
    : value.items.map((each) => ["", each]);

const around = (value: Json, text: string): string =>
  value.kind === "object" ? `{${text}}` : `[${text}]`;

/** JSON on one line. */
export function compact(value: Json): string {
  if (isScalar(value)) return value.kind === "text" ? JSON.stringify(value.text) : value.text;
  const parts = inner(value).map(([key, each]) => key + compact(each));
  return around(value, parts.join(", "));
}

const LINE = 64; // characters up to which a nested value stays on one line

/** JSON indented, with short flat values on one line. */
export function pretty(value: Json, indent = "\n"): string {
  if (isScalar(value)) return compact(value);
  const parts = inner(value);
  if (parts.every(([, each]) => isScalar(each))) {
    const line = compact(value);
    if (line.length <= LINE) return line;
  }
  const deeper = `${indent}  `;
  const lines = parts.map(([key, each]) => deeper + key + pretty(each, deeper));
  return around(value, lines.join(",") + indent);
}
