// One side: what it is, its figures, what it called, its answer. All has its place from the start, so
// that nothing moves while it streams.
import type { TargetedEvent } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button, Glyph, pure, StreamedText, useKeys, useNow, Visible } from "../../core";
import { textAt } from "../../state/run";
import type { Column, ComparedMessage, ComparedStep, Figure } from "../../state/wire";
import { clock } from "../../text/words";
import { Follow } from "../../view/follow";
import { onSized } from "../../view/sized";
import type { View } from "../../view/view";
import { Differences } from "./Differences";
import type { CompareLink } from "./link";
import * as words from "./words";

const TABPANEL = { role: "tabpanel" } as const;
const GROUP = { role: "group" } as const;
/** What scrolls must be reached by keyboard. */
const SCROLLS = { tabIndex: 0 } as const;

interface Props {
  view: View;
  link: CompareLink;
  told: ComparedMessage;
  column: Column;
  place: number;
  isTab: boolean;
  /** Whether the words are marked in which the answer differs from the baseline's. */
  isDiffed: boolean;
  /** The part of the state that holds the baseline's answer. */
  base: number;
}

export const Side = pure(function Side(props: Props) {
  const { view, link, told, column, place, isTab, isDiffed, base } = props;
  const { name, about, status, figures, checks, vote } = { ...column, vote: told.vote };
  const isChoice = vote !== null && vote.choice === place;
  const role = isTab ? TABPANEL : GROUP;
  const isOpen = link.isOpen(place);
  const isWaiting = status === "waiting";
  return (
    <div class="pw-side" {...role} {...{ "aria-label": name }}>
      <div class="pw-side-head">
        <b class="pw-side-name" dir="auto">
          <Visible text={name} />
        </b>
        {place === 0 && !told.hidden && <span class="pw-compare-tag">{words.baseline}</span>}
      </div>
      <div class="pw-side-about">
        <span title={about}>
          <Visible text={about} />
        </span>
        {vote !== null && <i class="pw-side-was">{words.was(vote.letters[place] ?? "")}</i>}
        {isChoice && <b class="pw-compare-tag pw-compare-tag-good">{words.chosen}</b>}
        {vote !== null && vote.choice === null && <b class="pw-compare-tag">{words.tied}</b>}
      </div>
      <Standing view={view} column={column} />
      <dl class="pw-side-figures">
        {figures.map((figure) => (
          <FigureLine key={figure.name} figure={figure} />
        ))}
      </dl>
      {told.hidden || checks.length === 0 ? null : (
        <ul class="pw-side-checks">
          {checks.map(({ name, holds, why }) => (
            <li key={name} class={`pw-check-${holds}`} title={why || undefined}>
              <b aria-hidden>{holds === null ? "○" : holds ? "✓" : "✗"}</b>
              <span dir="auto">
                <Visible text={name} />
              </span>
              <span class="pw-unseen">
                {holds === null ? words.checkOpen : holds ? words.checkHolds : words.checkFails}
                {why !== "" && <Visible text={`: ${why}`} />}
              </span>
            </li>
          ))}
        </ul>
      )}
      <Calls view={view} told={told} column={column} />
      <Answer view={view} column={column} turn={told.turn} isDiffed={isDiffed} base={base} />
      <div class="pw-side-foot">
        {!told.hidden && (
          <Button
            class={isWaiting ? "pw-button pw-decide" : "pw-quiet"}
            aria-expanded={isOpen}
            aria-disabled={!view.actions.canAct && !isOpen}
            onClick={() => (view.actions.canAct || isOpen) && link.toggle(place)}
          >
            {isOpen ? words.close : isWaiting ? words.decide : words.open}
          </Button>
        )}
      </div>
    </div>
  );
});

function Standing({ view, column }: Pick<Props, "view" | "column">) {
  const { status, since, seconds } = column;
  const isLive = since !== null && view.store.isLive;
  const now = useNow(view, isLive ? 500 : 0);
  const dot = status === "left" ? "stopped" : view.store.isAbandoned ? "interrupted" : status;
  return (
    <div class="pw-side-standing">
      <span class={`pw-dot pw-dot-${dot}`} aria-hidden />
      <span class={`pw-side-status pw-is-${status}`}>{words.statusOf(column)}</span>
      <span class="pw-side-time">
        {isLive ? clock(Math.max(0, now - since)) : seconds !== null && words.took(seconds)}
      </span>
    </div>
  );
}

/** A figure, its difference to the baseline's, and in a word whether that is better. */
function FigureLine({ figure }: { figure: Figure }) {
  const { name, value, delta, verdict, title } = figure;
  return (
    <div class="pw-side-figure" title={title || undefined}>
      <dt>{name}</dt>
      <dd class={`pw-delta pw-delta-${verdict || "even"}`}>
        {delta}
        {verdict !== "" && <i>{verdict}</i>}
      </dd>
      <dd class="pw-value">
        <span key={value}>{value}</span>
      </dd>
    </div>
  );
}

