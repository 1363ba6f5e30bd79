// When a block ran, as a bar on the time that the run took, and for how long.
import { useSeconds } from "../../core";
import type { Block } from "../../state/wire";
import * as words from "../../text/words";
import type { View } from "../../view/view";
import { type Axis, placeOf } from "./axis";

interface Props {
  view: View;
  block: Block;
  status: Block["status"];
  axis: Axis;
}

export function Timing({ view, block, status, axis }: Props) {
  const seconds = useSeconds(view, block, status === "running");
  const began = Number(block.started);
  const left = placeOf(axis, began);
  return (
    <>
      <span class="pw-strip" aria-hidden>
        {block.started !== null && seconds !== null && (
          <i
            style={{
              left: `min(${left}%, 100% - 3px)`,
              width: `${placeOf(axis, began + seconds) - left}%`,
            }}
          />
        )}
      </span>
      <span class="pw-took">{seconds !== null && words.duration(seconds)}</span>
    </>
  );
}
