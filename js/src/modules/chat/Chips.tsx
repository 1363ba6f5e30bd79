import { Button, isOver, pure, useKeys, Visible } from "../../core";
import type { ChatView } from "../../view";
import { type Letter, type Outgoing, whyNotSent } from "./outgoing";
import * as words from "./words";

interface Props {
  view: ChatView;
  out: Outgoing;
  /** Puts a text into the box, to be changed. */
  takeUp: (text: string) => void;
}

/** What waits for its turn, what is on its way, and what couldn't be sent. */
export const Chips = pure(function Chips({ view, out, takeUp }: Props) {
  useKeys(view, "chat", "turns", "actions", "kernel");
  const { queued, paused } = view.store.state;
  const { actions } = view;
  const ids = new Set(queued.map(({ id }) => id));
  const letters = out.letters.filter((each) => !ids.has(each.id) && isShown(view, each));
  const isPaused = paused !== null && queued.length > 0;
  return (
    <>
      {isPaused && (
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
      )}
      {queued.length + letters.length > 0 && (
        <ol class="pw-queue" aria-label={words.queued}>
          {queued.map(({ id, text }) => (
            <Queued key={id} view={view} id={id} text={text} takeUp={takeUp} />
          ))}
          {letters.map((letter) => (
            <OnItsWay key={letter.id} letter={letter} out={out} takeUp={takeUp} />
          ))}
        </ol>
      )}
    </>
  );
});

/** Where nothing is under way a message stands among the turns from the start. */
const isShown = ({ last }: ChatView, letter: Letter): boolean =>
  whyNotSent(letter) !== null || (last !== undefined && isUnderWay(last));
