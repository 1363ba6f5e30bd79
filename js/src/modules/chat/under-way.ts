// Whether an answer is coming.
import { hasEnded } from "../../core";
import type { View } from "../../view/view";

export const isUnderWay = (turn: View | undefined): turn is View =>
  turn !== undefined && !hasEnded(turn.store.state) && !turn.store.isAbandoned;
