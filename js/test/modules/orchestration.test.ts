import { beforeEach, describe, expect, test } from "vitest";
import type { Factory } from "../../src/link/modules";
import * as module from "../../src/modules/orchestration";
import { openOutline, TOP } from "../../src/state/outline";
import type { Op, Part } from "../../src/state/wire";
import { open, painted } from "../page";
import { approval, delegation, parallel, run, text, tool } from "../runs";

const page = globalThis as { powawidgetModules?: Map<string, Promise<Factory>> };
beforeEach(() => {
  page.powawidgetModules = new Map([["orchestration", Promise.resolve(() => module)]]);
});

const orchestration = (parts: Part[], given = {}) =>
  run({ kind: "orchestration", name: "Support team", parts, ...given });

const heads = (el: Element) =>
  [...el.querySelectorAll(".pw-agent>.pw-row")].map((row) =>
    [...row.children].map((each) => each.textContent).filter(Boolean),
  );

const openOnes = (el: Element) =>
  [...el.querySelectorAll(".pw-agent>.pw-row")].map((row) => row.getAttribute("aria-expanded"));

describe("a delegation", () => {
  const asked = tool({
    name: "delegate_to_Billing",
    arguments: '{"task": "check order 1182"}',
    status: "running",
  });
  const billing = { call: 0, task: "check order 1182" };

  test("is one card with the call that asked for it, and holds what is within it", async () => {
    const { show, change } = open(orchestration([asked]));
    const { el, ask } = show();
    await painted();
    expect(el.querySelectorAll(".pw-call")).toHaveLength(1);
    change(
      ["set", ["parts", 1], delegation(billing)],
      ["set", ["parts", 2], tool({ name: "lookup", within: 1 })],
      ["set", ["parts", 3], text("No invoice", 1)],
      ["set", ["parts", 4], text("At the top")],
    );
    await painted();
    expect(el.textContent).not.toContain("delegate_to");
    expect(ask(".pw-kids .pw-call").textContent).toContain("lookup");
    expect(ask(".pw-kids .pw-answer").textContent).toBe("No invoice");
    expect([...el.querySelectorAll(".pw-body>.pw-answer")].map((each) => each.textContent)).toEqual(
      ["At the top"],
    );
    change(["append", ["parts", 3, "text"], " **there**"]);
    await painted();
    expect(ask(".pw-kids .pw-answer strong").textContent).toBe("there");
  });

  test("says who, what for and how far; closed, what it took", async () => {
    const { show, change } = open(
      orchestration([asked, delegation({ ...billing, step: 2 }), tool({ within: 1 })]),
    );
    const { el } = show();
    await painted();
    expect(heads(el)).toEqual([["Running: ", "Billing", "check order 1182", "step 2"]]);
    change(
      ["set", ["parts", 1, "status"], "done"],
      ["set", ["parts", 1, "steps"], 2],
      ["set", ["parts", 1, "seconds"], 3.1],
    );
    await painted();
    expect(heads(el)).toEqual([
      ["Done: ", "Billing", "check order 1182", "2 steps, 1 tool call, 3.1 s"],
    ]);
  });

  test("closes itself once, when it is done", async () => {
    const { show, change } = open(orchestration([delegation(), text("a", 0)]));
    const { el, ask } = show();
    await painted();
    expect(openOnes(el)).toEqual(["true"]);
    change(["set", ["parts", 0, "status"], "done"]);
    await painted();
    expect(openOnes(el)).toEqual(["false"]);
    expect(el.querySelector(".pw-kids")).toBeNull();
    ask(".pw-agent>.pw-row").click();
    change(["set", ["parts", 0, "stored"], true], ["set", ["status"], "completed"]);
    await painted();
    expect(openOnes(el)).toEqual(["true"]);
    expect(ask(".pw-kids").textContent).toBe("a");
  });

  test("that a person has toggled stays as it is", async () => {
    const { show, change } = open(orchestration([delegation(), delegation(), text("b", 1)]));
    const { el } = show();
    await painted();
    const [first, second] = el.querySelectorAll<HTMLElement>(".pw-agent>.pw-row");
    first?.click();
    await painted();
    second?.click();
    await painted();
    second?.click();
    await painted();
    change(["set", ["parts", 0, "step"], 2], ["set", ["parts", 1, "status"], "done"]);
    await painted();
    expect(openOnes(el)).toEqual(["false", "true"]);
  });

  test("in which a person has opened a card doesn't fold away", async () => {
    const { show, change } = open(orchestration([delegation(), tool({ within: 0 })]));
    const { el, ask } = show();
    await painted();
    ask(".pw-call .pw-row").click();
    change(["set", ["parts", 0, "status"], "done"]);
    await painted();
    expect(openOnes(el)).toEqual(["true"]);
  });

  test("that failed is open and says why", async () => {
    const { show } = open(
      orchestration([
        { ...asked, result: "litellm.InternalServerError: no", status: "failed" },
        delegation({ ...billing, status: "failed", seconds: 1 }),
      ]),
    );
    const { el, ask } = show();
    await painted();
    expect(openOnes(el)).toEqual(["true"]);
    expect(ask(".pw-agent>.pw-row").textContent).toContain("Failed");
    expect(ask(".pw-kids .pw-bad").textContent).toBe("litellm.InternalServerError: no");
  });

  test("whose text is the answer stays open and is marked", async () => {
    const { show, change } = open(
      orchestration([delegation(), text("draft", 0), delegation({ agent: "Polisher" })], {
        answer: 2,
      }),
    );
    const { el } = show();
    await painted();
    change(
      ["set", ["parts", 3], text("The answer", 2)],
      ["set", ["parts", 0, "status"], "done"],
      ["set", ["parts", 2, "status"], "done"],
    );
    await painted();
    expect(el.querySelector(".pw-tag")).toBeNull(); // it isn't over yet
    change(["set", ["status"], "completed"]);
    await painted();
    expect(openOnes(el)).toEqual(["false", "true"]);
    expect([...el.querySelectorAll(".pw-tag")].map((tag) => tag.textContent)).toEqual(["Answer"]);
  });

  test("shows the call's result only where it adds something", async () => {
    const done = { ...asked, status: "done" as const, full: true };
    const shown = async (result: string) => {
      const { show } = open(
        orchestration([
          { ...done, result },
          delegation({ ...billing, status: "done" }),
          text("Looking. ", 1),
          text("No invoice.", 1),
        ]),
      );
      const { el, ask } = show();
      await painted();
      ask(".pw-agent>.pw-row").click();
      return el;
    };
    const same = await shown("Looking. No invoice.");
    const other = await shown("Found 3 rows");
    await painted();
    expect(same.querySelector(".pw-field")).toBeNull();
    expect(other.querySelector(".pw-field")?.textContent).toContain("Found 3 rows");
  });

  test("shows all arguments of its call where they are more than the task", async () => {
    const { show } = open(
      orchestration([
        { ...asked, arguments: '{"task": "check order 1182", "depth": 3}' },
        delegation(billing),
      ]),
    );
    const { ask } = show();
    await painted();
    expect(ask(".pw-kids").textContent).toContain("depth3");
  });

  test("folds a long task, and opens it under the name", async () => {
    const task = `${"find ".repeat(200)}it`;
    const { show } = open(
      orchestration([delegation({ task }), delegation({ task, status: "done" })]),
    );
    const { el, ask } = show();
    await painted();
    const [first, second] = el.querySelectorAll(".pw-brief");
    expect(first?.textContent).toBe("");
    expect(ask(".pw-kids .pw-excerpt").textContent).toBe(task.slice(0, 400));
    expect(second?.textContent).toHaveLength(161);
  });

  test("shows its own thoughts, and the run only its", async () => {
    const thought = (words: string, within: number | null) => ({
      step: 1,
      text: words,
      whole: true,
      within,
    });
    const { show } = open(
      orchestration([delegation(), text("a", 0)], {
        reasoning: {
          thoughts: [thought("top", null), thought("inner", 0)],
          seconds: 3,
          since: null,
        },
      }),
    );
    const { el } = show();
    await painted();
    const pills = [...el.querySelectorAll<HTMLElement>(".pw-thinking .pw-pill")];
    for (const pill of pills) pill.click();
    await painted();
    expect([...el.querySelectorAll(".pw-thinking")].map((each) => each.textContent)).toEqual([
      "Thoughttop",
      "Thoughtinner",
    ]);
    expect(el.querySelector(".pw-kids .pw-thinking")?.textContent).toBe("Thoughtinner");
  });

  test("nests", async () => {
    const { show } = open(
      orchestration([
        delegation(),
        delegation({ agent: "Inner", within: 0 }),
        text("deep", 1),
        text("less", 0),
      ]),
    );
    const { ask } = show();
    await painted();
    expect(ask(".pw-kids .pw-kids").textContent).toBe("deep");
    expect(ask(".pw-who").textContent).toContain("Inner at work");
  });

  test("of a run whose kernel went is interrupted", async () => {
    const { show, model } = open(orchestration([delegation(), text("a", 0)]));
    const { el } = show();
    await painted();
    model.emit("comm:close");
    await painted();
    expect(heads(el)[0]).toContain("Interrupted: ");
    expect(el.querySelector(".pw-who")?.textContent).not.toContain("at work");
  });

  test("has a name that is text, whatever it looks like", async () => {
    const evil = '<img src=x onerror="alert(1)">\u202e';
    const { show } = open(
      orchestration([delegation({ agent: evil, task: evil }), parallel({ agents: [evil] })]),
    );
    const { el } = show();
    await painted();
    expect(el.querySelector("img")).toBeNull();
    expect(el.textContent).not.toContain("\u202e");
    expect(el.querySelector(".pw-agent-name")?.textContent).toContain("U+202E");
  });
});

