// Pictures in what a tool returned, in all the shapes that tools have: the twin of
// `powawidget/transcript/pictures.py`. Read are addresses that hold their data; the content blocks
// of MCP (`image`, and `resource` with a blob); those of model providers (`image_url`,
// `input_image`, `source`, `inlineData`, `b64_json`); and Jupyter's bundles by type. Raster images
// only: their data can't fetch or run anything. An address elsewhere is never a picture here.
import { isImage } from "../../core";
import type { Json } from "../../text/json";

const TYPE = /^image\/(?:png|jpeg|gif|webp)$/;
const DATA = /^[\w+/=\s]+$/;
const BLOCK = /^(?:image|image_url|input_image|output_image|resource)$/;
const INSIDE = ["source", "resource", "image_url", "inlineData", "inline_data", "image", "url"];
const BEGINNINGS = { iVBORw0KGgo: "png", "/9j/": "jpeg", R0lGOD: "gif", UklGR: "webp" };
const LONGEST = 30_000_000; // characters of a picture's data

const isData = (text: string): boolean => text.length < LONGEST && DATA.test(text);

/** The address of a picture with its data; empty where a value is none. `isIn` a block of content. */
export function pictureOf(value: Json, isIn = false): string {
  if (value.kind === "text") return isImage(value.text) ? value.text.replace(/\s+/g, "") : "";
  if (value.kind !== "object") return "";
  const { entries } = value;
  const at = (...names: string[]): string => {
    for (const name of names) {
      const found = entries.findLast(([key]) => key === name)?.[1];
      if (found?.kind === "text") return found.text;
    }
    return "";
  };
  for (const [key, each] of entries) {
    if (TYPE.test(key) && each.kind === "text" && isData(each.text))
      return addressOf(key, each.text);
  }
  const type = at("mimeType", "mime_type", "media_type");
  const data = at("data", "blob", "base64", "b64_json");
  if (TYPE.test(type)) return isData(data) ? addressOf(type, data) : "";
  if (at("b64_json") !== "" && isData(data)) {
    const [, kind] = Object.entries(BEGINNINGS).find(([begin]) => data.startsWith(begin)) ?? [];
    return kind === undefined ? "" : addressOf(`image/${kind}`, data);
  }
  // what stands beside an address there, such as its detail, says how a model was shown it
  const isBlock = isIn || BLOCK.test(at("type"));
  if (!isBlock && entries.length !== 1) return "";
  for (const name of INSIDE) {
    const inside = entries.findLast(([key]) => key === name)?.[1];
    // An address under a key of its own stands beside that key.
    if (inside === undefined || !(isBlock || name === "url" || inside.kind !== "text")) continue;
    const picture = pictureOf(inside, isBlock);
    if (picture !== "") return picture;
  }
  return "";
}

const addressOf = (type: string, data: string): string =>
  `data:${type};base64,${data.replace(/\s+/g, "")}`;
