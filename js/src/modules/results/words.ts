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
