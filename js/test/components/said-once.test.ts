// What a card and the lines around it say of one thing.
import { expect, test } from "vitest";
import { open, painted } from "../page";
import { approval, block, run, text, tool } from "../runs";

const gated = (status: "failed" | "denied", result: string) =>
  tool({ name: "delete_rows", status, result, full: true, seconds: 300, waited: 300 });

test.each([
  [
    "expired",
    gated("failed", "Error: Blocked by hook — Approval timed out"),
    "Expired",
    "Not answered",
  ],
  [
    "denied",
    gated("denied", "Error: Blocked by hook — Denied by user: no"),
    "Denied",
    "Denied by a person",
  ],
] as const)("that a request %s stands in its line alone", (decision, call, word, said) => {
  const parts = [call, approval({ call: 0, decision, by: "click", decided_at: 2, asked_at: 1 })];
  const { ask, el } = open(run({ parts })).show();
  expect(ask(".pw-call").textContent).toContain(said);
  expect(ask(".pw-row").textContent).not.toMatch(/Blocked|300|5:00/);
  expect(ask(".pw-row").textContent).toMatch(new RegExp(`^${word}: delete_rows.*${word}$`));
  expect(el.querySelector(".pw-open")).toBeNull();
});

test("a call whose arguments are still to come is being prepared", async () => {
  const { show, change } = open(run({ parts: [tool({ status: "running", arguments: "" })] }));
  const { ask } = show();
  expect(ask(".pw-row").textContent).toMatch(/^Preparing: search.*Preparing/);
  change(["set", ["parts", 0, "arguments"], '{"query": "late"}']);
  await painted();
  expect(ask(".pw-row").textContent).toMatch(/^Running: searchlate/);
});

test("a call that runs after its approval tells its own time", () => {
  const since = Date.now() / 1000;
  const call = tool({ status: "running", started: since - 60, waited: 55 });
  const { ask } = open(run({ parts: [call] })).show();
  expect(ask(".pw-took").textContent).toMatch(/^5\.\d s$/);
});

test.each([
  ["says so where it is empty", run({ status: "completed" }), true],
  ["is text", run({ status: "completed", parts: [text("So.")] }), false],
  ["was blocked by a hook, which says so", run({ status: "completed", edited: "blocked" }), false],
  ["is still to come", run(), false],
  ["failed", run({ status: "failed" }), false],
  [
    "is a workflow's output",
    run({ kind: "workflow", status: "completed", blocks: [block()] }),
    false,
  ],
])("an answer %s", (_, state, isSaid) => {
  const { el } = open(state).show();
  expect(el.textContent?.includes("The answer is empty.")).toBe(isSaid);
});

test("the size in the notebook is told by a title, and takes no place", async () => {
  const { model, show } = open(run({ status: "completed" }));
  const { ask, el } = show();
  model.hear({ kind: "file", bytes: 28_400, seq: 0, cuts: [] });
  await painted();
  expect(ask(".pw-who").title).toBe("29 kB in the notebook");
  expect(el.textContent).not.toContain("kB");
});
