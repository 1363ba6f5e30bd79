// What a tool returned piece by piece, as MCP and model providers give it: texts, pictures, resources.
// The twin of `powawidget/transcript/content.py`.
import { parseJson } from "../../core";
import type { Json } from "../../text/json";
import { pictureOf } from "./pictures";
import * as words from "./words";

/** A picture, a resource (with what it holds, where that can be shown), or any value. */
export type Piece =
  | { picture: string }
  | { what: string; facts: string[]; length?: number; value?: Json }
  | { value: Json };

const TEXT = /^(?:input_|output_)?text$/;
const SOUND = /^(?:input_)?audio$/;
/* What may stand beside a text or a resource, and says nothing to a reader. */
const BESIDE = /^(?:type|annotations|_meta|cache_control|citations|logprobs|index)$/;
/* Of a whole result, what its pieces say already, or that says nothing. */
const SAID = /^(?:content|_meta|type)$/;

type Entries = Extract<Json, { kind: "object" }>["entries"];

/**
 * The pieces of a value; null where it is none of several pieces: neither is a picture among them,
 * nor is each a text or a resource.
 */
export function piecesOf(value: Json): Piece[] | null {
  const entries = value.kind === "object" ? value.entries : [];
  const inner = fieldOf(entries, "content");
  const list = value.kind === "list" ? value : inner?.kind === "list" ? inner : undefined;
  const items = list?.items ?? [value];
  const pieces = items.map(pieceOf);
  const isContent = pieces.length > 0 && pieces.every((piece) => piece !== null);
  if (!isContent && !pieces.some((piece) => piece && "picture" in piece)) return null;
  const read = items.map((item, i): Piece => pieces[i] ?? { value: item });
  return list ? [...read, ...restOf(entries)] : read;
}

/** What stands beside the content, but for what repeats it. */
function restOf(entries: Entries): Piece[] {
  const rest = entries.filter(
    ([key, each]) =>
      !SAID.test(key) &&
      !(
        each.kind === "word" &&
        (each.text === "null" || (key === "isError" && each.text === "false"))
      ),
  );
  return rest.length > 0 ? [{ value: { kind: "object", entries: rest } }] : [];
}

const fieldOf = (entries: Entries, name: string): Json | undefined =>
  entries.findLast(([key]) => key === name)?.[1];

function textOf(entries: Entries, name: string): string | undefined {
  const found = fieldOf(entries, name);
  return found?.kind === "text" ? found.text : undefined;
}

/** One piece; null where a value is none. */
function pieceOf(value: Json): Piece | null {
  const picture = pictureOf(value);
  if (picture !== "") return { picture };
  if (value.kind !== "object") return null;
  const { entries } = value;
  const type = textOf(entries, "type") ?? "";
  const beside = new Set(entries.map(([key]) => key).filter((key) => !BESIDE.test(key)));
  const isOnly = (name: string) => beside.size === 1 && beside.has(name);
  if (TEXT.test(type) && isOnly("text")) {
    const text = textOf(entries, "text");
    return text === undefined ? null : { value: written(text) };
  }
  if (type === "resource" && isOnly("resource")) {
    const inside = fieldOf(entries, "resource");
    return inside?.kind === "object" ? resourceOf(inside.entries) : null;
  }
  if (type === "resource_link" && textOf(entries, "uri") !== undefined) {
    const said = textOf(entries, "description");
    const link = { what: words.link, facts: factsOf(entries) };
    return said ? { ...link, value: { kind: "text", text: said } } : link;
  }
  const data = SOUND.test(type) ? textOf(entries, "data") : undefined;
  return data === undefined
    ? null
    : { what: words.audio, facts: factsOf(entries), length: data.length };
}

function resourceOf(entries: Entries): Piece | null {
  const resource = { what: words.resource, facts: factsOf(entries) };
  const text = textOf(entries, "text");
  if (text !== undefined) return { ...resource, value: written(text) };
  const blob = textOf(entries, "blob");
  return blob === undefined ? null : { ...resource, length: blob.length };
}

const factsOf = (entries: Entries): string[] => [
  ...new Set(["title", "name", "uri", "mimeType"].flatMap((name) => textOf(entries, name) || [])),
];

/** A text, or the table or list that is written in it. */
function written(text: string): Json {
  const read = /^\s*[[{]/.test(text) ? parseJson(text) : null;
  return read ?? { kind: "text", text };
}
