// A value that came out of a block: texts as markdown where that is what they are.
import {
  CopyButton,
  Decoded,
  Field,
  LongText,
  parseJson,
  StreamedText,
  useMemo,
  Value,
  Visible,
} from "../../core";
import type { Json } from "../../text/json";
import type { View } from "../../view/view";

/** What makes a text read better as markdown than as it stands. */
const MARKED = /^ {0,3}(?:#{1,6} |[-*+] |\d+[.)] |>|```|\|)|\*\*\S|`\S/m;
const LONGEST = 100_000; // characters: who gets more gets it collapsed

const isMarked = (text: string): boolean => text.length <= LONGEST && MARKED.test(text);

interface Props {
  view: View;
  value: Json;
  /** The class of a text that isn't markdown. */
  kind?: string;
}

export function Content({ view, value, kind = "" }: Props) {
  if (value.kind === "text") {
    if (!isMarked(value.text)) return <LongText text={value.text} kind={kind} />;
    return <StreamedText view={view} kind="pw-text" text={value.text} />;
  }
  if (value.kind !== "object" || !value.entries.some(isMarkdown))
    return <Value view={view} value={value} />;
  return (
    <>
      {segments(value.entries).map(([first, ...more], index) =>
        isMarkdown(first) ? (
          <div key={index}>
            <div class="pw-label">
              <Visible kind="pw-key" text={first[0]} />
              <CopyButton text={() => first[1].text} what={first[0]} />
            </div>
            <StreamedText view={view} kind="pw-text" text={first[1].text} />
          </div>
        ) : (
          <Value key={index} view={view} value={{ kind: "object", entries: [first, ...more] }} />
        ),
      )}
    </>
  );
}

/** Each markdown text for itself, and what stands between them together. */
function segments(entries: readonly Entry[]): [Entry, ...Entry[]][] {
  const found: [Entry, ...Entry[]][] = [];
  for (const entry of entries) {
    const last = found.at(-1);
    if (last === undefined || isMarkdown(entry) || isMarkdown(last[0])) found.push([entry]);
    else last.push(entry);
  }
  return found;
}

type Entry = [key: string, value: Json];
type TextEntry = [key: string, value: Extract<Json, { kind: "text" }>];

const isMarkdown = (entry: Entry): entry is TextEntry =>
  entry[1].kind === "text" && entry[1].text.includes("\n") && isMarked(entry[1].text);

interface JsonFieldProps {
  view: View;
  label: string;
  /** JSON text. */
  source: string;
  /** What is shown of it; by default all of it. */
  show?: (value: Json) => Json;
}

/** A labelled value; Copy copies it as it came, but a text without its quotes. */
export function JsonField({ view, label, source, show = (value) => value }: JsonFieldProps) {
  const value = useMemo(() => parseJson(source), [source]);
  const text = value?.kind === "text" ? value.text : source;
  return (
    <Field label={label} copy={text} what={label}>
      <Decoded
        {...{ view, source, value }}
        draw={(read) => <Content view={view} value={show(read)} />}
      />
    </Field>
  );
}
