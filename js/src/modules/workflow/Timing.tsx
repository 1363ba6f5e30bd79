// When a block ran, as a bar on the time that the run took, and for how long.
import { useSeconds } from "../../core";
import type { Block } from "../../state/wire";
import * as words from "../../text/words";
import type { View } from "../../view/view";

interface Props {
  view: View;
  block: Block;
  status: Block["status"];
  from: number;
  span: number;
}

export function Timing({ view, block, status, from, span }: Props) {
  const seconds = useSeconds(view, block, status === "running");
  const share = (time: number) => Math.min(Math.max(span > 0 ? (100 * time) / span : 0, 0), 100);
  const left = share(Number(block.started) - from);
  return (
    <>
      <span class="pw-strip" aria-hidden>
        {block.started !== null && seconds !== null && (
          <i
            style={{
              left: `min(${left}%, 100% - 3px)`,
              width: `${Math.min(share(seconds), 100 - left)}%`,
            }}
          />
        )}
      </span>
      <span class="pw-took">{seconds !== null && words.took(seconds)}</span>
    </>
  );
}
