// One row: its cells, how it stands, and for how long.
import { pure, useNow, Visible } from "../../core";
import type { BoardColumn, Line } from "../../state/wire";
import type { View } from "../../view/view";
import { Left } from "./Next";
import { CELL } from "./roles";
import * as words from "./words";

/** What is as it looks. Thousands of rows are drawn while one scrolls: most cells need no more. */
const PLAIN = /^[ -~]*$/;

interface Props {
  view: View;
  line: Line;
  columns: readonly BoardColumn[];
  /** Whether it takes two lines. */
  narrow: boolean;
  /** When its axis begins, in seconds since the epoch; null before anything was sent. */
  begun: number | null;
}

export const RowLine = pure(function RowLine({ view, line, columns, narrow, begun }: Props) {
  const { cells, standing, chip, why } = line;
  const cell = (text: string, at: number) => (
    <span key={at} {...CELL} class={`pw-cell pw-of-${columns[at]?.origin}`} dir="auto" title={text}>
      {PLAIN.test(text) ? text : <Visible text={text} />}
    </span>
  );
  const state = (
    <span {...CELL} class={`pw-cell pw-standing pw-is-${standing}`} title={why || undefined}>
      {standing === "done" && (
        <b class="pw-board-done" aria-hidden>
          ✓
        </b>
      )}
      {standing === "done" && <span class="pw-unseen">{words.done}</span>}
      {chip === "" ? (
        standing !== "done" && <span>{words.STANDING[standing]}</span>
      ) : (
        <span class="pw-board-chip">
          <Visible text={chip} />
          {standing === "waiting" && <Left view={view} deadline={line.deadline} />}
        </span>
      )}
    </span>
  );
  const time = <Time view={view} line={line} />;
  const when = <When line={line} begun={begun} />;
  if (!narrow) {
    return (
      <div class="pw-board-line">
        {cells.map(cell)}
        {state}
        {time}
        {when}
      </div>
    );
  }
  const isOutput = (_: string, at: number) => columns[at]?.origin === "output";
  const first = columns.findIndex(({ origin }) => origin === "input");
  const came = cells.filter((text, at) => isOutput(text, at) && text !== "");
  return (
    <div class="pw-board-line">
      <span class="pw-board-two">
        {cell(cells[0] ?? "", 0)}
        {first > 0 && cell(cells[first] ?? "", first)}
      </span>
      <span class="pw-board-two">
        {came.length > 0 &&
          cell(
            came.join(" · "),
            columns.findIndex((_, at) => isOutput("", at)),
          )}
        {state}
        {time}
      </span>
      {when}
    </div>
  );
});

/** When a row ran, on the time that the batch takes: a thin line under it. One that runs ends now. */
function When({ line, begun }: Pick<Props, "line" | "begun">) {
  const { standing, seconds } = line;
  const sent = line.sent ?? line.since;
  if (begun === null || sent === null || sent < begun) return null;
  // The style divides by the axis's length, so that only that changes while the batch goes on.
  const from = sent - begun;
  const to = seconds === null ? "var(--pw-length)" : from + seconds;
  const style = { "--pw-from": from, "--pw-to": to };
  return <i class={`pw-board-when pw-is-${standing}`} style={style} aria-hidden />;
}

function Time({ view, line }: Pick<Props, "view" | "line">) {
  const { seconds, since, standing } = line;
  const isLive = since !== null && (standing === "running" || standing === "waiting");
  return (
    <span {...CELL} class="pw-cell pw-board-time">
      {isLive ? <Since view={view} since={since} /> : seconds !== null && words.took(seconds)}
    </span>
  );
}

function Since({ view, since }: { view: View; since: number }) {
  const now = useNow(view, view.store.isLive ? 1000 : 0);
  return <>{words.took(Math.max(0, now - since))}</>;
}
