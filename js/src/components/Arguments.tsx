// The arguments of a call, all of them, as they were written.
import { useMemo } from "preact/hooks";
import type { TooLarge } from "../state/wire";
import { parseJson } from "../text/json";
import * as words from "../text/words";
import type { AnyView } from "../view/view";
import { Decoded } from "./Decoded";
import { Field } from "./Field";
import { isTall, Value } from "./Value";

interface Props {
  view: AnyView;
  /** JSON text. */
  source: string;
  label?: string;
  /** What there is in its place where it is too large for a page. */
  withheld: TooLarge | null;
}

export function Arguments({ view, source, label = words.args, withheld }: Props) {
  const value = useMemo(() => parseJson(source), [source]);
  if (withheld !== null) {
    return (
      <p class="pw-note">{words.withheldArguments(withheld, label)}; run.tool_calls has them.</p>
    );
  }
  const isObject = value?.kind === "object";
  if (source.trim() === "" || (isObject && value.entries.length === 0)) {
    return <p class="pw-note">{words.noArguments}</p>;
  }
  const [only, second] = isObject ? value.entries : [];
  // One argument with a label of its own needs no second label above it.
  if (value && only !== undefined && second === undefined && isTall(...only)) {
    return <Value view={view} value={value} />;
  }
  return (
    <Field label={label} copy={source} what={label}>
      <Decoded view={view} source={source} value={value} />
    </Field>
  );
}
