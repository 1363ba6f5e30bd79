// Long JSON: read a little at a time, so that the page doesn't stop meanwhile.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { readJson } from "../../core";
import type { Json } from "../../text/json";
import { useSlices, type Work } from "./slices";
import * as words from "./words";

const A_FEW = 500; // values between two looks at the clock

interface Props {
  /** JSON text. */
  source: string;
  /** That text as it is shown until it is read, and where it isn't JSON. */
  text: ComponentChildren;
  draw: (value: Json) => ComponentChildren;
}

export function Reading({ source, text, draw }: Props) {
  const { progress, value } = useSlices(useMemo(() => reading(source), [source]));
  if (value === undefined) {
    return (
      <>
        <p class="pw-note">{words.reading(progress)}</p>
        {text}
      </>
    );
  }
  return value === null ? text : draw(value);
}

function* reading(source: string): Work<Json | null> {
  const reader = readJson(source);
  for (;;) {
    const read = reader.read(A_FEW);
    if (read !== undefined) return read;
    yield reader.progress;
  }
}
