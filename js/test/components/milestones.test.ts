import { expect, test } from "vitest";
import type { ApprovalPart, Op, RunState } from "../../src/state/wire";
import { open, painted } from "../page";
import { approval, delegation, run, tool } from "../runs";

const waiting = { name: "delete_rows", status: "waiting" } as const;

test("that a run started is said once, not after each wait; a decision is told in its place", async () => {
  const { show, change } = open(run());
  const { ask, el } = show();
  const said = () => ask(".pw-unseen[role=status]").textContent;
  expect(said()).toBe("Run started");
  const told = [];
  for (const index of [0, 2]) {
    change(
      ["set", ["parts", index], tool({ ...waiting, call_id: `c${index}` })],
      ["set", ["parts", index + 1], approval({ call: index, digest: `d${index}` })],
      ["set", ["status"], "waiting"],
    );
    await painted();
    told.push(said());
    change(
      ["set", ["parts", index + 1, "decision"], "sending"],
      ["set", ["parts", index + 1, "choice"], "approve"],
      ["set", ["parts", index + 1, "by"], "click"],
      ["set", ["parts", index + 1, "delivery"], "taken"],
      ["set", ["parts", index, "status"], "running"],
      ["set", ["status"], "running"],
    );
    await painted();
    // All in one paint.
    expect(ask(".pw-status").textContent).toBe("Running");
    expect([...el.querySelectorAll(".pw-decided")].at(-1)?.textContent).toBe("Approved, running");
    told.push(said());
    change(
      ["set", ["parts", index + 1, "decision"], "approved"],
      ["set", ["parts", index, "status"], "done"],
    );
    await painted();
    told.push(said());
  }
  change(["set", ["status"], "completed"]);
  await painted();
  const asked = "Waiting for your approval: delete_rows";
  const each = [asked, "Approved, running", ""];
  expect([...told, said()]).toEqual([...each, ...each, "Answer ready"]);
});

const WAITS = [tool(waiting), approval({ call: 0 })];
const DECIDED = [
  ["set", ["parts", 1, "decision"], "sending"],
  ["set", ["parts", 1, "choice"], "approve"],
  ["set", ["parts", 1, "by"], "click"],
  ["set", ["parts", 1, "delivery"], "taken"],
  ["set", ["parts", 0, "status"], "running"],
  ["set", ["status"], "running"],
] as const satisfies Op[];
const settled = (decision: ApprovalPart["decision"]): Op => [
  "set",
  ["parts", 1, "decision"],
  decision,
];
const UNKNOWN = "It isn’t known what became of the approval";

test.each<[string, RunState, Op[][], string[]]>([
  [
    "a run that waited when it was first drawn",
    run({ status: "waiting", parts: WAITS }),
    [[...DECIDED], [settled("approved"), ["set", ["parts", 0, "status"], "done"]]],
    ["Waiting for your approval: delete_rows", "Approved, running", ""],
  ],
  [
    "an agent that has done its part",
    run(),
    [
      [["set", ["parts", 0], delegation()]],
      [["set", ["parts", 0, "status"], "done"]],
      [["set", ["parts", 1], delegation({ agent: "Sales" })]],
      [["set", ["parts", 1, "status"], "done"]],
    ],
    ["Run started", "Billing at work", "", "Sales at work", ""],
  ],
  [
    "a connection that was lost",
    run({ status: "connecting" }),
    [
      [["set", ["status"], "running"]],
      [["set", ["status"], "reconnecting"]],
      [["set", ["status"], "running"]],
    ],
    ["", "Run started", "", ""],
  ],
  [
    "a decision that nobody knows of",
    run({ status: "waiting", parts: WAITS }),
    [[...DECIDED], [settled("unknown")], [settled("approved")]],
    ["Waiting for your approval: delete_rows", "Approved, running", UNKNOWN, ""],
  ],
])("after %s it isn't told that the run started", async (_, first, changes, told) => {
  const { show, change } = open(first);
  const { ask } = show();
  const said = () => ask(".pw-unseen[role=status]").textContent;
  const heard = [said()];
  for (const ops of changes) {
    change(...ops);
    await painted();
    heard.push(said());
  }
  expect(heard).toEqual(told);
});

test("of a call that may not run no time is told", async () => {
  const { show, change } = open(run({ status: "waiting", parts: WAITS }));
  const { ask } = show();
  change(...DECIDED, ["set", ["parts", 0, "started"], 900]);
  for (const delivery of ["sending", "again"]) {
    change(["set", ["parts", 1, "delivery"], delivery]);
    await painted();
    expect(ask(".pw-call .pw-took").textContent).toBe("");
  }
  change(["set", ["parts", 1, "delivery"], "taken"]);
  await painted();
  expect(ask(".pw-call .pw-took").textContent).toMatch(/ s$|:/);
  change(settled("unknown"));
  await painted();
  expect(ask(".pw-call .pw-took").textContent).toBe("");
});
