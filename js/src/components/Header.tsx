// What runs, how it stands, for how long, and Stop.
import type { ChatStore } from "../state/chat";
import { tally } from "../state/tally";
import * as words from "../text/words";
import { clock, STATUS } from "../text/words";
import { pure, useKeys, useNow } from "../view/hooks";
import type { View } from "../view/view";
import { ActionButton } from "./ActionButton";
import { agentsOf } from "./Delegation";
import { Paused } from "./Paused";
import { Visible } from "./Visible";

const QUIET_FROM = 10; // seconds without data that are worth a word

interface HeaderProps {
  view: View;
  /** Of a chat, whose last turn this is. */
  totals?: ChatStore["totals"];
}

export const Header = pure(function Header({ view, totals }: HeaderProps) {
  useKeys(view, "root", "blocks", "work", "kernel", "beat", "file");
  const { state, status, kernel, outline, isAbandoned, isLive } = view.store;
  // A run whose stream was cut is over, but may still be looked up.
  const wait = kernel.liveness === "gone" ? null : state.wait;
  const now = useNow(view, isLive || wait !== null ? 250 : 0);
  const end = state.ended ?? (isAbandoned ? kernel.heardAt : now);
  const chat = totals?.();
  // Of a chat either the turn that goes on is told, or all of it: one scope at a time.
  const tokens = isLive || chat === undefined ? state.usage?.total_tokens : chat.tokens;
  const isQuiet = isLive && status !== "waiting" && kernel.quiet >= QUIET_FROM;
  const isOld = chat !== undefined && state.origin !== "live"; // each turn says so itself
  const origin = isOld ? "" : words.origin[state.origin];
  const blocks = tally(state.blocks);
  // What a file holds went on when it was saved: what became of it isn't known here.
  const isSaved = isAbandoned && !kernel.hasSpoken;
  const isFlawed = status === "completed" && blocks.failed > 0;
  return (
    <header class="pw-head">
      <span class={`pw-dot pw-dot-${isFlawed ? "flawed" : status}`} aria-hidden />
      <strong class={isSaved ? undefined : "pw-status"}>
        {isSaved
          ? words.asOf(kernel.heardAt, state.status)
          : isFlawed
            ? words.endedWith(blocks.failed)
            : STATUS[status]}
        {isAbandoned && !isSaved && `: ${words.kernelGone}`}
      </strong>
      <span
        class="pw-who"
        title={kernel.fileBytes > 0 ? words.inTheFile(kernel.fileBytes) : undefined}
      >
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
        {isQuiet && (
          <span class="pw-warn">{words.noData(Math.floor(kernel.quiet), kernel.alive)}</span>
        )}
        {chat !== undefined && (
          <span>{isLive ? words.turn(chat.turns) : words.turns(chat.turns)}</span>
        )}
        {state.started !== null && !isOld && (isLive || chat === undefined) && (
          <span role="timer" aria-live="off">
            {clock(end - state.started)}
          </span>
        )}
        {tokens !== undefined && tokens > 0 && <span>{words.tokenCount(tokens)}</span>}
      </span>
      {isLive && (
        <ActionButton
          view={view}
          action="stop"
          label={words.stop}
          busy={words.stopping}
          then={state.on_stop}
        />
      )}
      {wait !== null && <Paused view={view} wait={wait} now={now} />}
    </header>
  );
});
