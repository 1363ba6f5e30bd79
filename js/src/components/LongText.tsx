import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import * as words from "../strings";
import { Button } from "./Button";
import { Visible } from "./Visible";

const FOLDED = 2_000; // characters shown at first
const STEP = 50_000; // characters more at a click: a browser stalls on megabytes at once

interface Props {
  text: string;
  kind?: string;
  /** Characters shown at first. */
  folded?: number;
  /** Draws what is shown, where it isn't plain text. */
  draw?: (shown: string) => ComponentChildren;
}

/** Text in a box, line breaks kept; the rest of a long one waits behind a button that counts it. */
export function LongText({ text, kind = "", folded = FOLDED, draw }: Props) {
  const [shown, show] = useState(folded);
  const rest = text.length - shown;
  const now = rest > 0 ? whole(text, shown) : text;
  return (
    <div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre class={`pw-pre ${kind}`} dir="auto" tabIndex={0}>
        {draw === undefined ? <Visible text={now} /> : draw(now)}
      </pre>
      {rest > 0 && (
        <Button class="pw-quiet pw-more" onClick={() => show(shown + STEP)}>
          {words.moreCharacters(rest)}
        </Button>
      )}
    </div>
  );
}

/** The first characters, never half of a pair. */
function whole(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
