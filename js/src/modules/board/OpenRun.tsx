// What a row opens to: its run, in a view that the kernel makes then.
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button, pure, Visible } from "../../core";
import type { Line } from "../../state/wire";
import { useNested } from "../../view/nested";
import { onSized } from "../../view/sized";
import type { View } from "../../view/view";
import type { Opened } from "./link";
import { CELL } from "./roles";
import * as words from "./words";

interface Props {
  view: View;
  line: Line;
  opened: Opened | null;
  /** How many other rows wait for a person, and what goes to the next one. */
  others: number;
  next: () => void;
  /** Asks for its run once more: the kernel closes those that were opened long ago. */
  again: () => void;
  /** Called with the height that it takes, in px. */
  sized: (height: number) => void;
}

export const OpenRun = pure(function OpenRun({
  view,
  line,
  opened,
  others,
  next,
  again,
  sized,
}: Props) {
  const place = useRef<HTMLDivElement>(null);
  const whole = useRef<HTMLDivElement>(null);
  const told = useRef(sized);
  told.current = sized;
  const isBroken = useNested(view, opened?.model ?? null, place, again);
  // Who only reads a row isn't sent elsewhere.
  const hasAsked = useRef(false);
  hasAsked.current ||= line.standing === "waiting";
  useLayoutEffect(() => {
    const element = whole.current as HTMLDivElement;
    return onSized([element], () => told.current(element.offsetHeight));
  }, []);
  const said =
    opened === null
      ? words.opening
      : isBroken
        ? words.cannotShow(line.key)
        : opened.model === null
          ? opened.why || words.noRun
          : "";
  return (
    <div ref={whole} class="pw-open-run" {...CELL}>
      {said !== "" && (
        <p class="pw-note">
          <Visible text={said} />
        </p>
      )}
      <div ref={place} />
      {hasAsked.current && others > 0 && !view.store.isAbandoned && (
        <Button class="pw-quiet pw-next" onClick={next}>
          {words.others(others)}
        </Button>
      )}
    </div>
  );
});
