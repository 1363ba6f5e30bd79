import { Button, pure, useKeys, Visible } from "../../core";
import type { ChatView } from "../../view/view";
import { isUnderWay } from "./live";
import { type Letter, type Outgoing, whyNotSent } from "./outgoing";
import * as words from "./words";

interface Props {
  view: ChatView;
  out: Outgoing;
  /** Puts a text into the box, to be changed; returns what takes it out again. */
  takeUp: (text: string) => () => void;
}

/** What waits for its turn, what is on its way, and what couldn't be sent. */
export const Chips = pure(function Chips({ view, out, takeUp }: Props) {
  useKeys(view, "chat", "turns", "actions", "kernel");
  const { queued } = view.store.state;
  const ids = new Set(queued.map(({ id }) => id));
  const letters = out.letters.filter((each) => !ids.has(each.id) && isAmongChips(view, each));
  if (queued.length + letters.length === 0) return null;
  return (
    <>
      <Paused view={view} />
      <ol class="pw-queue" aria-label={words.queued}>
        {queued.map(({ id, text }) => (
          <Chip
            key={id}
            text={text}
            note={out.isTakingBack(id) ? words.takingBack : ""}
            canChange={view.actions.canAct && !out.isTakingBack(id)}
            change={() => out.takeBack(id, takeUp(text))}
            drop={() => out.takeBack(id, () => {})}
          />
        ))}
        {letters.map((letter) => {
          const why = whyNotSent(letter);
          const note = letter.sent?.state === "slow" ? words.busy : words.sending;
          return (
            <Chip
              key={letter.id}
              text={letter.text}
              note={why ?? note}
              canChange={why !== null}
              change={() => takeUp(out.drop(letter))}
              drop={() => out.drop(letter)}
            />
          );
        })}
      </ol>
    </>
  );
});

/** Where no answer is coming a message stands among the turns from the start. */
export const isAmongChips = (view: ChatView, letter: Letter): boolean =>
  whyNotSent(letter) !== null || isUnderWay(view.last());

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

interface ChipProps {
  text: string;
  note: string;
  canChange: boolean;
  change: () => void;
  drop: () => void;
}

function Chip({ text, note, canChange, change, drop }: ChipProps) {
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
