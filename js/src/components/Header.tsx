import { useState } from "preact/hooks";
import { isOver } from "../actions";
import { tally } from "../blocks";
import { pure, useKeys, useNow } from "../hooks";
import { newId } from "../id";
import { oneLine } from "../peek";
import * as words from "../strings";
import { clock, STATUS } from "../strings";
import { hasEnded, type View } from "../view";
import type { Wait } from "../wire";
import { Button } from "./Button";
import { Visible } from "./Visible";
import { agentsOf } from "./Work";

const QUIET_FROM = 10; // seconds without data that are worth a word

interface HeaderProps {
  view: View;
  /** Of a chat, whose last turn this is. */
  totals?: () => { turns: number; tokens: number };
}

/** What runs, how it stands, for how long, and Stop. */
export const Header = pure(function Header({ view, totals }: HeaderProps) {
  useKeys(view, "root", "blocks", "work", "kernel", "beat");
  const { state, quiet, snapshot, outline } = view.store;
  const { status } = view;
  const isLive = !hasEnded(state) && !view.isAbandoned;
  // A run whose stream was cut is over, but may still be looked up.
  const wait = view.kernel.word === "gone" ? null : state.wait;
  const now = useNow(view, isLive || wait !== null ? 250 : 0);
  const end = state.ended ?? (view.isAbandoned ? snapshot.now : now);
  const chat = totals?.();
  const tokens = chat?.tokens ?? state.usage?.total_tokens;
  const isQuiet = isLive && status !== "waiting" && quiet >= QUIET_FROM;
  const isOld = chat !== undefined && state.origin !== "live"; // each turn says so itself
  const origin = isOld ? "" : words.origin[state.origin];
  const blocks = tally(state.blocks);
  const isFlawed = status === "completed" && blocks.failed > 0;
  return (
    <header class="pw-head">
      <span class={`pw-dot pw-dot-${isFlawed ? "flawed" : status}`} aria-hidden />
      <strong class="pw-status">
        {isFlawed ? words.endedWith(blocks.failed) : STATUS[status]}
        {view.isAbandoned && `: ${words.kernelGone}`}
      </strong>
      <span class="pw-who">
        {state.kind} <Visible text={state.name} />
        {origin !== "" && `, ${origin}`}
        {isLive && outline.working !== undefined && (
          <span class="pw-at">
            {" · "}
            <Visible text={words.isAtWork(agentsOf(state, outline.working))} />
          </span>
        )}
      </span>
      <span class="pw-figures">
        {blocks.all > 0 && <span>{words.blocks(blocks, state.graph || !isLive)}</span>}
        {isQuiet && <span class="pw-warn">{words.noData(Math.floor(quiet))}</span>}
        {chat !== undefined && <span>{words.turns(chat.turns)}</span>}
        {state.started !== null && !isOld && (
          <span role="timer" aria-live="off">
            {clock(end - state.started)}
          </span>
        )}
        {tokens !== undefined && tokens > 0 && <span>{words.tokens(tokens)}</span>}
      </span>
      {isLive && (
        <Act
          view={view}
          action="stop"
          label={words.stop}
          busy={words.stopping}
          then={state.on_stop}
        />
      )}
      {wait !== null && <Pause view={view} wait={wait} now={now} />}
    </header>
  );
});

interface ActProps {
  view: View;
  action: "stop" | "give_up";
  label: string;
  /** The label once it is sent. */
  busy: string;
  /** What will happen. */
  then: string;
}

/** A button that says what will happen, answers at once, and where it can't act it says why. */
const Act = pure(function Act({ view, action, label, busy, then }: ActProps) {
  useKeys(view, "actions", "kernel");
  const [id] = useState(newId); // the library's own would be the same in every widget of a page
  const sent = view.actions.latest(action);
  const isSent = sent !== undefined && !isOver(sent);
  const whyNot = view.actions.canAct
    ? null
    : view.kernel.word === "live"
      ? words.kernelQuiet
      : words.noKernel;
  const will = whyNot ?? then;
  const said =
    sent?.state === "slow"
      ? words.kernelBusy
      : sent?.state === "refused"
        ? words.refused(sent.refused ?? "")
        : null;
  return (
    <>
      <Button
        class="pw-button"
        aria-disabled={isSent || whyNot !== null}
        aria-describedby={will === "" ? undefined : id}
        title={will}
        onClick={() => view.actions.act(action)}
      >
        {isSent ? busy : label}
      </Button>
      <span class="pw-unseen" id={id}>
        {will}
      </span>
      {(said !== null || (isSent && will !== "")) && (
        <p class="pw-said" role="status">
          {said ?? will}
        </p>
      )}
    </>
  );
});

interface PauseProps {
  view: View;
  wait: Wait;
  now: number;
}

/** What is waited for, until when, and what ends that. */
function Pause({ view, wait, now }: PauseProps) {
  const { purpose, why, until, attempt } = wait;
  const isRetry = purpose === "retry";
  return (
    <div class="pw-pause">
      <span role="timer" aria-live="off">
        <Visible text={(isRetry && oneLine(why)) || words.waits[purpose]} />
        {": "}
        {isRetry ? words.nextTry(until - now, attempt) : words.nextLook(until - now)}
      </span>
      <Act
        view={view}
        action="give_up"
        label={isRetry ? words.giveUp : words.stopLooking}
        busy={words.stopping}
        then=""
      />
    </div>
  );
}
