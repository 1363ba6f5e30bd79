import { describe, expect, test } from "vitest";
import { applyOps } from "../../src/state/ops";
import { RUN } from "../../src/state/shape";
import { folds } from "../folds";

describe("folding what Python sends gives what Python has", () => {
  test.each(folds.map((fold) => [fold.name, fold] as const))("%s", (_, { batches, state }) => {
    const folded = RUN.read({ name: state.name, kind: state.kind, message: state.message });
    for (const ops of batches) applyOps(folded, ops);
    expect(folded).toEqual(state);
  });
});

test.each(folds.map((fold) => [fold.name, fold] as const))(
  "reading %s leaves it as it is",
  (_, { state }) => {
    expect(RUN.read(state)).toEqual(state);
  },
);
