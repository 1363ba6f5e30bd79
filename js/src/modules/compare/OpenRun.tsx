// What a side opens to: its run, in a view that the kernel makes then.
import { useRef } from "preact/hooks";
import { Button, pure, Visible } from "../../core";
import { useNested } from "../../view/nested";
import type { View } from "../../view/view";
import type { Opened } from "./link";
import * as words from "./words";

interface Props {
  view: View;
  one: Opened;
  /** Whether each side has one run. */
  isOne: boolean;
  close: () => void;
  /** Asks the kernel once more for the view. */
  again: () => void;
}

export const OpenRun = pure(function OpenRun({ view, one, isOne, close, again }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { model, why, name, turn } = one;
  const isBroken = useNested(view, model, place, again);
  const said =
    model !== null
      ? isBroken
        ? words.cannotShow(name)
        : ""
      : why === null
        ? words.opening
        : why || words.noRun;
  return (
    <section class="pw-opened" aria-label={words.opened(name, turn, isOne)}>
      <div class="pw-opened-head">
        <b dir="auto">
          <Visible text={words.opened(name, turn, isOne)} />
        </b>
        <Button class="pw-quiet" onClick={close}>
          {words.close}
        </Button>
      </div>
      {said !== "" && (
        <p class="pw-note">
          <Visible text={said} />
        </p>
      )}
      <div ref={place} />
    </section>
  );
});
