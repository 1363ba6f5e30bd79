// The result of a workflow: what the person came for.
import { CopyButton, Decoded, parseJson, useMemo } from "../../core";
import { settle } from "../../text/terminal";
import * as words from "../../text/words";
import type { View } from "../../view/view";
import { Content } from "./Content";

export function Output({ view, source }: { view: View; source: string }) {
  const value = useMemo(() => parseJson(source), [source]);
  const text = value?.kind === "text" ? value.text : source;
  return (
    <section class="pw-output">
      <div class="pw-label">
        <strong>{words.output}</strong>
        <CopyButton text={() => text} what={words.output} />
      </div>
      <Decoded
        {...{ view, source, value }}
        draw={(read) => <Content view={view} value={settle(read)} kind="pw-prose" />}
      />
    </section>
  );
}
