// What is waited for, until when, and what ends that.
import { ActionButton, oneLine, Visible } from "../../core";
import type { Wait } from "../../state/wire";
import { stopping } from "../../text/words";
import { useSheet } from "../../view/sheet";
import type { View } from "../../view/view";
import pauseCss from "./style.css?inline";
import * as words from "./words";

/** Where nothing is waited for, it is a run that was reused: what runs it anew, but for a saved one. */
export function Pause({ view, wait, now = 0 }: { view: View; wait: Wait | null; now?: number }) {
  if (wait !== null) return <Waits view={view} wait={wait} now={now} />;
  return view.store.state.origin === "replay" ? null : <Anew view={view} />;
}

function Anew({ view }: { view: View }) {
  return (
    <div class="pw-anew" ref={useSheet<HTMLDivElement>(pauseCss)}>
      <ActionButton
        view={view}
        action="anew"
        label={words.anew}
        busy={words.sendingAnew}
        then={words.anewCosts}
      />
    </div>
  );
}

function Waits({ view, wait, now }: { view: View; wait: Wait; now: number }) {
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
