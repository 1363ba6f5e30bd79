import { isScalar, type Json, pretty } from "../json";
import { isCode } from "../peek";
import * as words from "../strings";
import { CopyButton } from "./CopyButton";
import { LongText } from "./LongText";
import { Table, tableOf } from "./Table";
import { Visible } from "./Visible";

const ROW = 120; // characters that fit beside their key

/** A value: rows where it has keys, a table where it is a list of records, else its text. */
export function Value({ value }: { value: Json }) {
  const table = tableOf(value);
  if (table !== null) return <Table {...table} />;
  if (value.kind !== "object" || value.entries.length === 0) {
    return <LongText text={textOf(value)} />;
  }
  return (
    <div class="pw-rows">
      {value.entries.map(([key, each], index) => (
        <Entry key={index} name={key} value={each} />
      ))}
    </div>
  );
}

/** Whether a value needs the line under its key, and so brings its own label and copy button. */
export const isTall = (name: string, value: Json): boolean =>
  !isScalar(value) ||
  value.text.length > ROW ||
  value.text.includes("\n") ||
  (value.kind === "text" && isCode(name, value.text));

const textOf = (value: Json): string => (value.kind === "text" ? value.text : pretty(value));

function Entry({ name, value }: { name: string; value: Json }) {
  const key = <Visible kind="pw-key" text={name} />;
  if (isScalar(value) && !isTall(name, value)) {
    return (
      <div class="pw-entry">
        {key}
        <Scalar value={value} />
      </div>
    );
  }
  const table = tableOf(value);
  return (
    <div class="pw-tall">
      <div class="pw-label">
        <span>
          {key}
          {table !== null && ` ${words.rows(table.rows.length)}`}
        </span>
        <CopyButton text={() => textOf(value)} what={name} />
      </div>
      {table === null ? <LongText text={textOf(value)} /> : <Table {...table} />}
    </div>
  );
}

/** A plain value; text is bare, so that a text "3" and the number 3 differ by their colour. */
export function Scalar({ value }: { value: Extract<Json, { text: string }> }) {
  const isEmpty = value.kind === "text" && value.text === "";
  return (
    <span class={`pw-value pw-value-${value.kind}`} dir="auto">
      {isEmpty ? '""' : <Visible text={value.text} />}
    </span>
  );
}
