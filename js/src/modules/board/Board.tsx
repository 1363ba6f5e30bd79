// The board of a batch: how it stands, its rows, and what can be done with it.
import type { TargetedKeyboardEvent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, CopyButton, pure, useKeys, Visible } from "../../core";
import type { WholeSession } from "../../link/session";
import type { Figures } from "../../state/wire";
import { count } from "../../text/words";
import { standsForTranscript, useLink } from "../../view/boards";
import type { View } from "../../view/view";
import { Deed } from "./Deed";
import { Head } from "./Head";
import { ALL, BoardLink, type Query } from "./link";
import { after, Next } from "./Next";
import { type Goal, Rows } from "./Rows";
import boardCss from "./style.css?inline";
import * as words from "./words";

const TYPED = 200; // ms after the last letter of a search

export const Board = pure(function Board({ view }: { view: View }) {
  const root = useRef<HTMLDivElement>(null);
  useKeys(view, "kernel", "actions", "root", "status");
  const { model } = view.session as WholeSession;
  const link = useLink(view, (model, changed) => new BoardLink(model, changed));
  const [query, setQuery] = useState(ALL);
  const [goal, setGoal] = useState<Goal | null>(null);
  // Not before: a view whose kernel is gone has nothing to show in the transcript's place.
  const isThere = (link?.figures ?? null) !== null;
  useLayoutEffect(
    () => (isThere ? standsForTranscript(root.current as HTMLElement, model) : undefined),
    [model, isThere],
  );

  if (link === null) return <div ref={root} />;
  const { figures } = link;
  const waiting = figures?.waiting ?? [];
  const next = (from = goal?.place) => {
    const place = after(waiting, from);
    if (place !== undefined) setGoal({ place });
  };
  const isAway = (link.about?.away ?? "") !== "";
  const ask = (more: Partial<Query>) => setQuery((before) => ({ ...before, ...more }));
  return (
    <div ref={root} class="pw-board">
      <style>{boardCss}</style>
      <Head view={view} figures={figures} mayStop={link.about?.starts !== false} />
      <Milestones figures={figures} />
      {figures !== null && (
        <>
          <Bar figures={figures} />
          <Filters figures={figures} query={query} ask={ask} isAway={isAway} />
          <Facts view={view} figures={figures} ask={ask} isAway={isAway} next={() => next()} />
          {(link.trouble || figures.reason) !== "" && (
            <p class="pw-board-note" role="status">
              <Visible text={link.trouble || figures.reason} />
            </p>
          )}
        </>
      )}
      <Rows
        view={view}
        link={link}
        query={query}
        ask={ask}
        waiting={waiting}
        goal={goal}
        next={next}
      />
      <Foot view={view} link={link} figures={figures} />
    </div>
  );
});

function Bar({ figures }: { figures: Figures }) {
  return (
    <div class="pw-bar" role="img" aria-label={words.shares(figures)}>
      {words.STANDINGS.map((one) => {
        const share = (figures.counts[one] ?? 0) / Math.max(figures.rows, 1);
        return share === 0 ? null : (
          <i key={one} class={`pw-is-${one}`} style={{ flexGrow: share }} />
        );
      })}
    </div>
  );
}

interface FiltersProps {
  figures: Figures;
  query: Query;
  ask: (more: Partial<Query>) => void;
  /** Whether the rows are on other machines: then they are counted only. */
  isAway: boolean;
}

/** The counts, of which each shows the rows that it counts. */
function Filters({ figures, query, ask, isAway }: FiltersProps) {
  const filter = (standing: Query["standing"], name: string, rows: number) => {
    const look = `pw-filter pw-is-${standing || "all"}`;
    const said = (
      <>
        {standing === "" && name}
        <b>{count(rows)}</b>
        {standing !== "" && ` ${name}`}
      </>
    );
    return isAway ? (
      <span key={standing} class={`${look} pw-filter-still`}>
        {said}
      </span>
    ) : (
      <Button
        key={standing}
        class={look}
        aria-pressed={query.standing === standing}
        onClick={() => ask({ standing })}
      >
        {said}
      </Button>
    );
  };
  const there = words.STANDINGS.filter(
    (one) => figures.counts[one] !== undefined || one === query.standing,
  );
  return (
    <fieldset class="pw-filters" aria-label={words.filters}>
      {filter("", words.all, figures.rows)}
      {there.map((one) => filter(one, words.STANDING[one], figures.counts[one] ?? 0))}
    </fieldset>
  );
}

interface FactsProps extends Omit<FiltersProps, "query"> {
  view: View;
  next: () => void;
}

function Facts({ view, figures, ask, isAway, next }: FactsProps) {
  const { rate } = figures;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const put = (search: string, after: number) => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => ask({ search: search.trim() }), after);
  };
  const onKey = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    event.stopPropagation(); // it is typing, in whatever the page around makes of keys
    const box = event.currentTarget;
    if (event.key === "Enter" && !event.isComposing) put(box.value, 0);
    else if (event.key === "Escape" && box.value !== "") {
      event.preventDefault();
      box.value = "";
      put("", 0);
    }
  };
  const said = [
    rate === null ? "" : words.rate(rate),
    words.tokens(figures),
    words.paused(figures),
  ].filter(Boolean);
  return (
    <div class="pw-facts-row">
      <span class="pw-board-facts">
        {said.map((each) => (
          <span key={each}>{each}</span>
        ))}
      </span>
      <Next view={view} waiting={figures.waiting} go={next} />
      {!isAway && (
        <input
          class="pw-search"
          type="search"
          placeholder={words.search}
          aria-label={words.search}
          autocomplete="off"
          data-lm-suppress-shortcuts="true"
          onInput={({ currentTarget }) => put(currentTarget.value, TYPED)}
          onKeyDown={onKey}
        />
      )}
    </div>
  );
}

interface FootProps {
  view: View;
  link: BoardLink;
  figures: Figures | null;
}

function Foot({ view, link: { about }, figures }: FootProps) {
  if (about === null || figures === null) return null;
  const { failed = 0, running = 0, left = 0 } = figures.counts;
  const mayStart =
    about.starts && left + running > 0 && ["ready", "stopped"].includes(figures.status);
  return (
    <div class="pw-foot pw-board-foot">
      <span class="pw-kept">
        {about.journal === null ? words.notKept : <Visible text={words.kept(about.journal)} />}
      </span>
      {about.python !== "" && <CopyButton label={words.python} text={() => about.python} />}
      {about.starts && failed > 0 && figures.status !== "stopping" && (
        <Deed
          view={view}
          action="retry"
          label={words.retry(failed)}
          busy={words.retrying}
          then={words.retryThen(failed)}
        />
      )}
      {mayStart && (
        <Deed
          view={view}
          action="resume"
          label={figures.status === "ready" ? words.start : words.goOn}
          busy={words.starting}
          then={left > 0 ? words.startThen(left) : words.lookThen(running)}
        />
      )}
    </div>
  );
}

/** Tells a screen reader the milestones and nothing else. */
function Milestones({ figures }: { figures: Figures | null }) {
  const said = figures === null ? "" : words.milestone(figures);
  const first = useRef<string | null>(null);
  // What was so when it was first drawn is no news; that it has started is.
  if (figures !== null) first.current ??= figures.status === "running" ? "" : said;
  if (said !== first.current) first.current = "";
  return (
    <div class="pw-unseen" role="status">
      {said === first.current ? "" : said}
    </div>
  );
}
