import { useState } from "preact/hooks";
import { Button, compact, isScalar, Scalar, Visible } from "../../core";
import type { Json } from "../../json";
import * as words from "../../strings";

const PAGE = 100; // rows shown at first, and more at a click
const COLUMNS = 40;
const CELL = 300; // characters of one cell

interface Records {
  columns: string[];
  rows: Map<string, Json>[];
}

/** Records as a table: a list of at least one object, all of them objects with keys. */
export function tableOf(value: Json): Records | null {
  if (value.kind !== "list" || value.items.length === 0) return null;
  const columns = new Set<string>();
  const rows: Map<string, Json>[] = [];
  for (const item of value.items) {
    if (item.kind !== "object") return null;
    const row = new Map(item.entries);
    if (row.size < item.entries.length) return null; // a key twice: a table would hide one
    for (const key of row.keys()) columns.add(key);
    rows.push(row);
  }
  return columns.size === 0 ? null : { columns: [...columns], rows };
}

export function Table({ columns, rows }: Records) {
  const [shown, show] = useState(PAGE);
  const visible = columns.slice(0, COLUMNS);
  const numeric = new Set(
    visible.filter((name) => rows.slice(0, PAGE).every((row) => isNumeric(row.get(name)))),
  );
  return (
    <div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <div class="pw-grid" tabIndex={0}>
        <table>
          <thead>
            <tr>
              {visible.map((name) => (
                <th key={name} scope="col" class={numeric.has(name) ? "pw-num" : ""}>
                  <Visible text={name} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, shown).map((row, index) => (
              <tr key={index}>
                {visible.map((name) => (
                  <td key={name} class={numeric.has(name) ? "pw-num" : ""}>
                    <Cell value={row.get(name)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {columns.length > COLUMNS && (
        <p class="pw-note">{words.moreColumns(columns.length - COLUMNS)}</p>
      )}
      {rows.length > shown && (
        <Button class="pw-quiet pw-more" onClick={() => show(shown + 10 * PAGE)}>
          {words.moreRows(rows.length - shown)}
        </Button>
      )}
    </div>
  );
}

const isNumeric = (value: Json | undefined): boolean =>
  value === undefined ||
  value.kind === "number" ||
  (value.kind === "word" && value.text === "null");

function Cell({ value }: { value: Json | undefined }) {
  if (value === undefined) return null;
  const text = isScalar(value) ? value.text : compact(value);
  if (text.length <= CELL && isScalar(value)) return <Scalar value={value} />;
  return (
    <span class="pw-value" dir="auto">
      <Visible text={text.slice(0, CELL)} />
      {text.length > CELL && <span class="pw-cut">{words.cutCharacters(text.length - CELL)}</span>}
    </span>
  );
}
