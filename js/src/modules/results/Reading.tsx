import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { LongText, readJson, Value } from "../../core";
import type { Json } from "../../json";
import * as words from "../../strings/results";
import type { Place } from "../../view";

const A_PAUSE = 12; // ms of reading between two pauses, in which the page goes on
const A_FEW = 500; // values between two looks at the clock

interface Props {
  view: Place;
  /** JSON text. */
  source: string;
  /** What is shown until it is read. */
  children: ComponentChildren;
}

/** Long JSON: read a little at a time, so that the page doesn't stop meanwhile. */
export function Reading({ view, source, children }: Props) {
  const [value, know] = useState<Json | null | undefined>();
  const [progress, advance] = useState(0);
  useEffect(() => {
    const reader = readJson(source);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const goOn = () => {
      const end = performance.now() + A_PAUSE;
      let read: Json | null | undefined;
      do {
        read = reader.read(A_FEW);
      } while (read === undefined && performance.now() < end);
      if (read === undefined) {
        advance(reader.progress);
        timer = setTimeout(goOn);
      } else {
        know(read);
      }
    };
    know(undefined);
    timer = setTimeout(goOn);
    return () => clearTimeout(timer);
  }, [source]);
  if (value === undefined) {
    return (
      <>
        <p class="pw-note">{words.reading(progress)}</p>
        {children}
      </>
    );
  }
  return value === null ? <LongText text={source} /> : <Value view={view} value={value} />;
}
