import { useState } from "preact/hooks";
import { pure, useKeys, useNow } from "../hooks";
import { newId } from "../id";
import * as words from "../strings";
import { clock, STATUS } from "../strings";
import { hasEnded, type View } from "../view";
import { Button } from "./Button";
import { Visible } from "./Visible";

const QUIET_FROM = 10; // seconds without data that are worth a word

/** What runs, how it stands, for how long, and Stop. */
export const Header = pure(function Header({ view }: { view: View }) {
  useKeys(view, "root", "kernel", "beat");
  const { state, quiet, snapshot } = view.store;
  const { status } = view;
  const isLive = !hasEnded(state) && !view.isAbandoned;
  const now = useNow(view, isLive ? 250 : 0);
  const end = state.ended ?? (view.isAbandoned ? snapshot.now : now);
  const tokens = state.usage?.total_tokens;
  const isQuiet = isLive && status !== "waiting" && quiet >= QUIET_FROM;
  const origin = words.origin[state.origin];
  return (
    <header class="pw-head">
      <span class={`pw-dot pw-dot-${status}`} aria-hidden />
      <strong class="pw-status">
        {STATUS[status]}
        {view.isAbandoned && `: ${words.kernelGone}`}
      </strong>
      <span class="pw-who">
        {state.kind} <Visible text={state.name} />
        {origin !== "" && `, ${origin}`}
      </span>
      <span class="pw-figures">
        {isQuiet && <span class="pw-warn">{words.noData(Math.floor(quiet))}</span>}
        {state.started !== null && (
          <span role="timer" aria-live="off">
            {clock(end - state.started)}
          </span>
        )}
        {tokens !== undefined && tokens > 0 && <span>{words.tokens(tokens)}</span>}
      </span>
      {isLive && <Stop view={view} />}
    </header>
  );
});

/** It says what will happen, answers at once, and where it can't act it says why. */
const Stop = pure(function Stop({ view }: { view: View }) {
  useKeys(view, "actions", "kernel", "root");
  const [id] = useState(newId); // the library's own would be the same in every widget of a page
  const sent = view.actions.latest();
  const isSent = sent !== undefined && sent.state !== "refused";
  const whyNot = view.actions.canAct
    ? null
    : view.kernel.word === "live"
      ? words.kernelQuiet
      : words.noKernel;
  const will = whyNot ?? view.store.state.on_stop;
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
        onClick={() => view.actions.act("stop")}
      >
        {isSent ? words.stopping : words.stop}
      </Button>
      <span class="pw-unseen" id={id}>
        {will}
      </span>
      {(said !== null || isSent) && (
        <p class="pw-said" role="status">
          {said ?? will}
        </p>
      )}
    </>
  );
});
