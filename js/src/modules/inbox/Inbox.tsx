// Everything of a kernel that waits for a person: the soonest first, one row for each decision.

import { hasFocus } from "../../approval/keyboard";
import {
  Button,
  newId,
  pure,
  useEffect,
  useKeys,
  useLayoutEffect,
  useNow,
  useRef,
  useState,
  Visible,
} from "../../core";
import type { WholeSession } from "../../link/session";
import type { WaitingRow } from "../../state/wire";
import { clock } from "../../text/words";
import { standsForTranscript, useLink } from "../../view/boards";
import type { ChatView, View } from "../../view/view";
import { InboxLink } from "./link";
import { type Item, Order } from "./order";
import { dueOf, isAsked, partsOf, Row } from "./Row";
import inboxCss from "./style.css?inline";
import * as words from "./words";

export const Inbox = pure(function Inbox({ view: given }: { view: View }) {
  const view = given as unknown as ChatView; // its runs are the turns
  const root = useRef<HTMLDivElement>(null);
  useKeys(view, "kernel", "actions", "turns", "root", "status");
  const { model } = view.session as WholeSession;
  const link = useLink(given, (model, changed) => new InboxLink(model, changed));
  const told = link?.told ?? null;
  const isThere = told !== null;
  useLayoutEffect(
    () => (isThere ? standsForTranscript(root.current as HTMLElement, model) : undefined),
    [model, isThere],
  );
  return (
    <div ref={root} class="pw-inbox">
      <style>{inboxCss}</style>
      {link !== null && told !== null ? (
        <Rows view={view} link={link} rows={told.rows} more={told.more} trouble={told.trouble} />
      ) : (
        <Head view={view} waiting={[]} isKnown={false} />
      )}
    </div>
  );
});

interface RowsProps {
  view: ChatView;
  link: InboxLink;
  rows: readonly WaitingRow[];
  more: number;
  trouble: string;
}

function Rows({ view, link, rows, more, trouble }: RowsProps) {
  const list = useRef<HTMLUListElement>(null);
  const [order] = useState(() => new Order());
  const [isPointed, setPointed] = useState(false);
  const [, look] = useState(0);
  const lookAgain = () => look((looks) => looks + 1);
  const known = new Map(rows.map((row) => [row.id, row]));
  const turnOf = (row: WaitingRow | undefined): View | undefined =>
    row !== undefined && view.store.turns[row.turn] !== undefined ? view.turn(row.turn) : undefined;
  const items: Item[] = rows.flatMap((row) => {
    const turn = turnOf(row);
    return turn === undefined || partsOf(turn).length === 0 ? [] : [itemOf(turn, row)];
  });
  useNow(view, items.some(({ isOver }) => !isOver) ? 1_000 : 0); // deadlines may have come nearer
  const isIn = isPointed || (list.current !== null && hasFocus(list.current));
  const again = order.update(items, isIn, performance.now());
  useEffect(() => {
    if (again === undefined) return;
    const timer = setTimeout(lookAgain, again);
    return () => clearTimeout(timer);
  });
  const hidden = rows.filter((row) => row.hidden && row.ended === null);
  const waiting = items
    .filter(({ isOver }) => !isOver)
    .map(({ id }) => turnOf(known.get(id)) as View);
  return (
    <>
      <Head view={view} waiting={waiting} isKnown />
      {/* Where the pointer is, and the focus, says whether rows may move. */}
      <ul
        ref={list}
        class="pw-inbox-rows"
        tabIndex={-1}
        // JupyterLab has commands on letters, and on Enter.
        data-lm-suppress-shortcuts="true"
        aria-label={words.list}
        onPointerEnter={() => setPointed(true)}
        onPointerLeave={() => setPointed(false)}
        onFocusIn={lookAgain}
        onFocusOut={lookAgain}
      >
        {order.groups.flatMap(({ key, ids }) => [
          ids.length > 1 && (
            <li key={`same ${key}`} class="pw-inbox-same">
              {words.same(ids.length)}
            </li>
          ),
          ...ids.map((id) => {
            const row = known.get(id);
            const turn = turnOf(row);
            if (row === undefined || turn === undefined) return <Dropped key={id} />;
            const open = () => {
              order.open(id);
              lookAgain();
            };
            return (
              <Row
                key={id}
                view={turn}
                link={link}
                row={row}
                isOpen={order.isOpen(id)}
                open={open}
              />
            );
          }),
        ])}
      </ul>
      {/* Under the rows: it comes and goes while somebody is there, and mustn’t move them. */}
      {(hidden.length > 0 || more > 0 || trouble !== "") && (
        <div class="pw-inbox-notes">
          {hidden.length > 0 && (
            <span>
              {words.hidden(hidden.length)}
              {": "}
              <Button
                class="pw-quiet"
                aria-disabled={!view.actions.canAct}
                onClick={() => view.actions.canAct && link.hide(null)}
              >
                {words.show}
              </Button>
            </span>
          )}
          {more > 0 && <span>{words.more(more)}</span>}
          {trouble !== "" && (
            <span role="status">
              <Visible text={trouble} />
            </span>
          )}
        </div>
      )}
    </>
  );
}

/** A row of which the kernel keeps nothing any more, while somebody looks at the list. */
const Dropped = () => (
  <li class="pw-inbox-row pw-inbox-over">
    <p class="pw-inbox-said">{words.dropped}</p>
  </li>
);

function itemOf(turn: View, row: WaitingRow): Item {
  const asked = partsOf(turn).map(({ tool_name, arguments: given, withheld, covers }) => [
    tool_name,
    withheld?.digest ?? given,
    covers,
  ]);
  return {
    id: row.id,
    due: dueOf(turn),
    same: JSON.stringify(asked),
    isOver: !isAsked(turn, row),
  };
}

interface HeadProps {
  view: ChatView;
  /** What waits and isn't hidden. */
  waiting: readonly View[];
  isKnown: boolean;
}

function Head({ view, waiting, isKnown }: HeadProps) {
  const [id] = useState(newId);
  const isGone = view.store.kernel.liveness === "gone";
  const now = useNow(view, waiting.length > 0 && !isGone ? 1_000 : 0);
  const count = waiting.length;
  const said = isGone ? words.gone : !isKnown ? "" : count > 0 ? words.waits(count) : words.nothing;
  return (
    <header class="pw-head">
      <span class={`pw-dot pw-dot-${count > 0 && !isGone ? "waiting" : "stopped"}`} aria-hidden />
      <strong class="pw-status">{said}</strong>
      <span class="pw-who" title={words.covers} aria-describedby={id}>
        {words.kernel}
      </span>
      <span class="pw-unseen" id={id}>
        {words.covers}
      </span>
      <span class="pw-figures">
        {count > 0 && !isGone && (
          <span role="timer" aria-live="off">
            {words.soonest(clock(Math.ceil(Math.min(...waiting.map(dueOf)) - now)))}
          </span>
        )}
      </span>
      <Milestones said={said} />
    </header>
  );
}

/** Tells a screen reader how many wait, once that is another number than at first. */
function Milestones({ said }: { said: string }) {
  const first = useRef("");
  if (first.current === "") first.current = said;
  if (said !== first.current) first.current = "-";
  return (
    <span class="pw-unseen" role="status">
      {said === first.current ? "" : said}
    </span>
  );
}
