// What is waited for, until when, and what ends that.
import { ActionButton, oneLine, Visible } from "../../core";
import type { Wait } from "../../state/wire";
import { stopping } from "../../text/words";
import { useSheet } from "../../view/sheet";
import type { View } from "../../view/view";
import pauseCss from "./style.css?inline";
import * as words from "./words";

export function Pause({ view, wait, now }: { view: View; wait: Wait; now: number }) {
  const { purpose, why, until, attempt } = wait;
  const isRetry = purpose === "retry";
  const host = useSheet<HTMLDivElement>(pauseCss);
  return (
    <div class="pw-pause" ref={host}>
      <span role="timer" aria-live="off">
        <Visible text={(isRetry && oneLine(why)) || words.waits[purpose]} />
        {": "}
        {isRetry ? words.nextTry(until - now, attempt) : words.nextLook(until - now)}
      </span>
      <ActionButton
        view={view}
        action="give_up"
        label={isRetry ? words.giveUp : words.stopLooking}
        busy={stopping}
        then=""
      />
    </div>
  );
}
