// One decision: as a line, as the card of its requests, and greyed with what became of it.
import type { ComponentChildren } from "preact";
import {
  Approval,
  Button,
  pure,
  ToolName,
  useKeys,
  useMemo,
  useNow,
  useRef,
  useState,
  Visible,
} from "../../core";
import type { ApprovalPart, WaitingRow } from "../../state/wire";
import { tellingArgument } from "../../text/glance";
import * as core from "../../text/words";
import type { View } from "../../view/view";
import { goToCell } from "./goto";
import type { InboxLink } from "./link";
import * as words from "./words";

const LONGEST_REASON = 1_900; // characters: the kernel takes 2,000

interface Props {
  /** The turn that holds the requests. */
  view: View;
  link: InboxLink;
  row: WaitingRow;
  isOpen: boolean;
  open: () => void;
}

export const partsOf = (view: View): ApprovalPart[] => view.store.state.parts as ApprovalPart[];

/** Whether a row waits for a person here still. */
export const isAsked = (view: View, row: WaitingRow): boolean =>
  row.ended === null && !row.hidden && partsOf(view).some(({ decision }) => decision === "pending");

/** Until when all of a row can be decided. */
export const dueOf = (view: View): number =>
  Math.min(...partsOf(view).map(({ deadline, asked_at }) => deadline ?? asked_at + 300));

export const Row = pure(function Row({ view, link, row, isOpen, open }: Props) {
  const parts = partsOf(view);
  useKeys(view, "parts", "root", "status", ...parts.map((_, index) => `parts/${index}` as const));
  const root = useRef<HTMLLIElement>(null);
  const height = useRef<number | null>(null);
  const isOver = !isAsked(view, row);
  // It keeps the place that it had, so that what is below stays where it is.
  if (isOver) height.current ??= root.current?.getBoundingClientRect().height ?? null;
  else height.current = null;
  const onOpen = (event: Event) => {
    // The line goes, and would take the focus of who uses the keyboard with it.
    if ((event as UIEvent).detail === 0) root.current?.focus({ preventScroll: true });
    open();
  };
  const style = height.current === null ? undefined : { minHeight: `${height.current}px` };
  return (
    <li
      ref={root}
      tabIndex={-1}
      class={`pw-inbox-row${isOver ? " pw-inbox-over" : ""}`}
      style={style}
    >
      {isOver ? (
        <Over view={view} row={row} />
      ) : isOpen ? (
        <Open view={view} link={link} row={row} />
      ) : (
        <Line view={view} row={row} open={onOpen} />
      )}
    </li>
  );
});

interface Shown {
  view: View;
  row: WaitingRow;
}

const Subject = ({ view, part }: { view: View; part: ApprovalPart }) =>
  part.covers === "call" ? (
    <ToolName view={view} name={part.tool_name} />
  ) : (
    <span>{core.covers[part.covers]}</span>
  );

function Line({ view, row, open }: Shown & { open: (event: Event) => void }) {
  useKeys(view, "kernel");
  const isLost = view.store.isAbandoned;
  const now = useNow(view, isLost ? 0 : 1_000);
  const parts = partsOf(view);
  const [first] = parts as [ApprovalPart];
  return (
    <button type="button" class="pw-card pw-row pw-inbox-line" aria-expanded={false} onClick={open}>
      <span class="pw-inbox-mark" aria-hidden>
        ‖
      </span>
      {parts.length === 1 ? (
        <Subject view={view} part={first} />
      ) : (
        <b>
          {core.requests(
            parts.length,
            parts.every(({ covers }) => covers === "call"),
          )}
        </b>
      )}
      <span class="pw-inbox-glance">
        <Visible text={first.withheld === null ? tellingArgument(first.arguments) : ""} />
        {" · "}
        <Visible text={row.name} />
      </span>
      {!isLost && (
        <span class="pw-took" role="timer" aria-live="off">
          {core.timeLeft(Math.ceil(dueOf(view) - now))}
        </span>
      )}
    </button>
  );
}

function Open({ view, link, row }: Shown & { link: InboxLink }) {
  const parts = partsOf(view);
  const index = parts.findLastIndex(({ decision }) => decision === "pending");
  const isCall = parts[index]?.covers === "call" || parts.length > 1;
  const list = useMemo(
    () => ({
      title: (
        <>
          <Visible text={row.name} /> {isCall ? words.wants : words.asksAbout}
        </>
      ),
      more: (start: () => void): ComponentChildren => (
        <More view={view} link={link} row={row} start={start} />
      ),
    }),
    [view, link, row.id, row.name, row.cell, row.cell_id, isCall],
  );
  return <Approval view={view} index={index} list={list} />;
}

interface MoreProps extends Shown {
  link: InboxLink;
  /** Opens the field for the reason of a denial. */
  start: () => void;
}

/** What an inbox offers beside Deny and Approve. */
function More({ view, link, row, start }: MoreProps) {
  useKeys(view, "kernel", "actions");
  const { canAct } = view.actions;
  const [hasNoWay, setNoWay] = useState(false);
  const [part, ...others] = partsOf(view).filter(({ decision }) => decision === "pending");
  const given =
    part === undefined || others.length > 0 || part.withheld !== null || part.covers !== "call"
      ? ""
      : words.correction(part.arguments);
  const hide = (event: Event) => {
    if (!canAct) return;
    link.hide(row.id);
    // The button goes, and would take the focus of who uses the keyboard with it.
    const list = (event.target as Element).closest<HTMLElement>(".pw-inbox-rows");
    if ((event as UIEvent).detail === 0) list?.focus({ preventScroll: true });
  };
  const correct = (event: Event) => {
    if (!canAct) return;
    const card = (event.target as Element).closest(".pw-ask");
    start();
    // Once the field is there. What a person has typed by then stays.
    requestAnimationFrame(() => {
      const field = card?.querySelector<HTMLInputElement>(".pw-input");
      if (field?.value === "") field.value = given;
    });
  };
  const go = (event: Event) => {
    setNoWay(false);
    goToCell(link.model, row.cell_id, event.target as Element, () => setNoWay(true));
  };
  return (
    <>
      <Button class="pw-button" title={words.notNowThen} aria-disabled={!canAct} onClick={hide}>
        {words.notNow}
      </Button>
      {given !== "" && given.length <= LONGEST_REASON && (
        <Button
          class="pw-quiet"
          title={words.correctThen}
          aria-disabled={!canAct}
          onClick={correct}
        >
          {words.correct}
        </Button>
      )}
      {(row.cell !== null || row.cell_id !== null) && (
        <Button class="pw-quiet pw-inbox-cell" title={words.cellThen} onClick={go}>
          {words.cell(row.cell)}
        </Button>
      )}
      {hasNoWay && (
        <span class="pw-note pw-inbox-way" role="status">
          {words.noWay(row.cell)}
        </span>
      )}
    </>
  );
}

/** What became of it, in the place where it was asked. */
function Over({ view, row }: Shown) {
  return (
    <>
      <div class="pw-inbox-ends">
        {partsOf(view).map((part, index) =>
          part.decision === "pending" ? (
            <p key={part.digest} class="pw-inbox-said">
              <Subject view={view} part={part} />
              {": "}
              {row.late ? words.late(part) : row.ended === null ? words.notHere : words.moved}
            </p>
          ) : (
            <Approval key={part.digest} view={view} index={index} />
          ),
        )}
      </div>
      <span class="pw-inbox-whose">
        <Visible text={row.name} />
      </span>
    </>
  );
}
