import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Op, RunState } from "../src/state/wire";

interface Fold {
  name: string;
  start?: unknown;
  batches: Op[][];
  state: RunState;
}

/** Written by hand, and those that Python's tests write: every recording, reduced. */
export const folds = ["state/handmade", "folds"].flatMap((folder) => {
  const path = join(import.meta.dirname, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(path, file), "utf8")) as Fold);
});