describe("agents in parallel", () => {
  test("are counted, and what they say isn't attributed", async () => {
    const { show, change } = open(
      orchestration([parallel({ agents: ["A", "B", "C"], count: 3 }), tool({ within: 0 })]),
    );
    const { el, ask } = show();
    await painted();
    change(["set", ["parts", 0, "characters"], 1204]);
    await painted();
    expect(heads(el)).toEqual([
      ["Running: ", "In parallel: A, B, C", "3 at work, 1,204 characters"],
    ]);
    expect(ask(".pw-kids").textContent).toContain("doesn’t say whose text is whose");
    expect(el.querySelectorAll(".pw-kids .pw-call")).toHaveLength(1);
    expect(ask(".pw-who").textContent).toContain("A, B, C at work");
  });

  test("have their own texts once the stored run is known, without names", async () => {
    const { show, change } = open(
      orchestration([parallel(), text("Both agree.")], { status: "completed" }),
    );
    const { el, ask } = show();
    await painted();
    change(
      ["set", ["parts", 0, "status"], "done"],
      ["set", ["parts", 2], delegation({ agent: "", within: 0, status: "done", stored: true })],
      ["set", ["parts", 3], text("alpha says one", 2)],
    );
    await painted();
    ask(".pw-agent>.pw-row").click();
    await painted();
    ask(".pw-kids .pw-agent>.pw-row").click();
    await painted();
    expect(ask(".pw-kids .pw-agent-name").textContent).toBe("One of: A, B");
    expect(ask(".pw-kids .pw-kids").textContent).toBe("alpha says one");
    expect(el.textContent).not.toContain("whose text");
  });

  test("that nobody has named are counted", async () => {
    const { show } = open(orchestration([parallel({ agents: [], count: 2 })]));
    const { ask } = show();
    await painted();
    expect(ask(".pw-agent-name").textContent).toBe("In parallel: 2 agents");
  });

  test("a card that turns out to be one agent's moves to it", async () => {
    const { show, change } = open(
      orchestration([
        parallel(),
        tool({ name: "moon", within: 0 }),
        tool({ name: "sun", within: 0 }),
      ]),
    );
    const { el } = show();
    await painted();
    change(
      ["set", ["parts", 3], delegation({ agent: "A", within: 0 })],
      ["set", ["parts", 1, "within"], 3],
    );
    await painted();
    expect(el.querySelector(".pw-kids .pw-kids")?.textContent).toContain("moon");
    expect(el.querySelector(".pw-kids .pw-kids")?.textContent).not.toContain("sun");
    expect(el.querySelectorAll(".pw-call")).toHaveLength(2);
  });
});

