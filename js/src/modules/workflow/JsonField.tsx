import { Field, LongText, parseJson, useMemo, Value } from "../../core";

interface Props {
  label: string;
  /** JSON text. */
  source: string;
}

/** A labelled value: rows, a table or a tree, and text without its quotes. */
export function JsonField({ label, source }: Props) {
  const value = useMemo(() => parseJson(source), [source]);
  const text = value?.kind === "text" ? value.text : null;
  return (
    <Field label={label} copy={text ?? source} what={label}>
      {value === null || text !== null ? (
        <LongText text={text ?? source} />
      ) : (
        <Value value={value} />
      )}
    </Field>
  );
}
