// The first line: how the batch stands, what runs and for how many rows, for how long, and Stop.
import { pure, useKeys, useNow, Visible } from "../../core";
import type { Figures } from "../../state/wire";
import { asOf, clock, STATUS } from "../../text/words";
import type { View } from "../../view/view";
import { Deed } from "./Deed";
import * as words from "./words";

const LIVE = ["running", "waiting", "stopping"];

interface Props {
  view: View;
  figures: Figures | null;
  /** Whether it can be stopped from here. */
  mayStop: boolean;
}

export const Head = pure(function Head({ view, figures, mayStop }: Props) {
  useKeys(view, "root", "kernel");
  const { state, isAbandoned, kernel, status } = view.store;
  const now = figures?.status ?? "";
  const isLive = LIVE.includes(now) && !isAbandoned;
  const time = useNow(view, isLive ? 500 : 0);
  const begun = figures === null ? state.started : figures.begun;
  const end = isLive ? time : isAbandoned ? kernel.heardAt : (figures?.ended ?? state.ended);
  const { failed = 0, unknown = 0 } = figures?.counts ?? {};
  const dot =
    now === "done" && failed + unknown > 0
      ? "flawed"
      : ["ready", "stopped", "opened"].includes(now)
        ? "stopped"
        : status;
  const saved = isAbandoned && !kernel.hasSpoken;
  return (
    <header class="pw-head">
      <span class={`pw-dot pw-dot-${dot}`} aria-hidden />
      <strong class="pw-status">
        {saved
          ? asOf(kernel.heardAt, state.status)
          : isAbandoned
            ? words.interrupted
            : figures === null
              ? STATUS[status]
              : words.status(figures)}
      </strong>
      <span class="pw-who">
        {state.kind} <Visible text={state.name} />
      </span>
      <span class="pw-figures">
        {begun !== null && end !== null && end >= begun && (
          <span role="timer" aria-live="off">
            {clock(end - begun)}
          </span>
        )}
        {isLive && figures?.left != null && <span>{words.left(figures.left)}</span>}
      </span>
      {isLive && mayStop && now !== "stopping" && (
        <Deed
          view={view}
          action="stop"
          label={words.stop}
          busy={words.stopping}
          then={state.on_stop}
        />
      )}
    </header>
  );
});
