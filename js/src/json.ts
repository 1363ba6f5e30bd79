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

/** Reads JSON; null where it is none, or too deep or too long to be read. */
export function parseJson(source: string): Json | null {
  if (source.length > MAX_LENGTH) return null;
  const reader = new Reader(source);
  try {
    return reader.whole();
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

class Reader {
  #at = 0;
  readonly #space = /[ \t\n\r]*/y;
  readonly #text = /"(?:[^"\\]|\\.)*"/y;
  readonly #plain = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;

  constructor(private readonly source: string) {}

  whole(): Json {
    const value = this.#value(0);
    if (this.#peek() !== undefined) throw new SyntaxError("more than one value");
    return value;
  }

  #value(depth: number): Json {
    if (depth > MAX_DEPTH) throw new SyntaxError("too deep");
    const next = this.#peek();
    if (next === "{") {
      const entries: [string, Json][] = [];
      this.#each("}", () => {
        const key = this.#string();
        this.#expect(":");
        entries.push([key, this.#value(depth + 1)]);
      });
      return { kind: "object", entries };
    }
    if (next === "[") {
      const items: Json[] = [];
      this.#each("]", () => items.push(this.#value(depth + 1)));
      return { kind: "list", items };
    }
    if (next === '"') return { kind: "text", text: this.#string() };
    const text = this.#match(this.#plain);
    return { kind: /^[-\d]/.test(text) ? "number" : "word", text };
  }

  #each(end: string, item: () => void): void {
    this.#at++;
    if (this.#peek() === end) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      const next = this.#peek();
      this.#at++;
      if (next === end) return;
      if (next !== ",") throw new SyntaxError("neither a comma nor an end");
    }
  }

  #string(): string {
    this.#peek();
    return JSON.parse(this.#match(this.#text)) as string;
  }

  #expect(mark: string): void {
    if (this.#peek() !== mark) throw new SyntaxError(`no ${mark}`);
    this.#at++;
  }

  /** The next character that isn't space. */
  #peek(): string | undefined {
    this.#space.lastIndex = this.#at;
    this.#space.test(this.source);
    this.#at = this.#space.lastIndex;
    return this.source[this.#at];
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.source)?.[0];
    if (found === undefined) throw new SyntaxError("not JSON");
    this.#at += found.length;
    return found;
  }
}

export const isScalar = (value: Json): value is Exclude<Json, { kind: "object" | "list" }> =>
  value.kind !== "object" && value.kind !== "list";

/** JSON on one line. */
export function compact(value: Json): string {
  switch (value.kind) {
    case "object":
      return `{${value.entries.map(([key, each]) => `${JSON.stringify(key)}: ${compact(each)}`).join(", ")}}`;
    case "list":
      return `[${value.items.map(compact).join(", ")}]`;
    case "text":
      return JSON.stringify(value.text);
    default:
      return value.text;
  }
}

const LINE = 64; // characters up to which a nested value stays on one line

/** JSON indented, with short flat values on one line. */
export function pretty(value: Json, indent = ""): string {
  if (isScalar(value)) return compact(value);
  const inner: [string, Json][] =
    value.kind === "object"
      ? value.entries.map(([key, each]) => [`${JSON.stringify(key)}: `, each])
      : value.items.map((each) => ["", each]);
  const [open, close] = value.kind === "object" ? "{}" : "[]";
  if (inner.every(([, each]) => isScalar(each))) {
    const line = compact(value);
    if (line.length <= LINE) return line;
  }
  const deeper = `${indent}  `;
  const lines = inner.map(([key, each]) => `${deeper}${key}${pretty(each, deeper)}`);
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}
