// What a row opens to: its run, in a view that the kernel makes then.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Button, pure, Visible } from "../../core";
import { guarded } from "../../link/host";
import type { WholeSession } from "../../link/session";
import type { Line } from "../../state/wire";
import { onSized } from "../../view/sized";
import type { View } from "../../view/view";
import type { Opened } from "./link";
import { CELL } from "./roles";
import * as words from "./words";

/** What of the page's own widget manager shows one widget within another. */
interface Manager {
  get_model(id: string): Promise<unknown>;
  create_view(model: unknown): Promise<{ el: HTMLElement; remove(): void }>;
}

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
  const told = useRef({ sized, again });
  told.current = { sized, again };
  const isSecond = useRef(false);
  const [isBroken, setBroken] = useState(false);
  const model = opened?.model ?? null;
  // Who only reads a row isn't sent elsewhere.
  const hasAsked = useRef(false);
  hasAsked.current ||= line.standing === "waiting";
  useLayoutEffect(() => {
    const element = whole.current as HTMLDivElement;
    return onSized([element], () => told.current.sized(element.offsetHeight));
  }, []);
  useLayoutEffect(() => {
    if (model === null) return;
    setBroken(false);
    let end: (() => void) | undefined;
    let isGone = false;
    const { widget_manager } = (view.session as WholeSession).model;
    const show = async (manager: Manager) => {
      const made = await manager.create_view(await manager.get_model(model));
      end = () => guarded(() => made.remove());
      if (isGone) return end();
      place.current?.replaceChildren(made.el);
      isSecond.current = false;
    };
    show(widget_manager as Manager).catch(() => {
      if (isGone) return;
      if (isSecond.current) return setBroken(true);
      isSecond.current = true;
      told.current.again();
    });
    return () => {
      isGone = true;
      end?.();
    };
  }, [model]);
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
