import { useMemo } from "preact/hooks";
import { useModule } from "../hooks";
import { holdsImage, parseJson } from "../json";
import { isImage } from "../peek";
import * as words from "../strings";
import type { Place } from "../view";
import type { ToolPart } from "../wire";
import { Field } from "./Field";
import { LongText } from "./LongText";
import { sizeOf, Value } from "./Value";

const AT_ONCE = 200_000; // characters of JSON that are read without a pause

interface Props {
  view: Place;
  part: ToolPart;
  status: ToolPart["status"];
}

/** What a call returned: a table, an image, a tree, the rows of an object, or text. */
export function Result({ view, part, status }: Props) {
  const { result } = part;
  const isJson = result !== null && (part.json || /^\s*[[{"]/.test(result));
  const isLong = result !== null && result.length > AT_ONCE;
  const value = useMemo(() => (isJson && !isLong ? parseJson(result) : null), [result]);
  if (result === null) {
    const isOpen = status === "running" || status === "waiting";
    return <p class="pw-note">{isOpen ? words.noResultYet : words.noResult}</p>;
  }
  if (result === "") return <p class="pw-note">{words.emptyResult}</p>;
  const hasFailed = status === "failed" || status === "denied";
  const plain = hasFailed ? words.error : words.result;
  const size = value?.kind === "list" && !holdsImage(value) ? sizeOf(value) : "";
  const whole = size === "" ? plain : words.resultOf(size);
  const label = isPreview(part) ? words.preview(result.length, part.size) : whole;
  return (
    <Field label={label} copy={result} what={words.result}>
      {isImage(result) ? (
        <img class="pw-image" src={result} alt={words.imageOf(part.name)} />
      ) : value !== null && (value.kind !== "text" || part.json) ? (
        <Value view={view} value={value} />
      ) : isJson && isLong ? (
        <Long view={view} source={result} />
      ) : (
        <LongText text={result} kind={hasFailed ? "pw-bad" : ""} />
      )}
    </Field>
  );
}

/** JSON that takes a while to be read: its text until a module has read it. */
function Long({ view, source }: { view: Place; source: string }) {
  const results = useModule(view, "results");
  const text = <LongText text={source} />;
  if (results === undefined) return text;
  return (
    <results.Reading view={view} source={source}>
      {text}
    </results.Reading>
  );
}

/** Whether only the start of the result has come. */
export function isPreview({ result, full, size }: ToolPart): boolean {
  if (result === null || full) return false;
  return size === null ? result.length >= 200 : size > result.length;
}
