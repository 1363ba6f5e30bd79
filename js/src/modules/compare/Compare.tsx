// A comparison: how it stands, its sides beside each other, and the runs that a person has opened.
import type { TargetedKeyboardEvent } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { ActionButton, Button, newId, pure, useKeys, useNow, Visible } from "../../core";
import type { WholeSession } from "../../link/session";
import type { ComparedMessage } from "../../state/wire";
import { asOf, clock, STATUS } from "../../text/words";
import { standsForTranscript, useLink } from "../../view/boards";
import { onSized } from "../../view/sized";
import type { View } from "../../view/view";
import { CompareLink } from "./link";
import { OpenRun } from "./OpenRun";
import { Side } from "./Side";
import compareCss from "./style.css?inline";
import * as words from "./words";

const LEAST = 256; // px that a side needs beside others, for its differences in words; narrower they are tabs

export const Compare = pure(function Compare({ view }: { view: View }) {
  const root = useRef<HTMLDivElement>(null);
  useKeys(view, "kernel", "actions", "root", "status");
  const { model } = view.session as WholeSession;
  const link = useLink(view, (model, changed) => new CompareLink(model, changed));
  const [width, setWidth] = useState(800);
  const [active, setActive] = useState(0);
  const [isDiffed, setDiffed] = useState(false);
  const [isWhole, setWhole] = useState(false);
  useLayoutEffect(() => {
    const element = root.current as HTMLDivElement;
    return onSized([element], () => element.clientWidth > 0 && setWidth(element.clientWidth));
  }, []);

  const told = link?.told ?? null;
  // Not before: a view whose kernel is gone has nothing to show in the transcript's place.
  const isThere = told !== null;
  useLayoutEffect(
    () =>
      isThere ? standsForTranscript(root.current as HTMLElement, model, "pw-wide") : undefined,
    [model, isThere],
  );
  const columns = link?.columns ?? [];
  const areTabs = columns.length * LEAST > width;
  const shown = Math.min(active, Math.max(0, columns.length - 1));
  const texts = columns.map(({ part }) => view.store.state.parts[part]);
  const areThere =
    told !== null &&
    !told.hidden &&
    told.over.includes(told.turn) &&
    texts.every((part) => part?.kind === "text");
  const body = link !== null && told !== null && (
    <>
      <Tools
        view={view}
        link={link}
        told={told}
        areThere={areThere}
        isDiffed={isDiffed && areThere}
        isWhole={isWhole}
        setDiffed={setDiffed}
        setWhole={setWhole}
      />
      {areTabs && <Tabs link={link} active={shown} choose={setActive} />}
      <div
        class={`pw-sides${areTabs ? " pw-sides-tabs" : ""}${isWhole ? " pw-sides-whole" : ""}`}
        style={{ "--pw-sides": areTabs ? 1 : columns.length }}
      >
        {columns.map((column, place) =>
          areTabs && place !== shown ? null : (
            <Side
              key={place}
              view={view}
              link={link}
              told={told}
              column={column}
              place={place}
              isTab={areTabs}
              isDiffed={isDiffed && areThere && place > 0}
              base={columns[0]?.part ?? 0}
            />
          ),
        )}
      </div>
      {told.trouble !== "" && (
        <p class="pw-sides-note" role="status">
          <Visible text={told.trouble} />
        </p>
      )}
      {link.opened.map((one) => (
        <OpenRun
          key={`${one.turn} ${one.place}`}
          view={view}
          one={one}
          isOne={told.rounds === 1}
          close={() => link.shut(one.turn, one.place)}
          again={() => link.reopen(one.turn, one.place)}
        />
      ))}
    </>
  );
  return (
    <div ref={root} class="pw-compare">
      <style>{compareCss}</style>
      <Head view={view} told={told} sides={columns.length} />
      <Milestones view={view} told={told} />
      {body}
    </div>
  );
});

interface HeadProps {
  view: View;
  told: ComparedMessage | null;
  sides: number;
}

const Head = pure(function Head({ view, told, sides }: HeadProps) {
  useKeys(view, "root", "kernel", "status");
  const { state, isAbandoned, isLive, kernel, status } = view.store;
  const time = useNow(view, isLive ? 500 : 0);
  const end = state.ended ?? (isAbandoned ? kernel.heardAt : time);
  const isFlawed = status === "completed" && (told?.runs.failed ?? 0) > 0;
  const isSaved = isAbandoned && !kernel.hasSpoken;
  const said = isSaved
    ? asOf(kernel.heardAt, state.status)
    : isAbandoned
      ? words.interrupted
      : told === null
        ? STATUS[status]
        : words.status(status, told.runs);
  const isMany = told !== null && told.rounds > 1;
  return (
    <header class="pw-head">
      <span class={`pw-dot pw-dot-${isFlawed ? "flawed" : status}`} aria-hidden />
      <strong class="pw-status">{said}</strong>
      <span class="pw-who">
        {words.comparison}
        {sides > 0 && ` · ${isMany ? words.each(told.rounds) : words.sides(sides)}`}
      </span>
      <span class="pw-figures">
        {state.started !== null && (
          <span role="timer" aria-live="off">
            {clock(end - state.started)}
          </span>
        )}
      </span>
      {state.on_stop !== "" && (
        <span class="pw-stop-place">
          {isLive && (
            <ActionButton
              view={view}
              action="stop"
              label={words.stop}
              busy={words.stopping}
              then={state.on_stop}
            />
          )}
        </span>
      )}
    </header>
  );
});

