// The tokens of one line of code.
import { StringStream } from "@codemirror/streamparser";
import type { Grammar } from "./languages";

/** A piece of a line; `kind` is the class that colours it, or empty. */
export interface Token {
  text: string;
  kind: string;
}

const LONGEST = 5_000; // characters of a line: a longer one stays plain
const STUCK = 10; // tokens without a character, after which a grammar is helped on

/** The kinds that grammars name in one word or several, by the colours there are. */
const KINDS: Record<string, string> = {
  keyword: "keyword",
  atom: "atom",
  bool: "atom",
  null: "atom",
  self: "atom",
  number: "number",
  string: "string",
  quote: "string",
  regexp: "string",
  comment: "comment",
  def: "def",
  builtin: "builtin",
  variableName: "builtin",
  property: "property",
  propertyName: "property",
  attribute: "property",
  attributeName: "property",
  type: "type",
  typeName: "type",
  tag: "keyword",
  tagName: "keyword",
  meta: "meta",
  macroName: "meta",
  inserted: "inserted",
  deleted: "deleted",
};

export const start = (grammar: Grammar): unknown => grammar.startState?.(2) ?? {};

/** A copy of a state, so that a line can be read again. */
export function copy(grammar: Grammar, state: unknown): unknown {
  if (grammar.copyState) return grammar.copyState(state);
  const entries = Object.entries(state as object);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]),
  );
}

/** The tokens of one line without its end; changes the state to that behind it. */
export function tokens(grammar: Grammar, line: string, state: unknown): Token[] {
  if (line === "") {
    grammar.blankLine?.(state, 2);
    return [];
  }
  if (line.length > LONGEST) return [{ text: line, kind: "" }];
  const stream = new StringStream(line, 4, 2);
  const found: Token[] = [];
  while (!stream.eol()) {
    stream.start = stream.pos;
    const kind = kindOf(next(grammar, stream, state));
    const text = stream.current();
    const last = found.at(-1);
    if (last?.kind === kind) last.text += text;
    else found.push({ text, kind });
  }
  return found;
}

function next(grammar: Grammar, stream: StringStream, state: unknown): string | null {
  for (let tries = 0; tries < STUCK; tries++) {
    const style = grammar.token(stream, state);
    if (stream.pos > stream.start) return style;
  }
  stream.next();
  return null;
}

/** The kind of a style such as `string property` or `variableName.definition`; the last word tells most. */
function kindOf(style: string | null): string {
  const words = style?.split(/[ .]/) ?? [];
  if (words.includes("definition")) return "def";
  return words.map((word) => KINDS[word] ?? "").findLast((kind) => kind !== "") ?? "";
}
