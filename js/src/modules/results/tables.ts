// Values that are tables: the twin of `powawidget/transcript/tables.py`. Read are lists of records;
// lists of lists of one length; rows beside their columns, as pandas' `split` and many tools give
// them; pandas' `table`, with a schema; and objects of objects with the same keys, as its `columns`
// and `index` are.
import { isScalar } from "../../core";
import type { Json } from "../../text/json";

export type Row = Extract<Json, { kind: "object" }>;

/** Records, and what columns they have, in the order in which they first come. */
export interface Records {
  columns: string[];
  rows: Row[];
}

const PLACE = /^(?:0|[1-9]\d{0,8})$/;

/**
 * Reads a value as a table; null where it is none, or where an object has a key twice or two
 * columns have one name, of which a table would hide one.
 */
export function recordsOf(value: Json): Records | null {
  const before = known.get(value);
  if (before !== undefined) return before;
  const records = tableOf(value);
  known.set(value, records);
  return records;
}

const known = new WeakMap<Json, Records | null>();

function tableOf(value: Json): Records | null {
  if (value.kind === "list") return listed(value.items) ?? matrix(value.items);
  if (value.kind !== "object") return null;
  const fields = new Map(value.entries);
  if (fields.size < value.entries.length) return null;
  const data = fields.get("data") ?? fields.get("rows");
  const schema = fields.get("schema");
  const fieldsOf = schema?.kind === "object" ? new Map(schema.entries).get("fields") : undefined;
  const said = fields.get("columns") ?? fieldsOf;
  const columns = namesOf(said);
  if (!columns || data?.kind !== "list") return byKey(fields);
  if (data.items[0]?.kind !== "object") return rowsOf(columns, data.items, fields.get("index"));
  const records = listed(data.items);
  if (!records?.columns.every((name) => columns.includes(name))) return null;
  const isCounted = isPlaces(records.rows.map((row) => cellOf(row, "index")));
  return { ...records, columns: columns.filter((name) => name !== "index" || !isCounted) };
}

function listed(items: Json[]): Records | null {
  const columns = new Set<string>();
  let last: Row["entries"] = [];
  for (const item of items) {
    if (item.kind !== "object") return null;
    const { entries } = item;
    // Most rows have the keys of the row before.
    const isSame =
      entries.length === last.length && entries.every(([key], i) => key === last[i]?.[0]);
    last = entries;
    if (isSame) continue;
    if (new Set(entries.map(([key]) => key)).size < entries.length) return null;
    for (const [key] of entries) columns.add(key);
  }
  return columns.size === 0 ? null : { columns: [...columns], rows: items as Row[] };
}

/** Lists of one length, two by two at least, that hold no others. */
function matrix(items: Json[]): Records | null {
  const [first] = items;
  if (items.length < 2 || first?.kind !== "list" || first.items.length < 2) return null;
  const isFlat = items.every((item) => item.kind === "list" && item.items.every(isScalar));
  return isFlat ? rowsOf([...first.items.keys()].map(String), items) : null;
}

/** Lists as rows, behind an index where it says more than their places. */
function rowsOf(columns: string[], items: Json[], index?: Json): Records | null {
  const before = index?.kind === "list" && index.items.length === items.length ? index.items : [];
  const isCounted = isPlaces(before);
  const names = isCounted ? columns : ["", ...columns];
  if (new Set(names).size < names.length) return null;
  const rows: Row[] = [];
  for (const [i, item] of items.entries()) {
    if (item.kind !== "list" || item.items.length !== columns.length) return null;
    const cells = isCounted ? item.items : [before[i] as Json, ...item.items];
    rows.push({ kind: "object", entries: cells.map((cell, j) => [names[j] as string, cell]) });
  }
  return { columns: names, rows };
}

/** The names of columns, which some tools give together with their types. */
function namesOf(columns: Json | undefined): string[] | null {
  if (columns?.kind !== "list" || columns.items.length === 0) return null;
  const names: string[] = [];
  for (const each of columns.items) {
    const name = each.kind === "object" ? new Map(each.entries).get("name") : each;
    if (!name || !isScalar(name) || name.kind === "word") return null;
    names.push(name.text);
  }
  return names;
}

/** Objects of the same keys: columns where these are places, else rows. */
function byKey(fields: ReadonlyMap<string, Json>): Records | null {
  const names = [...fields.keys()];
  const all = [...fields.values()];
  const keys = all[0]?.kind === "object" ? all[0].entries.map(([key]) => key) : [];
  const isSame = all.every(
    (each) =>
      each.kind === "object" &&
      each.entries.length === keys.length &&
      each.entries.every(([key, inner], i) => key === keys[i] && isScalar(inner)),
  );
  if (!isSame || keys.length === 0 || new Set(keys).size < keys.length) return null;
  const cells = (all as Row[]).map(({ entries }) => entries.map(([, inner]) => inner));
  const areColumns = keys.every((key) => PLACE.test(key));
  if (!areColumns && (names.length < 2 || keys.length < 2)) return null;
  const across = keys.map((_, i) => cells.map((c) => c[i] as Json));
  return areColumns || (areOfKinds(cells) && !areOfKinds(across))
    ? rowsOf(names, across.map(list), textsOf(keys))
    : rowsOf(keys, cells.map(list), textsOf(names));
}

/** Whether none of some lists holds texts beside anything else: rows do, columns don't. */
const areOfKinds = (columns: Json[][]): boolean =>
  columns.every((cells) => {
    const kinds = cells.filter((each) => !isNull(each)).map(({ kind }) => kind === "text");
    return new Set(kinds).size < 2;
  });

const isNull = (value: Json): boolean => value.kind === "word" && value.text === "null";

const list = (items: Json[]): Json => ({ kind: "list", items });

const textsOf = (names: string[]): Json => list(names.map((text) => ({ kind: "text", text })));

/** Whether an index says nothing but the place of each row. */
const isPlaces = (index: (Json | undefined)[]): boolean =>
  index.every((each, i) => each && isScalar(each) && each.text === `${i}`);

export function cellOf({ entries }: Row, column: string): Json | undefined {
  for (const entry of entries) if (entry[0] === column) return entry[1];
  return undefined;
}