interface ToolsProps {
  view: View;
  link: CompareLink;
  told: ComparedMessage;
  areThere: boolean;
  isDiffed: boolean;
  isWhole: boolean;
  setDiffed: (to: boolean) => void;
  setWhole: (to: boolean) => void;
}

const ASKS = [words.waitsHidden, words.voted, words.ask, words.voteLater];

function Tools({ view, link, told, areThere, isDiffed, isWhole, setDiffed, setWhole }: ToolsProps) {
  const { canAct } = view.actions;
  const { hidden, over, voted, rounds } = told;
  const isOver = over.length === rounds;
  const isVoted = voted.includes(told.turn);
  const mayVote = canAct && over.includes(told.turn) && !isVoted && link.isArmed;
  const isWaiting = (told.runs.waiting ?? 0) > 0;
  const later = over.includes(told.turn) ? words.ask : words.voteLater;
  const ask = isWaiting ? words.waitsHidden : isVoted ? words.voted : later;
  const turns = Array.from({ length: rounds }, (_, turn) => turn);
  const cast = (place: number | null) => {
    link.vote(place);
    const next = turns.find((turn) => turn !== told.turn && !voted.includes(turn));
    if (next !== undefined) link.show(next);
  };
  return (
    <div class="pw-compare-tools">
      {rounds > 1 && (
        <fieldset class="pw-rounds" aria-label={words.rounds}>
          {turns.map((turn) => (
            <Button
              key={turn}
              class="pw-round"
              aria-pressed={turn === told.turn}
              title={voted.includes(turn) ? `${words.round(turn)}: ${words.voted}` : undefined}
              onClick={() => link.show(turn)}
            >
              {turn === 0 ? words.round(turn) : turn + 1}
              {voted.includes(turn) && " ✓"}
            </Button>
          ))}
        </fieldset>
      )}
      {hidden ? (
        <>
          <span class="pw-vote-ask">
            {ASKS.map((each) => (
              <span key={each} aria-hidden={each !== ask || undefined}>
                {each}
              </span>
            ))}
          </span>
          <Choices link={link} cast={cast} may={mayVote} />
          <Button
            class="pw-quiet"
            title={words.revealThen}
            aria-disabled={!canAct}
            onClick={() => canAct && link.hide(false)}
          >
            {words.reveal}
          </Button>
        </>
      ) : (
        <>
          <Toggle
            is={isDiffed}
            label={words.differences}
            then={areThere ? words.differencesThen : words.differencesLater}
            may={areThere}
            set={setDiffed}
          />
          <Toggle is={isWhole} label={words.whole} then={words.wholeThen} may set={setWhole} />
          {voted.length < rounds && (
            <Button
              class="pw-quiet pw-vote"
              title={isOver ? words.voteThen : words.voteLater}
              aria-disabled={!canAct || !isOver}
              onClick={() => canAct && isOver && link.hide(true)}
            >
              {words.vote}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

interface ToggleProps {
  is: boolean;
  label: string;
  then: string;
  may: boolean;
  set: (to: boolean) => void;
}

function Toggle({ is, label, then, may, set }: ToggleProps) {
  const [id] = useState(newId);
  return (
    <>
      <Button
        class="pw-quiet pw-toggle"
        aria-pressed={is}
        aria-disabled={!may}
        aria-describedby={id}
        title={then}
        onClick={() => may && set(!is)}
      >
        {label}
      </Button>
      <span class="pw-unseen" id={id}>
        {then}
      </span>
    </>
  );
}

interface ChoicesProps {
  link: CompareLink;
  cast: (place: number | null) => void;
  may: boolean;
}

function Choices({ link, cast, may }: ChoicesProps) {
  const choice = (place: number | null, label: string) => (
    <Button key={place} class="pw-button" aria-disabled={!may} onClick={() => may && cast(place)}>
      {label}
    </Button>
  );
  return (
    <span class="pw-choices">
      {link.columns.map(({ name }, place) => choice(place, words.better(name)))}
      {choice(null, words.tie)}
    </span>
  );
}

interface TabsProps {
  link: CompareLink;
  active: number;
  choose: (place: number) => void;
}

function Tabs({ link, active, choose }: TabsProps) {
  const count = link.columns.length;
  const onKey = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const to: Record<string, number> = {
      ArrowRight: (active + 1) % count,
      ArrowLeft: (active + count - 1) % count,
      Home: 0,
      End: count - 1,
    };
    const place = to[event.key];
    if (place === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    choose(place);
    (event.currentTarget.children[place] as HTMLElement).focus({ preventScroll: true });
  };
  return (
    <div
      class="pw-tabs"
      role="tablist"
      aria-label={words.sidesName}
      data-lm-suppress-shortcuts="true"
      onKeyDown={onKey}
    >
      {link.columns.map(({ name, status }, place) => (
        <Button
          key={place}
          class="pw-tab"
          role="tab"
          aria-selected={place === active}
          tabIndex={place === active ? 0 : -1}
          onClick={() => choose(place)}
        >
          <span class={`pw-dot pw-dot-${status === "left" ? "stopped" : status}`} aria-hidden />
          <Visible text={name} />
        </Button>
      ))}
    </div>
  );
}

/** Tells a screen reader the milestones and nothing else. */
function Milestones({ view, told }: Pick<HeadProps, "view" | "told">) {
  const said = told === null ? "" : words.milestone(view.store.status, told);
  const first = useRef<string | null>(null);
  // What was so when it was first drawn is no news; that it has started is.
  if (told !== null) first.current ??= view.store.isLive ? "" : said;
  if (said !== first.current) first.current = "";
  return (
    <div class="pw-unseen" role="status">
      {said === first.current ? "" : said}
    </div>
  );
}
