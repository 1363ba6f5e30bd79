// What a call returned: a table, an image, a tree, the rows of an object, or text.
import { useMemo } from "preact/hooks";
import type { ToolPart } from "../state/wire";
import { isImage } from "../text/glance";
import { holdsImage, parseJson } from "../text/json";
import * as words from "../text/words";
import type { AnyView } from "../view/view";
import { Decoded } from "./Decoded";
import { Field } from "./Field";
import { sizeOf } from "./Value";

interface Props {
  view: AnyView;
  part: ToolPart;
  status: ToolPart["status"];
}

export function Result({ view, part, status }: Props) {
  const { result } = part;
  const isJson = result !== null && (part.json || /^\s*[[{"]/.test(result));
  const value = useMemo(() => {
    const read = isJson ? parseJson(result) : null;
    return read?.kind === "text" && !part.json ? null : read;
  }, [result, part.json]);
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
      ) : (
        <Decoded view={view} source={result} value={value} kind={hasFailed ? "pw-bad" : ""} />
      )}
    </Field>
  );
}

/** Whether only the start of the result has come. */
export function isPreview({ result, full, size }: ToolPart): boolean {
  if (result === null || full) return false;
  return size === null ? result.length >= 200 : size > result.length;
}
