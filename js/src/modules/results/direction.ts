// From which side a table is read: the twin of `ofTable` in `powawidget/transcript/direction.py`.
import { isScalar } from "../../core";
import { cellOf, type Records } from "./tables";

const SOME = 20; // rows
const FROM_RIGHT = /[\u0590-\u08ff\ufb1d-\ufefc\u{1e800}-\u{1efff}]/u;

/** `rtl` where more of its names and texts are read from the right than from the left. */
export function directionOf({ columns, rows }: Records): "ltr" | "rtl" {
  const texts = [...columns];
  for (const row of rows.slice(0, SOME)) {
    for (const name of columns) {
      const value = cellOf(row, name);
      if (value && isScalar(value) && value.kind === "text") texts.push(value.text);
    }
  }
  const firsts = texts.flatMap((text) => /\p{L}/u.exec(text.slice(0, 100))?.[0] ?? []);
  const fromRight = firsts.filter((letter) => FROM_RIGHT.test(letter)).length;
  return 2 * fromRight > firsts.length ? "rtl" : "ltr";
}
