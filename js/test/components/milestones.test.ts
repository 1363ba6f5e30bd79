import { expect, test } from "vitest";
import { open, painted } from "../page";
import { approval, run, tool } from "../runs";

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
