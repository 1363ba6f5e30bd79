// What stands above and below the turns of a chat: how to load more, and what is on its way.
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button, CopyButton, pure, useKeys, Visible } from "../../core";
import { kernelBusy, question } from "../../text/words";
import type { ChatView } from "../../view/view";
import { outgoingOf } from "./outgoing";
import { pythonOfChat } from "./python";
import { isInQueue } from "./Queue";
import * as words from "./words";

const AT_ONCE = 20; // turns that the kernel brings at a time

/** What there is to say of what came before the first turn that is shown. */
export const Earlier = pure(function Earlier({ view }: { view: ChatView }) {
  useKeys(view, "chat", "turns", "kernel", "actions");
  const top = useRef<HTMLDivElement>(null);
  const pinned = useRef<Pin | null>(null);
  const { state } = view.store;
  const { earlier, loading, missing, notice, order, turns, writable } = state;

  // What is read stays where it is, though there is more above it now.
  useLayoutEffect(() => {
    if (pinned.current !== null) hold(pinned.current);
    pinned.current = null;
  }, [order.length]);
  const show = () => {
    if (loading || !view.actions.canAct) return;
    pinned.current = pin(top.current);
    view.follow?.hold();
    view.actions.act("earlier");
  };

  const isStored = turns.some(({ origin }) => origin === "stored");
  return (
    <div class="pw-before" ref={top}>
      {earlier > 0 && (
        <Button class="pw-button" aria-disabled={loading || !view.actions.canAct} onClick={show}>
          {loading ? words.loading : words.showEarlier(Math.min(earlier, AT_ONCE), earlier)}
        </Button>
      )}
      {missing > 0 && <p class="pw-notice">{words.missing(missing)}</p>}
      {notice !== null && (
        <p class="pw-notice">
          <Visible text={notice} />
        </p>
      )}
      {isStored && !writable && (
        <p class="pw-notice">
          {words.readOnly}{" "}
          <code class="pw-earlier-code">
            <Visible text={pythonOfChat(state)} />
          </code>
          <CopyButton text={() => pythonOfChat(state)} />
        </p>
      )}
    </div>
  );
});

/** Messages that are on their way to be the next turn: they stand where that will stand. */
export const OnTheWay = pure(function OnTheWay({ view }: { view: ChatView }) {
  useKeys(view, "turns", "chat", "actions", "kernel");
  const messages = outgoingOf(view).messages.filter((each) => !isInQueue(view, each));
  return (
    <>
      {messages.map(({ id, text, sent }) => (
        <article key={id} class="pw-turn">
          <p class="pw-question" dir="auto">
            <span class="pw-unseen">{question}: </span>
            <Visible text={text} />
          </p>
          <p class="pw-working" role="status">
            {sent?.state === "slow" ? kernelBusy : words.sending}
          </p>
        </article>
      ))}
    </>
  );
});

/** A turn, and how far below the top of the box it is. */
interface Pin {
  box: Element;
  turn: Element;
  offset: number;
}

const offsetOf = ({ box, turn }: Omit<Pin, "offset">): number =>
  turn.getBoundingClientRect().top - box.getBoundingClientRect().top;

/** Where the first turn stands now. */
function pin(inside: Element | null): Pin | null {
  const box = inside?.closest(".pw-box");
  const turn = box?.querySelector(".pw-turn");
  return box && turn ? { box, turn, offset: offsetOf({ box, turn }) } : null;
}

/** Keeps a turn where it was; twice more, since turns out of sight get their heights late. */
function hold({ box, turn, offset }: Pin, times = 3): void {
  box.scrollTop += offsetOf({ box, turn }) - offset;
  if (times > 1) requestAnimationFrame(() => hold({ box, turn, offset }, times - 1));
}
