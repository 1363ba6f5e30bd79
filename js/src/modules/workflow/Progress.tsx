// A bar under the header: how many of the blocks have run, and how many of those failed.
import { pure, useKeys } from "../../core";
import { hasEnded } from "../../state/run";
import { tally } from "../../state/tally";
import * as words from "../../text/words";
import type { View } from "../../view/view";

export const Progress = pure(function Progress({ view }: { view: View }) {
  useKeys(view, "blocks", "status", "kernel");
  const { state } = view.store;
  const counts = tally(state.blocks);
  if (counts.all === 0) return null;
  const isKnown = state.graph || hasEnded(state);
  const share = (blocks: number) => ({
    width: `${isKnown ? (100 * blocks) / counts.all : 0}%`,
  });
  return (
    <div
      class={`pw-progress pw-progress-${view.store.status}`}
      role="progressbar"
      aria-label={words.progress}
      aria-valuemin={0}
      aria-valuemax={isKnown ? counts.all : undefined}
      aria-valuenow={isKnown ? counts.ran : undefined}
      aria-valuetext={words.blocks(counts, isKnown)}
    >
      <i class="pw-progress-ran" style={share(counts.ran - counts.failed)} />
      <i class="pw-progress-failed" style={share(counts.failed)} />
      <i class="pw-progress-skipped" style={share(counts.skipped)} />
    </div>
  );
});
