// The rows of a board: those in sight are drawn, whatever their number is.
import type {
  ComponentChildren,
  TargetedEvent,
  TargetedFocusEvent,
  TargetedKeyboardEvent,
  TargetedMouseEvent,
} from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, pure, useKeys, useNow, Visible } from "../../core";
import type { BoardColumn, Figures, Line } from "../../state/wire";
import { onSized } from "../../view/sized";
import type { View } from "../../view/view";
import { ALL, type BoardLink, isSame, type Query, WAITING } from "./link";
import { OpenRun } from "./OpenRun";
import { RowLine } from "./RowLine";
import { GRID, GROUP, HEADING, ROW } from "./roles";
import { Lay } from "./windowing";
import * as words from "./words";

const HEIGHT = 31; // px, as the style has it
const NARROW_HEIGHT = 50; // two lines
const NARROW = 520; // px
const USUAL = 420; // px that the rows may take before they scroll
const UP = "ascending" as const;
const DOWN = "descending" as const;
const FIRST = { ...ROW, "aria-rowindex": 1 };
const FEWEST = 32; // rows that are asked for at once, though fewer are in sight
const LETTER = 8; // px of a usual one
const SHORT = 10; // letters of a cell that are always in sight
const BESIDE = 14; // px beside a heading
const CHIP = 30; // letters of a usual one
const OPEN = 60; // px of an open row until its run is there

interface Props {
  view: View;
  link: BoardLink;
  query: Query;
  ask: (more: Partial<Query>) => void;
  /** The rows that wait for a person, and what goes to the one after a row. */
  waiting: Figures["waiting"];
  next: (from: number) => void;
  goal: Goal | null;
}

/** What is around the rows, and how long their axis is: until now while the batch goes on. */
function Axis({ view, height, begun, ended, children }: AxisProps) {
  const { store } = view;
  const isLive = ended === null && store.isLive && begun !== null;
  const now = useNow(view, isLive ? 1000 : 0);
  const end = ended ?? (isLive ? now : store.kernel.heardAt);
  const length = begun === null ? 0 : Math.max(0, end - begun);
  return (
    <div class="pw-board-all" {...GROUP} style={{ height: `${height}px`, "--pw-length": length }}>
      {children}
    </div>
  );
}

interface AxisProps {
  view: View;
  height: number;
  begun: number | null;
  ended: number | null;
  children: ComponentChildren;
}

/** A row that a person wants to see, by its place in the table; a new one for each time. */
export interface Goal {
  readonly place: number;
}

