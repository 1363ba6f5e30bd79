// Records as a table that sorts by a click on a column's name, a page at a time.
import { useMemo, useRef, useState } from "preact/hooks";
import { Button, isScalar, Scalar, Visible } from "../../core";
import type { Json } from "../../text/json";
import { cutCharacters, moreColumns, rows as rowCount } from "../../text/words";
import { directionOf } from "./direction";
import { Name } from "./Name";
import { Picture } from "./Picture";
import { pictureOf } from "./pictures";
import { isNumeric, type Order, sorting } from "./records";
import { useSlices, whole } from "./slices";
import { startOf } from "./start";
import { cellOf, type Records, type Row } from "./tables";
import * as words from "./words";

const PAGE = 100; // rows shown at once
const AT_ONCE = 5_000; // rows sorted without a pause
const COLUMNS = 40;
const WORDS = 40; // characters of a cell that needs room to be read
const CELL = 300; // characters of one cell
const NESTED = 80; // of one that holds more than a value

interface Sorting {
  column: string;
  order: Order;
}

export function Table({ columns, rows }: Records) {
  const [by, sortBy] = useState<Sorting | null>(null);
  const [page, turnTo] = useState(0);
  const { isSorting, ordered } = useSorted(rows, by);
  const visible = columns.slice(0, COLUMNS);
  const numeric = useMemo(
    () => new Set(visible.filter((name) => isNumeric(rows.slice(0, PAGE), name))),
    [rows],
  );
  const direction = useMemo(() => directionOf({ columns: visible, rows }), [rows]);
  const from = page * PAGE;
  const kind = (name: string) => (numeric.has(name) ? "pw-num" : "");
  const sort = (column: string) => {
    sortBy(next(by, column));
    turnTo(0);
  };
  return (
    <div class="pw-records">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <div class="pw-grid" tabIndex={0} aria-busy={isSorting}>
        <table dir={direction}>
          <thead>
            <tr>
              {visible.map((name) => {
                const order = by?.column === name ? by.order : "none";
                return (
                  <th key={name} scope="col" class={kind(name)} aria-sort={order}>
                    <Button class="pw-sort" title={words.sortBy} onClick={() => sort(name)}>
                      <Name text={name} />
                      <span class="pw-order" aria-hidden>
                        {{ none: "", ascending: "▲", descending: "▼" }[order]}
                      </span>
                    </Button>
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {ordered.slice(from, from + PAGE).map((row, index) => (
              <tr key={index}>
                {visible.map((name) => (
                  <td key={name} class={kind(name)}>
                    <Cell value={cellOf(row, name)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {columns.length > COLUMNS && <p class="pw-note">{moreColumns(columns.length - COLUMNS)}</p>}
      {rows.length > PAGE && (
        <div class="pw-pages">
          <span>
            {words.range(from + 1, Math.min(from + PAGE, rows.length), rowCount(rows.length))}
          </span>
          {[page - 1, page + 1].map((to) => {
            const isThere = to >= 0 && to * PAGE < rows.length;
            return (
              // Stays where it is at the first and last page: what has the focus must not go.
              <Button
                key={String(to < page)}
                class="pw-quiet"
                aria-disabled={!isThere}
                onClick={() => isThere && turnTo(to)}
              >
                {to < page ? words.previous : words.next}
              </Button>
            );
          })}
        </div>
      )}
    </div>
  );
}

/** The rows in their order; while many are being sorted, in the order before. */
function useSorted(rows: Row[], by: Sorting | null): { isSorting: boolean; ordered: Row[] } {
  const before = useRef(rows);
  const isLong = rows.length > AT_ONCE;
  const work = useMemo(() => by && sorting(rows, by.column, by.order), [rows, by]);
  const slices = useSlices(isLong ? work : null);
  const atOnce = useMemo(() => (work && !isLong ? whole(work) : rows), [work, rows]);
  const isSorting = isLong && work !== null && slices.value === undefined;
  before.current = isSorting ? before.current : (slices.value ?? atOnce);
  return { isSorting, ordered: before.current };
}

/** Up, down, and back to the order in which the rows came. */
function next(by: Sorting | null, column: string): Sorting | null {
  if (by?.column !== column) return { column, order: "ascending" };
  return by.order === "ascending" ? { column, order: "descending" } : null;
}

function Cell({ value }: { value: Json | undefined }) {
  if (value === undefined) return null;
  const picture = pictureOf(value);
  if (picture !== "") return <Picture address={picture} />;
  if (!isScalar(value)) {
    return (
      <span class="pw-value pw-nested" dir="ltr">
        <Visible text={startOf(value, NESTED)} />
      </span>
    );
  }
  const { text } = value;
  const shown =
    text.length <= CELL ? (
      <Scalar value={value} />
    ) : (
      <span class="pw-value" dir="auto">
        <Visible text={text.slice(0, CELL)} />
        <span class="pw-cut">{cutCharacters(text.length - CELL)}</span>
      </span>
    );
  return text.length <= WORDS ? shown : <div class="pw-words">{shown}</div>;
}
