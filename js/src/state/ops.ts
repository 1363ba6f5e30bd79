// Applies changes to a state: the twin of `powawidget/state/ops.py`.
import { RUN, type Shape } from "./shape";
import type { ChatState, Op, RunState } from "./wire";

/** A change that doesn't fit the state: something was lost, and the whole run must be asked for. */
export class OpError extends Error {}

/**
 * Applies changes to a state, in place: the twin of `powawidget/state/ops.py`.
 *
 * A path reaches own, known places only, so `__proto__` and its like lead nowhere.
 *
 * @param changed is called with each change right after it was made.
 * @param shape the state's.
 * @throws OpError if a change doesn't fit; those before it were made.
 */
export function applyOps(
  state: RunState | ChatState,
  ops: readonly Op[],
  changed: (op: Op) => void = () => {},
  shape: Shape = RUN,
): void {
  for (const op of ops) {
    applyOp(state, op, shape);
    changed(op);
  }
}

function applyOp(state: RunState | ChatState, op: Op, top: Shape): void {
  if (!Array.isArray(op) || !Array.isArray(op[1])) throw new OpError();
  const [verb, path, value] = op;
  // biome-ignore lint/suspicious/noExplicitAny: every step is checked against the shape instead
  let owner: any = state;
  let shape: Shape | undefined = top;
  for (let depth = 0; ; depth++) {
    const key = path[depth];
    shape = key === undefined ? undefined : shape.within?.(owner, key);
    if (shape === undefined || key === undefined) {
      throw new OpError(); // it leads nowhere
    }
    if (depth === path.length - 1) {
      owner[key] = changedValue(verb, owner[key], value, shape);
      return;
    }
    owner = owner[key];
    if (typeof owner !== "object" || owner === null) {
      throw new OpError();
    }
  }
}

function changedValue(verb: string, old: unknown, value: unknown, shape: Shape): unknown {
  if (verb === "append") {
    if (typeof old !== "string" || typeof value !== "string") throw new OpError();
    return old + value;
  }
  if (verb !== "set") throw new OpError();
  const read = shape.read(value);
  // Reading mends what a saved notebook may hold; a live kernel that needs mending is out of step.
  if (typeof value !== "object" && read !== value) throw new OpError();
  return read;
}
