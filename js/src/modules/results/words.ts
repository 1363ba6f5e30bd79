// The words of tables and trees.
import { count, plural } from "../../text/words";

export const sortBy = "Sort by this column";
export const range = (from: number, to: number, of: string) =>
  `${count(from)} to ${count(to)} of ${of}`;
export const previous = "Previous";
export const next = "Next";
export const reading = (part: number) => `Reading… ${Math.floor(part * 100)} %`;
export const moreItems = (more: number) => `Show ${plural(more, "more item")}`;
export const picture = "Image";
export const damaged = "Image, damaged or of another kind: not shown";
export const tooLarge = (width: number, height: number) =>
  `Image of ${count(width)} × ${count(height)} pixels: too large to show`;
export const resource = "Resource";
export const link = "Link to a resource";
export const audio = "Audio";
export const size = (bytes: number) =>
  bytes < 1e6 ? `${count(Math.ceil(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
