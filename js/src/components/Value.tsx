// A value of JSON: a row for each key of an object; anything else by itself, as text, table or tree.
import type { ComponentChildren } from "preact";
import { hasPicture, isImage, languageOf, sizeOf } from "../text/glance";
import { isScalar, type Json, pretty } from "../text/json";
import * as words from "../text/words";
import { useModule } from "../view/hooks";
import type { AnyView } from "../view/view";
import { CopyButton } from "./CopyButton";
import { LongText } from "./LongText";
import { Visible } from "./Visible";

const ROW = 120; // characters that fit beside their key
const ROWS = 100; // more keys than these are paged

interface Props {
  view: AnyView;
  value: Json;
}

export function Value({ view, value }: Props) {
  const isRows = value.kind === "object" && value.entries.length > 0;
  if (!isRows || value.entries.length > ROWS) return <Whole view={view} value={value} />;
  const rows = <Rows view={view} value={value} />;
  // A table or a picture may be in what isn't flat: the module knows.
  const isFlat = value.entries.every(
    ([, each]) => isScalar(each) && !hasPicture(`"${each.text.slice(0, 30)}`),
  );
  return isFlat ? rows : <Nested view={view} value={value} meanwhile={rows} />;
}

/** A row for each key of an object. */
export function Rows({ view, value }: { view: AnyView; value: Extract<Json, { kind: "object" }> }) {
  const [, said] = value.entries.find(([key]) => key === "language") ?? [];
  const language = said?.kind === "text" ? said.text : "";
  return (
    <div class="pw-rows">
      {value.entries.map(([key, each], index) => (
        <Entry key={index} view={view} name={key} value={each} language={language} />
      ))}
    </div>
  );
}

/** Whether a value needs the line under its key, and so brings its own label and copy button. */
export const isTall = (name: string, value: Json): boolean =>
  !isScalar(value) ||
  value.text.length > ROW ||
  isImage(value.text) ||
  value.text.includes("\n") ||
  (value.kind === "text" && languageOf(name, value.text) !== "");

const textOf = (value: Json): string => (value.kind === "text" ? value.text : pretty(value));

interface EntryProps extends Props {
  name: string;
  /** What code beside it is said to be in. */
  language: string;
}

function Entry({ view, name, value, language }: EntryProps) {
  const key = <Visible kind="pw-key" text={name} />;
  if (isScalar(value) && !isTall(name, value)) {
    return (
      <div class="pw-entry">
        {key}
        <Scalar value={value} />
      </div>
    );
  }
  const code = value.kind === "text" ? languageOf(name, value.text, language) : "";
  return (
    <div class="pw-tall">
      <div class="pw-label">
        <span>
          {key} {sizeOf(value)}
        </span>
        <CopyButton text={() => textOf(value)} what={name} />
      </div>
      {code === "" ? (
        <Whole view={view} value={value} />
      ) : (
        <Code view={view} text={textOf(value)} language={code} />
      )}
    </div>
  );
}

/** A value on its own: its text, but for what a module shows better once it is here. */
function Whole({ view, value }: Props) {
  const isPlain =
    isScalar(value) || (value.kind === "list" ? value.items : value.entries).length === 0;
  if (isScalar(value) && isImage(value.text))
    return <Nested view={view} value={value} meanwhile={words.image} />;
  return isPlain ? <LongText text={textOf(value)} /> : <Nested view={view} value={value} />;
}

interface NestedProps extends Props {
  /** What is shown until the module is here. */
  meanwhile?: ComponentChildren;
}

function Nested({ view, value, meanwhile }: NestedProps) {
  const results = useModule(view, "results");
  if (results !== undefined) return <results.Nested view={view} value={value} />;
  return <>{meanwhile ?? <LongText text={pretty(value)} />}</>;
}

/** Code in a box, coloured once the module is here. */
function Code({ view, text, language }: { view: AnyView; text: string; language: string }) {
  const code = useModule(view, "code");
  if (code === undefined) return <LongText text={text} />;
  return (
    <LongText text={text} draw={(shown) => <code.Colours text={shown} language={language} />} />
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
