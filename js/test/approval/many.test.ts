import { expect, test, vi } from "vitest";
import { openOutline } from "../../src/state/outline";
import type { Part } from "../../src/state/wire";
import { open, painted } from "../page";
import { approval, delegation, parallel, run, tool } from "../runs";

const each = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

const asked = (count: number): Part[] => [
  ...each(count, (index) => tool({ name: `t${index}`, status: "waiting" })),
  ...each(count, (index) => approval({ digest: `d${index}`, tool_name: `t${index}`, call: index })),
];

test("hundreds of requests are shown in stages, and approved once all of them were", async () => {
  const { model, show } = open(run({ status: "waiting", parts: asked(300) }));
  const { el, ask } = show();
  await painted();
  const shown = () => el.querySelectorAll(".pw-asked").length;
  const isInert = () => ask(".pw-approve").getAttribute("aria-disabled");
  expect(el.querySelectorAll(".pw-ask")).toHaveLength(1);
  expect(shown()).toBe(50);
  expect(ask(".pw-approve").textContent).toBe("Approve all 300");
  expect(ask(".pw-ask-note").textContent).toBe(
    "Approve needs 250 more requests to be shown first.",
  );
  expect(isInert()).toBe("true");
  ask(".pw-approve").click();
  ask(".pw-ask").dispatchEvent(new KeyboardEvent("keydown", { key: "a", bubbles: true }));
  expect(model.sent.filter(({ kind }) => kind === "act")).toEqual([]);
  expect(ask(".pw-ask .pw-more").textContent).toBe("Show 200 of 250 more requests");
  ask(".pw-ask .pw-more").click();
  await painted();
  expect(shown()).toBe(250);
  expect(isInert()).toBe("true");
  expect(ask(".pw-ask .pw-more").textContent).toBe("Show 50 more requests");
  ask(".pw-ask .pw-more").click();
  await painted();
  expect(shown()).toBe(300);
  expect(ask(".pw-ask-note").textContent).toBe("");
  expect(el.querySelector(".pw-ask .pw-more")).toBeNull();
});

test("a request that comes after all were shown is shown first", async () => {
  const opened = open(run({ status: "waiting", parts: asked(50) }));
  const { el, ask } = opened.show();
  await painted();
  expect(ask(".pw-ask-note").textContent).toBe("");
  opened.change(["set", ["parts", 100], approval({ digest: "late" })]);
  await painted();
  expect(el.querySelectorAll(".pw-asked")).toHaveLength(50);
  expect(ask(".pw-ask-note").textContent).toContain("1 more request to be shown first");
});

test("hundreds of requests can be denied without being read", async () => {
  const { el, ask } = open(run({ status: "waiting", parts: asked(200) })).show();
  await painted();
  expect(ask(".pw-deny").getAttribute("aria-disabled")).toBe("false");
  expect(el.querySelectorAll(".pw-asked")).toHaveLength(50);
});

test("a request that comes or is decided has a few places drawn again, however many wait", () => {
  const told: string[] = [];
  const outline = openOutline((key) => told.push(key));
  const parts = asked(500);
  const last = parts.length;
  outline.rebuild(parts);
  told.length = 0;
  parts.push(approval({ digest: "more" }));
  outline.next();
  expect(new Set(told)).toEqual(new Set(["within/-1", `parts/${last - 1}`, `parts/${last}`]));
  expect(outline.approvalsWith("pending")).toHaveLength(501);
  told.length = 0;
  parts[500] = approval({ digest: "d0", call: 0, decision: "sending" });
  outline.update(500);
  expect(outline.approvalsWith("sending")).toEqual([500]);
  expect(outline.approvalsWith("pending")[0]).toBe(501);
  expect(new Set(told)).toEqual(new Set([`parts/${last}`, "parts/500"]));
  // What couldn't be sent waits again, where it did.
  parts[500] = approval({ digest: "d0", call: 0 });
  outline.update(500);
  expect(outline.approvalsWith("pending").slice(0, 2)).toEqual([500, 501]);
  expect(outline.approvalsWith("sending")).toEqual([]);
  parts[500] = tool();
  outline.update(500);
  expect(outline.approvalsWith("pending")[0]).toBe(501);
});

test("agents within agents have an end, and all of them are shown", async () => {
  const parts = each(300, (index) =>
    delegation({ agent: `agent ${index}.`, status: "running", within: index ? index - 1 : null }),
  );
  const { el } = open(run({ kind: "orchestration", parts })).show();
  await painted();
  expect(el.querySelectorAll(".pw-agent")).toHaveLength(300);
  let deepest = 0;
  for (const agent of el.querySelectorAll(".pw-agent")) {
    let depth = 0;
    for (let at = agent.parentElement?.closest(".pw-agent"); at; depth++) {
      at = at.parentElement?.closest(".pw-agent");
    }
    deepest = Math.max(deepest, depth);
  }
  expect(deepest).toBeLessThan(31);
});

test("the names of thousands in a group are put together once for what can be seen", async () => {
  const group = parallel({ agents: each(2_000, (index) => `agent ${index}`), count: 2_000 });
  const join = vi.spyOn(Array.prototype, "join");
  const { el } = open(
    run({
      kind: "orchestration",
      parts: [group, ...each(100, () => delegation({ agent: "Billing", within: 0 }))],
    }),
  ).show();
  await painted();
  const longest = Math.max(...join.mock.contexts.map((list) => (list as unknown[]).length));
  join.mockRestore();
  expect(el.textContent).toContain("Billing");
  expect(longest).toBeLessThan(2_000);
});
