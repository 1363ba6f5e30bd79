// An opened block: its input, its text, its output, its error.
import { CopyButton, Field, LongText, parseJson, StreamedText } from "../../core";
import { textAt } from "../../state/run";
import type { Block } from "../../state/wire";
import { settle, settled } from "../../text/terminal";
import * as words from "../../text/words";
import type { View } from "../../view/view";
import { JsonField } from "./Content";
import { named } from "./named";

interface Props {
  view: View;
  index: number;
  block: Block;
  status: Block["status"];
}

export function BlockBody({ view, index, block, status }: Props) {
  const { input, output, error, text } = block;
  const { blocks } = view.store.state;
  const path = `blocks/${index}/text` as const;
  const isText = text !== "" && (output === null || isSame(output, text));
  const isEmpty = input === null && output === null && error === null && text === "";
  return (
    <div class="pw-open">
      {input !== null && (
        <JsonField
          view={view}
          label={words.input}
          source={input}
          show={(value) => named(value, blocks)}
        />
      )}
      {text !== "" && (
        <div class="pw-field">
          <div class="pw-label">
            <span>{isText && status !== "failed" ? words.output : words.text}</span>
            <CopyButton text={() => textAt(view.store.state, path)} what={words.output} />
          </div>
          <StreamedText view={view} kind="pw-text" path={path} />
        </div>
      )}
      {output !== null && !isText && error === null && (
        <JsonField view={view} label={words.output} source={output} show={settle} />
      )}
      {error !== null && (
        <Field label={words.error} copy={error} what={words.error}>
          <LongText text={settled(error)} kind="pw-bad" />
        </Field>
      )}
      {isEmpty && (
        <p class="pw-note">{status === "running" ? words.noOutputYet : words.nothingKept}</p>
      )}
    </div>
  );
}

/** Whether an output is the text that was streamed. */
function isSame(output: string, text: string): boolean {
  const value = parseJson(output);
  return value?.kind === "text" && value.text.trim() === text.trim();
}
