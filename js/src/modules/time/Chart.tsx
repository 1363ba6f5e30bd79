// The chart of a run's time: figures, a bar for each span on one axis, and the way to its card.
import { axisOf, Button, pure, ToolName, useKeys, useMemo, useNow, Visible } from "../../core";
import { duration, TENTH, time } from "../../text/words";
import { useSheet } from "../../view/sheet";
import type { View } from "../../view/view";
import { goTo } from "./goto";
import { type Row, rowsOf, timingOf } from "./rows";
import timeCss from "./style.css?inline";
import { ticksOf } from "./ticks";
import * as words from "./words";

const MOST = 200;
// No landmark: each run on the page has one of these, and all have the same name.
const GROUP = { role: "group", "aria-label": time } as const;

export const Chart = pure(function Chart({ view }: { view: View }) {
  useKeys(view, "root", "parts", "blocks", "status", "kernel");
  useNow(view, view.store.isLive ? 200 : 0);
  const { state } = view.store;
  const { from, length, share, end } = axisOf(view);
  const rows = rowsOf(state);
  const timing = timingOf(rows, end);
  const ticks = ticksOf(length);
  const isSeenHere = rows.some(isHere);
  const host = useSheet<HTMLDivElement>(timeCss);
  return (
    <div class="pw-gantt" ref={host} {...GROUP}>
      <p class="pw-gantt-sums">
        {[...timing].map(
          ([kind, seconds]) =>
            seconds >= TENTH && (
              <span key={kind}>
                <i class={`pw-fill pw-fill-${kind}`} aria-hidden /> {words.KINDS[kind]}{" "}
                <b>{duration(seconds)}</b>
              </span>
            ),
        )}
        <span class="pw-gantt-title">{time}</span>
      </p>
      <ol class="pw-gantt-rows">
        {rows.slice(0, MOST).map((row, index) => (
          <Line
            key={index}
            view={view}
            row={row}
            ticks={ticks.map(share).join()}
            left={share(row.span.start - from)}
            width={share(end(row.span) - row.span.start)}
            seconds={end(row.span) - row.span.start}
          />
        ))}
      </ol>
      {rows.length > MOST && <p class="pw-note">{words.more(rows.length - MOST)}</p>}
      <div class="pw-gantt-axis" aria-hidden>
        <span class="pw-gantt-ticks">
          {ticks.map((tick) => (
            <span key={tick} style={{ left: `${share(tick)}%` }}>
              {words.mark(tick)}
            </span>
          ))}
        </span>
      </div>
      {isSeenHere && <p class="pw-gantt-note">{words.someSeenHere}</p>}
    </div>
  );
});

/** Whether nobody but this machine told how long it was; of what goes on nobody else does. */
const isHere = ({ span }: Row) => span.clock === "here" || span.end === null;

interface Props {
  view: View;
  row: Row;
  /** Where the marks of the axis stand, in percent, joined by commas. */
  ticks: string;
  left: number;
  width: number;
  seconds: number;
}

function Line({ view, row, ticks, left, width, seconds }: Props) {
  const { span, kind, name, isTool, depth, status, card } = row;
  const marks = useMemo(() => ticks.split(",").filter(Boolean), [ticks]);
  const isSeen = isHere(row);
  const line = (
    <>
      <span class="pw-gantt-name" style={{ paddingInlineStart: `${depth * 12}px` }} title={name}>
        {isTool ? <ToolName view={view} name={name} /> : <Visible text={name} />}
      </span>
      <span class="pw-gantt-track" aria-hidden>
        {marks.map((mark) => (
          <u key={mark} style={{ left: `${mark}%` }} />
        ))}
        <i
          class={`pw-fill pw-fill-${kind} pw-fill-is-${status}`}
          style={{ left: `min(${left}%, 100% - 3px)`, width: `${width}%` }}
        />
      </span>
      <span class="pw-took" title={isSeen ? words.seenHere : undefined}>
        {isSeen && seconds >= TENTH && "~"}
        {duration(seconds)}
      </span>
    </>
  );
  return (
    <li class={span.end === null ? "pw-gantt-live" : ""}>
      {card === null ? (
        <div class="pw-row">{line}</div>
      ) : (
        <Button
          class="pw-row"
          title={words.toCard}
          onClick={(event) => goTo(view, row, event.currentTarget as Element)}
        >
          {line}
        </Button>
      )}
    </li>
  );
}