export function Rows({ view, link, query, ask, waiting, next, goal }: Props) {
  useKeys(view, "kernel");
  const box = useRef<HTMLDivElement>(null);
  const [scrolled, setScrolled] = useState(0);
  const [size, setSize] = useState({ width: 800, height: USUAL });
  const [heights] = useState(() => new Map<number, number>());
  const [, redraw] = useState(0);
  const [active, setActive] = useState(0);
  const wantsFocus = useRef(false);
  const sought = useRef<Goal | null>(null);
  const isNarrow = size.width < NARROW;
  const total = link.total ?? 0;
  const open: [number, number][] = [];
  for (const place of link.opened.keys()) {
    const at = link.indexOf(place);
    if (at !== undefined) open.push([at, heights.get(place) ?? OPEN]);
  }
  open.sort(([a], [b]) => a - b);
  const lay = new Lay(isNarrow ? NARROW_HEIGHT : HEIGHT, total, open);
  const limit = view.limit === Infinity ? USUAL : Math.min(view.limit, USUAL);
  const most = open.length > 0 ? limit * 1.6 : limit;
  const [first, drawn] = lay.window(scrolled, Math.max(size.height, limit) + lay.row);

  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement;
    return onSized([element], () => {
      const { clientWidth: width, clientHeight: height } = element;
      if (width > 0) setSize({ width, height });
    });
  }, []);
  // The rows of another question are read from the first one.
  useLayoutEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0;
    setScrolled(0);
    setActive(0);
  }, [query]);
  useLayoutEffect(() => {
    // Before the first answer nobody knows how many there are.
    link.want(query, first, Math.max(drawn, FEWEST));
  }, [link, query, first, drawn, view.actions.nonce]);
  useLayoutEffect(() => {
    if (!wantsFocus.current) return;
    wantsFocus.current = false;
    const row = box.current?.querySelector<HTMLElement>(`[data-at="${active}"]`);
    row?.focus({ preventScroll: true });
  });

  useLayoutEffect(() => {
    if (goal === null) return;
    sought.current = goal;
    if (!link.opened.has(goal.place)) link.open(goal.place);
    if (whereIs(goal) !== undefined) return;
    // It isn't among the rows here, or nobody knows where: those that wait are few.
    if (isSame(query, WAITING)) link.want(query, first, Math.max(drawn, FEWEST), true);
    else ask(WAITING);
  }, [goal]);
  useLayoutEffect(() => {
    const { current } = sought;
    if (current === null) return;
    const at = whereIs(current);
    if (at !== undefined) go(at, true);
    const isGone = isSame(query, WAITING) && link.shows(query); // decided meanwhile
    if (at !== undefined || isGone) sought.current = null;
  });

  const whereIs = ({ place }: Goal): number | undefined =>
    isSame(query, ALL) && place < total ? place : link.indexOf(place);
  const go = (to: number, isFirst = false) => {
    const at = Math.max(0, Math.min(total - 1, to));
    const element = box.current as HTMLDivElement;
    const { scrollTop, clientHeight } = element;
    // What a row opens to stands below it.
    element.scrollTop = isFirst ? lay.top(at) : lay.toSee(at, scrollTop, clientHeight);
    setScrolled(element.scrollTop);
    wantsFocus.current = true;
    setActive(at);
    redraw((drawn) => drawn + 1);
  };
  const toggle = (line: Line | undefined) => {
    if (line === undefined) return;
    if (link.opened.has(line.place)) link.shut(line.place);
    else link.open(line.place);
  };
  const onKey = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const row = (event.target as HTMLElement).closest?.("[data-at]");
    // What is typed in an open run is that run's.
    if (row === null || row !== event.target) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const page = Math.max(1, Math.floor(size.height / lay.row) - 1);
    const line = link.rows.get(active);
    const isOpen = line !== undefined && link.opened.has(line.place);
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(active + 1),
      ArrowUp: () => go(active - 1),
      PageDown: () => go(active + page),
      PageUp: () => go(active - page),
      Home: () => go(0),
      End: () => go(total - 1),
      Enter: () => toggle(line),
      " ": () => toggle(line),
      ArrowRight: () => isOpen || toggle(line),
      ArrowLeft: () => isOpen && toggle(line),
    };
    const act = keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const onClick = (event: TargetedMouseEvent<HTMLElement>, at: number, line: Line) => {
    // Who selects a text of a row doesn't open it.
    if (getSelection()?.isCollapsed === false) return;
    if ((event.target as HTMLElement).closest(".pw-open-run")) return;
    setActive(at);
    toggle(line);
  };

  const { first: begun = null, ended = null } = link.figures ?? {};
  const lines = [];
  for (let at = first; at < Math.min(first + drawn, total); at++) {
    const line = link.rows.get(at);
    const isOpen = line !== undefined && link.opened.has(line.place);
    // Keys are heard by the box around all rows.
    const row = {
      ...ROW,
      "aria-rowindex": at + 2,
      "aria-expanded": line === undefined ? undefined : isOpen,
      tabIndex: at === Math.min(active, total - 1) ? 0 : -1,
      onFocus: ({ target, currentTarget }: TargetedFocusEvent<HTMLElement>) => {
        if (target === currentTarget) setActive(at);
      },
      onClick: line && ((event: TargetedMouseEvent<HTMLElement>) => onClick(event, at, line)),
    };
    lines.push(
      <div
        key={at}
        class="pw-board-row"
        style={{ top: `${lay.top(at)}px` }}
        data-at={at}
        data-place={line?.place}
        {...row}
      >
        {line !== undefined && (
          <RowLine
            view={view}
            line={line}
            columns={link.about?.columns ?? []}
            narrow={isNarrow}
            begun={begun}
          />
        )}
        {isOpen && (
          <OpenRun
            key={line.place}
            view={view}
            line={line}
            opened={link.opened.get(line.place) ?? null}
            others={waiting.filter(({ place }) => place !== line.place).length}
            next={() => next(line.place)}
            again={() => link.open(line.place)}
            sized={(height) => {
              if (heights.get(line.place) === height) return;
              heights.set(line.place, height);
              redraw((drawn) => drawn + 1);
            }}
          />
        )}
      </div>,
    );
  }
  const isHere = link.total !== null;
  const grid = {
    ...GRID,
    "aria-label": words.rows,
    "aria-rowcount": isHere ? total + 1 : -1,
    "aria-busy": !isHere,
    // Within a row nothing else is to be drawn.
    onScroll: ({ currentTarget: { scrollTop } }: TargetedEvent<HTMLElement>) =>
      setScrolled(scrollTop - (scrollTop % lay.row)),
    onKeyDown: onKey,
  };
  const isEmpty = isHere && total === 0;
  const away = link.about?.away ?? "";
  if (away !== "") {
    return (
      <p class="pw-board-table pw-note pw-board-none">
        <Visible text={away} />
      </p>
    );
  }
  return (
    <div
      class={`pw-board-table${isNarrow ? " pw-board-narrow" : ""}`}
      style={{ "--pw-columns": template(link.about?.columns ?? []) }}
    >
      <div
        ref={box}
        class="pw-board-box"
        style={{ maxHeight: `${most + HEIGHT}px` }}
        data-lm-suppress-shortcuts="true"
        {...grid}
      >
        <Headings columns={link.about?.columns ?? []} query={query} ask={ask} />
        <Axis view={view} height={lay.height} begun={begun} ended={ended}>
          {lines}
        </Axis>
        {(isEmpty || !isHere) && (
          <p class="pw-note pw-board-none">
            {isEmpty ? words.none(query.search !== "") : words.fetching}
          </p>
        )}
      </div>
      {link.stale && (
        <Button
          class="pw-button pw-jump"
          onClick={() => link.want(query, first, Math.max(drawn, FEWEST), true)}
        >
          {words.again}
        </Button>
      )}
    </div>
  );
}

