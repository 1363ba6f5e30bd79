// What a call returned: a table, an image, a tree, the rows of an object, or text.
import type { ComponentProps } from "preact";
import { useMemo } from "preact/hooks";
import type { ToolPart } from "../state/wire";
import { hasPicture, isImage, sizeOf } from "../text/glance";
import { countOf, type Json, parseJson } from "../text/json";
import * as words from "../text/words";
import { useModule } from "../view/hooks";
import type { AnyView } from "../view/view";
import { Decoded } from "./Decoded";
import { Field } from "./Field";
import { LongText } from "./LongText";
import { Value } from "./Value";

/* A colour of a terminal, or a carriage return, as it is or in JSON. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what it looks for
const WRITTEN = /[\r\x1b]|\\(?:r|u001b)/i;

interface Props {
  view: AnyView;
  part: ToolPart;
  status: ToolPart["status"];
}

export function Result({ view, part, status }: Props) {
  const { result } = part;
  const isJson = result !== null && (part.json || /^\s*[[{"]/.test(result));
  const value = useMemo(() => {
    if (result !== null && isImage(result)) return { kind: "text" as const, text: result };
    const read = isJson ? parseJson(result) : null;
    return read?.kind === "text" && !part.json ? null : read;
  }, [result, part.json]);
  if (result === null) {
    const isOpen = status === "running" || status === "waiting";
    return <p class="pw-note">{isOpen ? words.noResultYet : words.noResult}</p>;
  }
  const hasFailed = status === "failed" || status === "denied";
  const plain = hasFailed ? words.error : words.result;
  const said = value && !hasPicture(result) ? sizeOf(value) : "";
  const size = value?.kind === "object" && said === words.object(countOf(value)) ? "" : said;
  const whole = size === "" ? plain : words.resultOf(size);
  const Shown = WRITTEN.test(result) ? Settled : Decoded;
  const label = isPreview(part) ? words.preview(result.length, part.size) : whole;
  return (
    <Field label={label} copy={result} what={words.result}>
      <Shown view={view} source={result} value={value} kind={hasFailed ? "pw-bad" : ""} />
    </Field>
  );
}

/** A result, settled by a module where it was written for a terminal. */
function Settled(props: ComponentProps<typeof Decoded>) {
  const { view, source, kind = "" } = props;
  const results = useModule(view, "results");
  if (!results) return <Decoded {...props} />;
  const draw = (value: Json) => <Value view={view} value={results.settle(value)} />;
  return props.value === null ? (
    <LongText text={results.settled(source)} kind={kind} />
  ) : (
    <Decoded {...props} draw={draw} />
  );
}

/** Whether only the start of the result has come. */
export function isPreview({ result, full, size }: ToolPart): boolean {
  if (result === null || full) return false;
  return size === null ? result.length >= 200 : size > result.length;
}
