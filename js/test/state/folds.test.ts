import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { applyOps } from "../../src/state/ops";
import { RUN } from "../../src/state/shape";
import type { Op, RunState } from "../../src/state/wire";

interface Fold {
  name: string;
  start?: unknown;
  batches: Op[][];
  state: RunState;
}

/** Written by hand, and those that Python's tests write: every recording, reduced. */
const folds = ["handmade", "../folds"].flatMap((folder) => {
  const path = join(import.meta.dirname, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(path, file), "utf8")) as Fold);
});

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