/** The widths of the columns, by what stands in them: all rows have the same, whichever are drawn. */
function template(columns: readonly BoardColumn[]): string {
  const widths = columns.map(
    ({ width }) => `minmax(${Math.min(width, SHORT) * LETTER + BESIDE}px,${width}fr)`,
  );
  return [...widths, `minmax(150px,${CHIP}fr)`, "46px"].join(" ");
}

interface HeadingsProps {
  columns: readonly BoardColumn[];
  query: Query;
  ask: Props["ask"];
}

const Headings = pure(function Headings({ columns, query, ask }: HeadingsProps) {
  const sort = (id: string) => {
    if (query.sort !== id) ask({ sort: id, descending: false });
    else if (query.descending) ask({ sort: "", descending: false });
    else ask({ descending: true });
  };
  const heading = (id: string, name: string, title = name) => {
    const isSorted = query.sort === id;
    return (
      <span key={id} {...HEADING} {...(isSorted && { "aria-sort": query.descending ? DOWN : UP })}>
        <Button class="pw-heading" title={words.sorted(title)} onClick={() => sort(id)}>
          <Visible text={name} />
          {isSorted && <i aria-hidden>{query.descending ? " ↓" : " ↑"}</i>}
        </Button>
      </span>
    );
  };
  if (columns.length === 0) return null;
  return (
    <div class="pw-headings" {...FIRST}>
      {columns.map(({ id, name }) => heading(id, name))}
      {heading("state", words.state)}
      {heading("seconds", words.seconds, words.secondsName)}
    </div>
  );
});
