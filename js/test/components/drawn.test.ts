import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Factory } from "../../src/link/modules";
import * as orchestration from "../../src/modules/orchestration";
import * as workflow from "../../src/modules/workflow";
import type { Op, RunState } from "../../src/state/wire";
import { open, painted } from "../page";
import { run } from "../runs";

interface Fold {
  name: string;
  batches: Op[][];
  state: RunState;
}

/** Orchestrations and workflows that were recorded, or are kept with the tests, reduced by Python. */
const folder = join(import.meta.dirname, "..", "folds");
const folds = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((file) => file.endsWith(".json"))
  .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Fold)
  .filter(({ state }) => state.kind !== "agent");

/** What is shown, without what is different for every widget or only said as news. */
function seen(node: Node): string[] {
  if (!(node instanceof Element)) return [node.textContent ?? ""];
  if (node.matches(".pw-head~[role=status], style")) return [];
  const attributes = [...node.attributes]
    .map(({ name, value }) => {
      // In which order they were set says nothing of how it looks.
      const told = name === "style" ? value.split(/;\s*/).sort().join(";") : value;
      return `${name}=${told.replace(/[\da-f]{32}/, "id")}`;
    })
    .sort();
  return [`${node.tagName} ${attributes.join(" ")}`, ...[...node.childNodes].flatMap(seen)];
}

test.each(folds.map((fold) => [fold.name, fold] as const))(
  "%s looks the same drawn change by change and drawn whole",
  async (_, { batches, state }) => {
    const page = globalThis as { powawidgetModules?: Map<string, Promise<Factory>> };
    page.powawidgetModules = new Map<string, Promise<Factory>>([
      ["workflow", Promise.resolve(() => workflow)],
      ["orchestration", Promise.resolve(() => orchestration)],
    ]);
    const start = run({ kind: "agent", name: state.name, status: "connecting", started: null });
    const opened = open({ ...start, message: state.message });
    const live = opened.show();
    const every = Math.ceil(batches.length / 20);
    for (const [place, ops] of batches.entries()) {
      opened.change(...ops);
      if (place % every === 0) await painted();
    }
    await painted();
    const whole = open(state).show();
    await painted();
    expect(seen(live.el)).toEqual(seen(whole.el));
    expect(live.el.querySelector(".pw-spin, .pw-working, .pw-writing")).toBeNull();
  },
);

test("every recorded kind is among them, where the recordings were reduced", () => {
  const kinds = new Set(folds.map(({ state }) => `${state.kind} ${state.strategy}`.trim()));
  if (!existsSync(folder)) return;
  expect([...kinds]).toEqual(expect.arrayContaining(["workflow", "orchestration supervisor"]));
});
