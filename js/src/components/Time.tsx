// Where the time of a run went, as a thin strip at its foot; a module opens it to a chart.
import { hasEnded } from "../state/run";
import type { Span } from "../state/wire";
import * as words from "../text/words";
import { pure, useKeys, useModule, useNow, useToggle } from "../view/hooks";
import type { View } from "../view/view";
import { Button } from "./Button";

const MOST = 300;

export const Time = pure(function Time({ view }: { view: View }) {
  useKeys(view, "root", "status", "kernel");
  const { spans } = view.store.state;
  const [isOpen, toggle] = useToggle(view, "time", false);
  useNow(view, view.store.isLive && spans.length > 1 ? 1000 : 0);
  // Where nothing was told of what the service did, there is nothing to see.
  if (spans.filter(({ kind, name }) => kind !== "wait" || name !== "service").length < 2)
    return null;
  const { from, share, end } = axisOf(view);
  return (
    <>
      <Button class="pw-time" aria-expanded={isOpen} title={words.time} onClick={toggle}>
        {thinned(spans).map((span) => (
          <i
            class={`pw-${span.kind}`}
            style={{
              left: `${share(span.start - from)}%`,
              width: `${share(end(span) - span.start)}%`,
            }}
          />
        ))}
      </Button>
      {isOpen && <Opened view={view} />}
    </>
  );
});

/** Of very many spans as many as can be told apart, all along the axis. */
function thinned(spans: readonly Span[]): readonly Span[] {
  const every = Math.ceil(spans.length / MOST);
  return spans.filter((_, at) => at % every === 0);
}

function Opened({ view }: { view: View }) {
  const mod = useModule(view, "time");
  return mod ? <mod.Chart view={view} /> : null;
}

/** The axis of a run's spans: where it begins, the share of it in percent, and where a span ends. */
export function axisOf({ store }: View) {
  const { state, kernel, isLive } = store;
  // A run that was cut is over, and looked up.
  const over = hasEnded(state) && !state.wait ? state.ended : isLive ? kernel.now : kernel.heardAt;
  // What goes on ends now; how long that is, only this machine's clock can tell.
  const end = (span: Span) => span.end ?? span.start + Math.max(0, Number(over) - span.seen);
  let from = Infinity;
  let to = 0;
  for (const span of state.spans) {
    from = Math.min(from, span.start);
    to = Math.max(to, end(span));
  }
  const length = to - from;
  // No span ends after the axis; a length below nothing, which somebody made up, is none to a page.
  const share = (seconds: number) => (100 * seconds) / length || 0;
  return { from, length, share, end };
}
