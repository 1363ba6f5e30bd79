import { useMemo } from "preact/hooks";
import { parseJson } from "../json";
import { isImage } from "../peek";
import * as words from "../strings";
import type { ToolPart } from "../wire";
import { Field } from "./Field";
import { LongText } from "./LongText";
import { tableOf } from "./Table";
import { Value } from "./Value";

/** What a call returned: a table, an image, the rows of an object, or text. */
export function Result({ part, status }: { part: ToolPart; status: ToolPart["status"] }) {
  const { result } = part;
  const value = useMemo(
    () => (result !== null && /^\s*[[{"]/.test(result) ? parseJson(result) : null),
    [result],
  );
  if (result === null) {
    const isOpen = status === "running" || status === "waiting";
    return <p class="pw-note">{isOpen ? words.noResultYet : words.noResult}</p>;
  }
  if (result === "") return <p class="pw-note">{words.emptyResult}</p>;
  const table = value === null ? null : tableOf(value);
  const hasFailed = status === "failed" || status === "denied";
  const plain = hasFailed ? words.error : words.result;
  const label = isPreview(part)
    ? words.preview(result.length, part.size)
    : table === null
      ? plain
      : words.resultRows(table.rows.length);
  return (
    <Field label={label} copy={result} what={words.result}>
      {isImage(result) ? (
        <img class="pw-image" src={result} alt={words.imageOf(part.name)} />
      ) : value !== null && (value.kind !== "text" || part.json) ? (
        <Value value={value} />
      ) : (
        <LongText text={result} kind={hasFailed ? "pw-bad" : ""} />
      )}
    </Field>
  );
}

/** Whether only the start of the result has come. */
export function isPreview({ result, full, size }: ToolPart): boolean {
  if (result === null || full) return false;
  return size === null ? result.length >= 200 : size > result.length;
}
