// The way to the rows that wait for a person, the one whose request expires first before the others.
import { Button, pure, useKeys, useNow } from "../../core";
import type { Figures, Line } from "../../state/wire";
import type { View } from "../../view/view";
import * as words from "./words";

interface Props {
  view: View;
  waiting: Figures["waiting"];
  go: () => void;
}

export const Next = pure(function Next({ view, waiting, go }: Props) {
  useKeys(view, "root", "kernel");
  const [first] = waiting;
  if (first === undefined || view.store.isAbandoned) return null;
  return (
    <Button class="pw-board-next" title={words.nextThen} onClick={go}>
      {words.nextToDecide}
      <Left view={view} deadline={first.deadline} />
    </Button>
  );
});

/** Which row comes after one, among those that wait; after the last the first again. */
export function after(waiting: Figures["waiting"], place: number | undefined): number | undefined {
  const at = waiting.findIndex((one) => one.place === place);
  return waiting[(at + 1) % Math.max(waiting.length, 1)]?.place;
}

/** How long the server still waits, counted down. */
export function Left({ view, deadline }: { view: View; deadline: Line["deadline"] }) {
  const { isLive } = view.store;
  const now = useNow(view, isLive ? 1000 : 0);
  if (deadline === null || !isLive) return null;
  return <span class="pw-left">{words.timeLeft(deadline - now)}</span>;
}
