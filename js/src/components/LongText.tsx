// Text in a box, line breaks kept; the rest of a long one waits behind a button that counts it.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { MOST_MARKS, reach } from "../text/visible";
import * as words from "../text/words";
import { Button } from "./Button";
import { Visible } from "./Visible";

const FIRST = 2_000; // characters shown at first
const STEP = 50_000; // characters more at a click: a browser stalls on megabytes at once

interface Props {
  text: string;
  kind?: string;
  /** Characters shown at first. */
  first?: number;
  /** Draws what is shown, where it isn't plain text. */
  draw?: (shown: string) => ComponentChildren;
}

export function LongText({ text, kind = "", first = FIRST, draw }: Props) {
  const [steps, more] = useState(0);
  const marks = MOST_MARKS * (steps + 1);
  const now = text.slice(0, reach(text, first + steps * STEP, marks));
  const rest = text.length - now.length;
  if (!/[^ \n]/.test(text)) return <p class="pw-note">{words.empty}</p>; // an empty box says nothing
  return (
    <div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre class={`pw-pre ${kind}`} dir="auto" tabIndex={0}>
        {draw === undefined ? <Visible text={now} most={now.length} marks={marks} /> : draw(now)}
      </pre>
      {rest > 0 && (
        <Button class="pw-quiet pw-more" onClick={() => more(steps + 1)}>
          {words.moreCharacters(rest)}
        </Button>
      )}
    </div>
  );
}