/** What the run called, in rows that the other sides have too; all of them scroll together. */
const Calls = pure(function Calls({ view, told, column }: Pick<Props, "view" | "told" | "column">) {
  const { rows, hidden, cut } = told;
  const box = useRef<HTMLUListElement>(null);
  const by = new Map(column.steps.map((step) => [step.row, step]));
  const lines = Array.from({ length: rows }, (_, row) => by.get(row));
  useFollow(box, rows);
  const onScroll = ({ currentTarget }: TargetedEvent<HTMLElement>) => {
    const { scrollTop } = currentTarget;
    const all = currentTarget.closest(".pw-sides")?.querySelectorAll(".pw-side-calls") ?? [];
    for (const each of all) if (each.scrollTop !== scrollTop) each.scrollTop = scrollTop;
  };
  const isOver = told.over.includes(told.turn);
  return (
    <ul ref={box} class="pw-side-calls" {...SCROLLS} aria-label={words.calls} onScroll={onScroll}>
      {lines.map((step, row) => (
        <Call key={row} view={view} step={step} />
      ))}
      {(hidden || rows === 0) && (
        <li class="pw-note">{hidden ? words.hiddenCalls : isOver ? words.noCalls : ""}</li>
      )}
      {cut > 0 && <li class="pw-note">{words.moreCalls(cut)}</li>}
    </ul>
  );
});

interface CallProps {
  view: View;
  step: ComparedStep | undefined;
}

const SIGNS = { tool: "", agent: "→ ", block: "▪ " };

function Call({ view, step }: CallProps) {
  if (step === undefined) {
    return (
      <li key="gap" class="pw-side-call pw-side-gap">
        <span aria-hidden>·</span>
        <span class="pw-unseen">{words.notCalled}</span>
      </li>
    );
  }
  const { kind, name, status, seconds, since } = step;
  const isLive = since !== null && view.store.isLive;
  return (
    <li key="call" class="pw-side-call" title={name}>
      <span class={`pw-side-sign pw-is-${status}`}>
        <Glyph status={isLive || status !== "running" ? status : "interrupted"} />
      </span>
      <span class={kind === "tool" ? "pw-name" : "pw-side-agent"}>
        {SIGNS[kind]}
        <Visible text={name} />
      </span>
      <span class="pw-unseen">{status}</span>
      <span class="pw-side-time">
        {isLive ? <Since view={view} since={since} /> : seconds !== null && words.took(seconds)}
      </span>
    </li>
  );
}

function Since({ view, since }: { view: View; since: number }) {
  const now = useNow(view, 500);
  return <>{clock(Math.max(0, now - since))}</>;
}

interface AnswerProps extends Pick<Props, "view" | "column" | "isDiffed" | "base"> {
  turn: number;
}

const Answer = pure(function Answer({ view, column, turn, isDiffed, base }: AnswerProps) {
  useKeys(view, "status");
  const { part, status, error } = column;
  const path = `parts/${part}/text` as const;
  const box = useRef<HTMLElement>(null);
  const inside = useRef<HTMLDivElement>(null);
  const isOver = ["completed", "failed", "stopped", "interrupted"].includes(status);
  useLayoutEffect(() => {
    const element = box.current as HTMLElement;
    // What is over is read from its beginning, also where it comes piece by piece.
    const mayFollow = !isOver && !isDiffed;
    const follow = new Follow(element, () => {}, mayFollow);
    element.scrollTop = 0;
    const onScroll = () => follow.scrolled();
    element.addEventListener("scroll", onScroll, { passive: true });
    const off = onSized([inside.current as HTMLDivElement], () => mayFollow && follow.grown());
    return () => {
      off();
      element.removeEventListener("scroll", onScroll);
    };
  }, [path, isDiffed]);
  const isEmpty = useIsEmpty(view, path);
  return (
    <section ref={box} class="pw-side-answer" {...SCROLLS} aria-label={words.answerOf}>
      <div ref={inside} class="pw-side-inside">
        {isDiffed ? (
          <Differences view={view} base={base} part={part} />
        ) : (
          <StreamedText key={`${turn} ${path}`} view={view} path={path} kind="pw-text" />
        )}
        {error !== "" && (
          <p class="pw-side-error">
            <Visible text={error} />
          </p>
        )}
        {isEmpty && isOver && error === "" && (
          <p class="pw-note">{status === "completed" ? words.emptyAnswer : words.noAnswer}</p>
        )}
      </div>
    </section>
  );
});

function useIsEmpty(view: View, path: `parts/${number}/text`): boolean {
  useKeys(view, "status");
  return textAt(view.store.state, path).trim() === "";
}

/** Keeps the last row in sight while rows come, where a reader hasn't scrolled away. */
function useFollow(box: { current: HTMLElement | null }, rows: number): void {
  const last = useRef(0);
  useLayoutEffect(() => {
    const element = box.current as HTMLElement;
    const wasAtEnd = element.scrollTop + element.clientHeight >= last.current - 16;
    last.current = element.scrollHeight;
    if (wasAtEnd) element.scrollTop = element.scrollHeight;
  }, [rows]);
}
