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
const AT_ONCE = 20_000; // values read without a pause
const LONG = 200_000; // characters of a nest that isn't written anew

const SPACE = /[ \t\n\r]*/y;
/* Python writes NaN and Infinity, which JSON has no form for. */
const PLAIN = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity|true|false|null/y;
const ESCAPED = /[^ -[\]-\uffff]/; // a backslash, or what must not stand bare

type Nest = Exclude<Json, { text: string }>;

/** Long nests as they stood in what was read: to write one anew would stop the page. */
const written = new WeakMap<Json, string>();

/** Reads JSON; null where it is none or too deep, undefined where it is more than this many values. */
export const parseJson = (source: string, most = AT_ONCE): Json | null | undefined =>
  readJson(source).read(most);

/** Reads JSON piece by piece. Without recursion: it can stop anywhere, and no nest overflows a stack. */
export function readJson(source: string) {
  let at = 0;
  /** What is open, each inside the one before it. */
  const open: Nest[] = [];
  /** Where each of them begins. */
  const begun: number[] = [];
  /** The keys of the open objects whose values are being read. */
  const keys: string[] = [];
  let whole: Json | undefined;

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
    if (peek() !== '"') throw new SyntaxError();
    const from = at++;
    for (;;) {
      const end = source.indexOf('"', at);
      if (end < 0) throw new SyntaxError();
      let slash = end;
      while (source[slash - 1] === "\\") slash--;
      at = end + 1;
      if ((end - slash) % 2 === 0) break;
    }
    const raw = source.slice(from, at);
    return ESCAPED.test(raw) ? (JSON.parse(raw) as string) : raw.slice(1, -1);
  };

  const key = (): void => {
    keys.push(text());
    if (!eat(":")) throw new SyntaxError();
  };

  /** Reads a value, or where it is a nest that isn't empty, only begins it. */
  const value = (): Json | undefined => {
    const next = peek();
    if (next === "{" || next === "[") {
      const from = at++;
      const isObject = next === "{";
      const nest: Nest = isObject ? { kind: "object", entries: [] } : { kind: "list", items: [] };
      if (eat(isObject ? "}" : "]")) return nest;
      begun.push(from);
      if (open.push(nest) > MAX_DEPTH) throw new SyntaxError();
      if (isObject) key();
      return undefined;
    }
    if (next === '"') return { kind: "text", text: text() };
    const plain = match(PLAIN);
    return { kind: /^[-\dNI]/.test(plain) ? "number" : "word", text: plain };
  };

  /** Puts a whole value where it belongs, and the nests that it makes whole. */
  const put = (made: Json): void => {
    const nest = open.at(-1);
    if (nest === undefined) {
      if (peek() !== undefined) throw new SyntaxError();
      whole = made;
      return;
    }
    if (nest.kind === "object") nest.entries.push([keys.pop() as string, made]);
    else nest.items.push(made);
    if (eat(",")) {
      if (nest.kind === "object") key();
    } else if (eat(nest.kind === "object" ? "}" : "]")) {
      open.pop();
      const from = begun.pop() as number;
      if (at - from > LONG) written.set(nest, source.slice(from, at));
      put(nest);
    } else {
      throw new SyntaxError();
    }
  };

  return {
    /** How much has been read, of 1. */
    get progress(): number {
      return at / source.length;
    },

    /** Goes on for so many values: the whole, null where it is none, or undefined before its end. */
    read(values: number): Json | null | undefined {
      try {
        for (let left = values; left > 0 && whole === undefined; left--) {
          const made = value();
          if (made !== undefined) put(made);
        }
        return whole;
      } catch (error) {
        if (error instanceof SyntaxError) return null;
        throw error;
      }
    },
  };
}

export const isScalar = (value: Json): value is Exclude<Json, { kind: "object" | "list" }> =>
  value.kind !== "object" && value.kind !== "list";

/** How many keys or items a value holds. */
export const countOf = (value: Json): number =>
  value.kind === "object" ? value.entries.length : value.kind === "list" ? value.items.length : 0;

/** What a list or an object holds, each behind its key where it has one. */
const inner = (value: Exclude<Json, { text: string }>): [string, Json][] =>
  value.kind === "object"
    ? value.entries.map(([key, each]) => [`${JSON.stringify(key)}: `, each])
    : value.items.map((each) => ["", each]);

const around = (value: Json, text: string): string =>
  value.kind === "object" ? `{${text}}` : `[${text}]`;

/** JSON on one line, or where it is long as it was written. */
export function compact(value: Json): string {
  const long = written.get(value);
  if (long !== undefined) return long;
  if (isScalar(value)) return value.kind === "text" ? JSON.stringify(value.text) : value.text;
  const parts = inner(value).map(([key, each]) => key + compact(each));
  return around(value, parts.join(", "));
}

const LINE = 64; // characters up to which a nested value stays on one line

/** JSON indented, with short flat values on one line; where it is long as it was written. */
export function pretty(value: Json, indent = "\n"): string {
  if (isScalar(value) || written.has(value)) return compact(value);
  const parts = inner(value);
  if (parts.every(([, each]) => isScalar(each))) {
    const line = compact(value);
    if (line.length <= LINE) return line;
  }
  const deeper = `${indent}  `;
  const lines = parts.map(([key, each]) => deeper + key + pretty(each, deeper));
  return around(value, lines.join(",") + indent);
}
