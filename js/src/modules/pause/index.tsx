import { useLayoutEffect, useRef } from "preact/hooks";
import { Act, oneLine, Visible } from "../../core";
import type { Wait } from "../../state/wire";
import { stopping } from "../../text/words";
import { addSheet } from "../../view/sheet";
import type { View } from "../../view/view";
import { pauseCss } from "./style";
import * as words from "./words";

export interface PauseProps {
  view: View;
  wait: Wait;
  now: number;
}

/** What is waited for, until when, and what ends that. */
export function Pause({ view, wait, now }: PauseProps) {
  const { purpose, why, until, attempt } = wait;
  const isRetry = purpose === "retry";
  const host = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => addSheet(host.current as HTMLDivElement, pauseCss), []);
  return (
    <div class="pw-pause" ref={host}>
      <span role="timer" aria-live="off">
        <Visible text={(isRetry && oneLine(why)) || words.waits[purpose]} />
        {": "}
        {isRetry ? words.nextTry(until - now, attempt) : words.nextLook(until - now)}
      </span>
      <Act
        view={view}
        action="give_up"
        label={isRetry ? words.giveUp : words.stopLooking}
        busy={stopping}
        then=""
      />
    </div>
  );
}