describe("who is at work", () => {
  const milestone = (el: Element) => el.querySelector(".pw-unseen[role=status]")?.textContent;

  test("stands in the header and is said as a milestone", async () => {
    const { show, change } = open(orchestration([delegation({ agent: "Drafter" })]));
    const { el, ask } = show();
    await painted();
    expect(ask(".pw-who").textContent).toBe("orchestration Support team · Drafter at work");
    expect(milestone(el)).toBe("Drafter at work");
    change(["set", ["parts", 0, "status"], "done"]);
    change(["set", ["parts", 1], delegation({ agent: "Polisher" })]);
    await painted();
    expect(milestone(el)).toBe("Polisher at work");
    change(["set", ["parts", 1, "status"], "done"], ["set", ["status"], "completed"]);
    await painted();
    expect(milestone(el)).toBe("Answer ready");
    expect(ask(".pw-who").textContent).toBe("orchestration Support team");
  });

  test("no dots move beside an agent at work, and a text of one that ended has no caret", async () => {
    const { show, change } = open(orchestration([delegation({ call: null }), text("a", 0)]));
    const { el, ask } = show();
    await painted();
    expect(el.querySelector(".pw-working")).toBeNull();
    expect(el.querySelectorAll(".pw-writing")).toHaveLength(1);
    ask(".pw-agent>.pw-row").click();
    await painted();
    ask(".pw-agent>.pw-row").click();
    change(["set", ["parts", 0, "status"], "done"]);
    await painted();
    expect(ask(".pw-kids").textContent).toBe("a");
    expect(el.querySelector(".pw-writing")).toBeNull();
    expect(ask(".pw-working").textContent).toContain("Working");
  });
});

