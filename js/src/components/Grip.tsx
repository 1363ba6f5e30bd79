// The lower edge of the box: who drags it, or presses an arrow key on it, sets the box's height.
import type { RefObject, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import * as words from "../text/words";

const LEAST = 120; // px
const MOST = 4_000;
const STEP = 40; // by a key

interface Props {
  box: RefObject<HTMLElement | null>;
  /** How tall it may be, in px. */
  height: number;
  /** Sets the height in px; null is the usual one. */
  set: (height: number | null) => void;
}

export function Grip({ box, height, set }: Props) {
  const now = () => box.current?.clientHeight ?? LEAST;
  const put = (height: number) => set(Math.min(Math.max(Math.round(height), LEAST), MOST));
  const drag = (down: TargetedPointerEvent<HTMLElement>) => {
    const { currentTarget: grip, clientY: from, pointerId } = down;
    const before = now();
    grip.setPointerCapture(pointerId);
    grip.onpointermove = ({ clientY }) => put(before + clientY - from);
    grip.onlostpointercapture = () => {
      grip.onpointermove = null;
    };
  };
  const onKey = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const by = { ArrowDown: STEP, ArrowUp: -STEP }[event.key];
    if (by !== undefined) put(now() + by);
    else if (event.key === "Home") set(null);
    else return;
    event.preventDefault();
  };
  return (
    <hr
      class="pw-grip"
      aria-orientation="horizontal"
      aria-label={words.height}
      aria-valuenow={height}
      aria-valuemin={LEAST}
      aria-valuemax={MOST}
      title={words.heightKeys}
      tabIndex={0}
      // JupyterLab has commands on the arrow keys.
      data-lm-suppress-shortcuts="true"
      onPointerDown={drag}
      onKeyDown={onKey}
      onDblClick={() => set(null)}
    />
  );
}
