// What waits for its turn, what is on its way, and what couldn't be sent.
import { Button, pure, useKeys, Visible } from "../../core";
import { kernelBusy } from "../../text/words";
import type { ChatView } from "../../view/view";
import { type Message, type Outgoing, whyNotSent } from "./outgoing";
import * as words from "./words";

interface Props {
  view: ChatView;
  out: Outgoing;
  /** Puts a text into the box, to be changed; returns what takes it out again. */
  edit: (text: string) => () => void;
}

export const Queue = pure(function Queue({ view, out, edit }: Props) {
  useKeys(view, "chat", "turns", "actions", "kernel");
  const { queued } = view.store.state;
  const ids = new Set(queued.map(({ id }) => id));
  const messages = out.messages.filter((each) => !ids.has(each.id) && isInQueue(view, each));
  if (queued.length + messages.length === 0) return null;
  return (
    <>
      <Paused view={view} />
      <ol class="pw-queue" aria-label={words.queued}>
        {queued.map(({ id, text }) => (
          <QueuedMessage
            key={id}
            text={text}
            note={out.isTakingBack(id) ? words.takingBack : ""}
            canChange={view.actions.canAct && !out.isTakingBack(id)}
            change={() => out.takeBack(id, edit(text))}
            drop={() => out.takeBack(id, () => {})}
          />
        ))}
        {messages.map((message) => {
          const why = whyNotSent(message);
          const note = message.sent?.state === "slow" ? kernelBusy : words.sending;
          return (
            <QueuedMessage
              key={message.id}
              text={message.text}
              note={why ?? note}
              canChange={why !== null}
              change={() => edit(out.drop(message))}
              drop={() => out.drop(message)}
            />
          );
        })}
      </ol>
    </>
  );
});

/** Where no answer is coming a message stands among the turns from the start. */
export const isInQueue = (view: ChatView, message: Message): boolean =>
  whyNotSent(message) !== null || view.last()?.store.isLive === true;

function Paused({ view }: { view: ChatView }) {
  const { actions, store } = view;
  const { paused, queued } = store.state;
  if (paused === null || queued.length === 0) return null;
  return (
    <div class="pw-paused" role="status">
      <span>{words.paused(paused, queued.length)}</span>
      <Button
        class="pw-button"
        aria-disabled={!actions.canAct}
        onClick={() => actions.act("resume")}
      >
        {words.sendAnyway}
      </Button>
      <Button
        class="pw-quiet"
        aria-disabled={!actions.canAct}
        onClick={() => actions.act("discard")}
      >
        {words.discard}
      </Button>
    </div>
  );
}

interface QueuedMessageProps {
  text: string;
  note: string;
  canChange: boolean;
  change: () => void;
  drop: () => void;
}

function QueuedMessage({ text, note, canChange, change, drop }: QueuedMessageProps) {
  const when = (act: () => void) => () => {
    if (canChange) act();
  };
  return (
    <li class="pw-chip-row">
      <span class="pw-waits" dir="auto" title={text}>
        <Visible text={text} />
      </span>
      {note !== "" && <span class="pw-chip-note">{note}</span>}
      <Button class="pw-quiet" aria-disabled={!canChange} onClick={when(change)}>
        {words.edit}
      </Button>
      <Button class="pw-quiet" aria-disabled={!canChange} onClick={when(drop)}>
        {words.takeBack}
      </Button>
    </li>
  );
}