describe("Copy answer", () => {
  const copied = async (parts: Part[], given = {}) => {
    const { show } = open(orchestration(parts, { status: "completed", ...given }));
    const { el } = show();
    await painted();
    const button = [...el.querySelectorAll<HTMLElement>(".pw-foot button")].find(
      (each) => each.textContent === "Copy answer",
    );
    if (button === undefined) return null;
    const texts: string[] = [];
    Object.defineProperty(navigator, "clipboard", {
      configurable: true,
      value: { writeText: async (words: string) => void texts.push(words) },
    });
    button.click();
    await painted();
    return texts[0];
  };

  test("takes a supervisor's last word", async () => {
    const parts = [text("I ask."), delegation({ status: "done" }), text("inner", 1), text("So.")];
    expect(await copied(parts)).toBe("So.");
  });

  test("takes the text of the agent that had the last word", async () => {
    const parts = [
      delegation({ status: "done" }),
      text("draft", 0),
      delegation(),
      text("Final", 2),
    ];
    expect(await copied(parts, { answer: 2 })).toBe("Final");
  });

  test("isn't there where the orchestration failed", async () => {
    expect(await copied([delegation(), text("a", 0), text("b")], { status: "failed" })).toBeNull();
  });
});

describe("calls of one tool", () => {
  const search = (within: number) => tool({ within });

  test("fold within each part for itself", async () => {
    const { show } = open(
      orchestration([
        tool(),
        tool(),
        delegation(),
        ...[2, 2, 2].map(search),
        parallel(),
        ...[6, 6].map(search),
      ]),
    );
    const { el } = show();
    await painted();
    expect(el.querySelectorAll(".pw-group")).toHaveLength(1);
    expect(el.querySelector(".pw-kids .pw-group")?.textContent).toContain("×3");
  });

  test("fold where parts of another stand between them", async () => {
    const { show, change } = open(orchestration([parallel(), search(0), search(0)]));
    const { el } = show();
    await painted();
    change(
      ["set", ["parts", 3], text("A top one")],
      ["set", ["parts", 4], search(0)],
      ["set", ["parts", 5], { ...search(0), status: "failed" }],
    );
    await painted();
    expect(el.querySelector(".pw-kids .pw-group")?.textContent).toBe("Failed: search×41 failed");
  });
});

describe("an outline kept up by changes is that of the whole run", () => {
  const told = (parts: Part[]) => {
    const outline = openOutline(() => {});
    return { outline, see: (to = parts.length) => seen(outline, to) };
  };
  const seen = (outline: ReturnType<typeof openOutline>, length: number) => ({
    lists: [TOP, ...Array(length).keys()].map((home) => outline.childrenOf(home)),
    groups: [...Array(length).keys()].map((index) => outline.group(index)?.calls ?? null),
    taken: [...Array(length).keys()].filter(outline.isDelegated),
    working: outline.working,
    open: outline.open,
  });

  test("for parts that come one by one, and change", () => {
    const parts: Part[] = [];
    const { outline, see } = told(parts);
    outline.rebuild(parts);
    const add = (part: Part) => {
      parts.push(part);
      outline.next();
    };
    const set = (index: number, given: object) => {
      parts[index] = { ...parts[index], ...given } as Part;
      outline.update(index);
    };
    add(tool({ name: "delegate_to_A", status: "running" }));
    add(delegation({ call: 0 }));
    for (let each = 0; each < 4; each++) add(tool({ within: 1, status: "running" }));
    add(parallel({ within: 1 }));
    for (let each = 0; each < 3; each++) add(tool({ within: 6 }));
    set(3, { status: "done" });
    set(1, { status: "done" });
    set(4, { within: 6 });
    add(approval({ call: 8 }));
    set(6, { status: "done" });
    const fresh = openOutline(() => {});
    fresh.rebuild(parts);
    expect(see()).toEqual(seen(fresh, parts.length));
    expect(see()).toMatchObject({ taken: [0], working: undefined, open: 4 });
  });

  test("nothing is within itself, whatever a saved notebook says, and nothing gets lost", () => {
    const parts = [
      delegation({ within: 1 }),
      delegation({ within: 0 }),
      delegation({ within: 2 }),
      text("a", 99),
      text("b", 3),
      text("c", -5),
      tool({ within: 0.5 }),
    ];
    const { outline, see } = told(parts);
    outline.rebuild(parts);
    expect(see().lists).toEqual([[0, 2, 3, 4, 5, 6], [1], [], [], [], [], [], []]);
  });

  test("what a person is asked about is never hidden", () => {
    const parts = [tool(), approval({ call: 0 }), delegation({ call: 0 })];
    const { outline } = told(parts);
    outline.rebuild(parts);
    expect(outline.isDelegated(0)).toBe(false);
  });
});

