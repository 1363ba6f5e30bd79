// A quiet line about something that happened on the way.
import type { NoticePart } from "../state/wire";
import * as words from "../text/words";
import { pure, useKeys, useModule } from "../view/hooks";
import type { View } from "../view/view";
import { Details } from "./Details";
import { Paused } from "./Paused";
import { Visible } from "./Visible";

/** Thumbs, once the module that has them is here; else what was rated. */
function Rated({ view, text }: { view: View; text: string }) {
  const Shown = useModule(view, "rating")?.Rating;
  if (Shown) return <Shown view={view} text={text} />;
  return text ? (
    <p class="pw-notice">
      <Visible text={text} />
    </p>
  ) : null;
}

const MOST_MARKS_IN_LINE = 100; // more are a wall that hides what comes after it

export const Notice = pure(function Notice({ view, index }: { view: View; index: number }) {
  useKeys(view, `parts/${index}`);
  const { code, text, count, details } = view.store.state.parts[index] as NoticePart;
  if (code === "rating") return <Rated view={view} text={text} />;
  return (
    <>
      <p class="pw-notice">
        <Visible text={text || code || words.unreadable} marks={MOST_MARKS_IN_LINE} />
        {count > 1 && <span class="pw-times"> {words.times(count)}</span>}
      </p>
      {details && <Details text={details} />}
      {code === "reused" && <Paused view={view} wait={null} />}
    </>
  );
});
