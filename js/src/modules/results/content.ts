// The pieces of a result that holds pictures, null where it holds none. Read are the content
// blocks of MCP (`{type: "image", data, mimeType}`,
// https://modelcontextprotocol.io/specification/2025-06-18/server/tools) and those of model
// providers.
import type { Json } from "../../text/json";

/** A piece of what a tool returned: a picture, or anything else. */
export type Piece = { picture: string } | { value: Json };

/* Raster images only: their data can't fetch or run anything. */
const RASTER = /^image\/(?:png|jpeg|gif|webp)$/;
const DATA = /^[\w+/=\s]+$/;
const LONGEST = 30_000_000; // characters of a picture's data

export function contentOf(value: Json): Piece[] | null {
  const inner = at(value, "content");
  const list = value.kind === "list" ? value : inner?.kind === "list" ? inner : undefined;
  const items = list?.items ?? [value];
  // Most hold none, and some are very many.
  return items.some((item) => "picture" in pieceOf(item)) ? items.map(pieceOf) : null;
}

function pieceOf(value: Json): Piece {
  const type = textAt(value, "type");
  if (type === "text") return { value: at(value, "text") ?? value };
  const source = at(value, "source") ?? value;
  const data = textAt(source, "data");
  const kind = textAt(source, "mimeType") || textAt(source, "media_type");
  const isPicture =
    type === "image" && RASTER.test(kind) && DATA.test(data) && data.length < LONGEST;
  return isPicture ? { picture: `data:${kind};base64,${data}` } : { value };
}

const at = (value: Json, key: string): Json | undefined =>
  value.kind === "object" ? value.entries.find(([name]) => name === key)?.[1] : undefined;

function textAt(value: Json, key: string): string {
  const found = at(value, key);
  return found?.kind === "text" ? found.text : "";
}