test("a token in a run of thousands of parts draws nothing but its text", async () => {
  const parts: Part[] = [];
  for (let each = 0; each < 40; each++) {
    const home = parts.length;
    parts.push(delegation({ status: "done" }));
    for (let inner = 0; inner < 49; inner++) parts.push(tool({ name: `t${inner}`, within: home }));
  }
  parts.push(delegation(), text("a", parts.length));
  const { show, change } = open(orchestration(parts));
  const { el, ask } = show();
  await painted();
  const seen: MutationRecord[] = [];
  const observer = new MutationObserver((records) => seen.push(...records));
  observer.observe(el, { subtree: true, childList: true, characterData: true, attributes: true });
  const op: Op = ["append", ["parts", parts.length - 1, "text"], "b"];
  change(op);
  await painted();
  observer.disconnect();
  const own = ask(".pw-kids .pw-answer");
  expect(own.textContent).toBe("ab");
  expect(seen.length).toBeGreaterThan(0);
  for (const { target } of seen) {
    const isTime = (target.parentElement ?? el).closest(".pw-head") !== null;
    expect(own.contains(target) || isTime).toBe(true);
  }
});

describe("without the module", () => {
  test("a delegation is a name, a word and what was done, and can be closed", async () => {
    page.powawidgetModules = new Map();
    const opened = open(
      orchestration([
        tool({ name: "delegate_to_Billing", status: "failed", result: "no such order" }),
        delegation({ call: 0, task: "check order 1182", status: "failed" }),
        text("So far", 1),
        delegation({ agent: "Writer", status: "done" }),
        text("Written", 3),
      ]),
      { live: false },
    );
    const { el, ask } = opened.show();
    await painted();
    const rows = [...el.querySelectorAll<HTMLElement>(".pw-agent>.pw-row")];
    expect(rows.map((row) => row.textContent)).toEqual([
      "Failed: BillingFailed",
      "Done: WriterDone",
    ]);
    expect(openOnes(el)).toEqual(["true", "false"]);
    for (const said of ["check order 1182", "So far", "no such order"]) {
      expect(ask(".pw-kids").textContent).toContain(said);
    }
    rows[1]?.click();
    await painted();
    expect(el.textContent).toContain("Written");
  });

  test("what is drawn stays when it comes", async () => {
    const { show, model } = open(orchestration([delegation(), text("Hello", 0)]), { live: false });
    page.powawidgetModules = new Map();
    const { ask } = show();
    await painted();
    const before = ask(".pw-kids .pw-text");
    page.powawidgetModules = new Map([["orchestration", Promise.resolve(() => module)]]);
    model.emit("comm:close"); // a change of the kernel's word: it is looked for again
    await painted();
    expect(ask(".pw-agent-name").textContent).toBe("Billing");
    expect(ask(".pw-kids .pw-text")).toBe(before);
  });

  test("it is asked for once there is a delegation, and nowhere else", async () => {
    page.powawidgetModules = new Map();
    const { model, show, change } = open(orchestration([text("a")]));
    const wants = () => model.sent.filter(({ kind }) => kind === "want").length;
    show();
    expect(wants()).toBe(0);
    change(["set", ["parts", 1], delegation()], ["set", ["parts", 2], delegation()]);
    await painted();
    expect(wants()).toBe(1);
  });
});
