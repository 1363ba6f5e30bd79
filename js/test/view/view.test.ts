import { describe, expect, test } from "vitest";
import type { NoticePart } from "../../src/state/wire";
import { open, painted } from "../page";
import { approval, run, text, tool } from "../runs";

describe("views", () => {
  test("two views of one run show the same, whenever they were opened", async () => {
    const { show, change } = open(run());
    const first = show();
    change(["set", ["parts", 0], text("Hello")]);
    change(["set", ["parts", 1], tool({ name: "lookup", result: "42", full: true })]);
    await painted();
    const second = show();
    change(["append", ["parts", 0, "text"], " **you**"]);
    change(["set", ["status"], "completed"], ["set", ["ended"], 1_004]);
    await painted();
    // The ids of the two views differ, and nothing else does.
    const seen = ({ el }: typeof first) => [
      el.textContent,
      ...[...el.querySelectorAll("*")].map(({ localName, childNodes, attributes }) => [
        localName,
        childNodes.length,
        ...[...attributes].map(({ name, value }) => [name, value.replace(/^[\da-f]{32}$/, "")]),
      ]),
    ];
    expect(seen(second)).toEqual(seen(first));
    expect(first.ask(".pw-answer").textContent).toBe("Hello you");
  });

  test("a view that is removed leaves nothing behind, the other goes on", async () => {
    const { show, change, close, model } = open(run({ parts: [text("a")] }));
    const [first, second] = [show(), show()];
    first.remove();
    expect(first.el.childElementCount).toBe(0);
    change(["append", ["parts", 0, "text"], "b"]);
    await painted();
    expect(second.ask(".pw-answer").textContent).toBe("ab");
    second.remove();
    close();
    expect(model.listening).toBe(0);
    expect(document.head.querySelector("style[id^=powawidget]")).toBeNull();
  });

  test("the style is there once for many widgets", () => {
    for (let each = 0; each < 5; each++) open(run()).show();
    expect(document.head.querySelectorAll("style[id^=powawidget]")).toHaveLength(1);
  });

  test("every rule of the style keeps to the widget", () => {
    open(run()).show();
    const css = document.head.querySelector("style[id^=powawidget]")?.textContent ?? "";
    const around: string[] = []; // the rules that each place stands in
    for (const [, text = "", mark] of css.matchAll(/([^{};]*)([{};])/g)) {
      if (mark === "}") around.pop();
      if (mark !== "{") continue;
      const isOutermost = around.every((rule) => /^@(?:media|container)/.test(rule));
      around.push(text.trim());
      if (!isOutermost || text.trim().startsWith("@")) continue;
      // On paper a transcript of ours stands in its view's place, so the style names it too.
      const own = /^\.(?:pw(?:-md)?|powawidget-transcript)\b/;
      for (const each of text.split(/,(?![^(]*\))/)) expect(each.trim()).toMatch(own);
    }
    expect(around).toEqual([]);
  });

  test("names and values are text, whatever they look like", async () => {
    const evil = '<img src=x onerror="alert(1)">\u202e';
    const state = run({
      name: evil,
      message: evil,
      parts: [
        tool({
          name: evil,
          arguments: JSON.stringify({ [evil]: evil }),
          status: "failed",
          result: evil,
        }),
      ],
      error: { title: evil, message: evil, code: evil, hint: evil, details: evil },
    });
    const { el } = open(state).show();
    await painted();
    expect(el.querySelector("img")).toBeNull();
    expect(el.textContent).not.toContain("\u202e");
    expect(el.textContent).toContain("U+202E");
  });
});

describe("the saved state", () => {
  test("holds the run as it is, without a set for each change", async () => {
    const { model, change } = open(run({ parts: [text("a")] }));
    const { length } = model.sets;
    for (const piece of ["b", "c", "d"]) change(["append", ["parts", 0, "text"], piece]);
    expect(model.sets).toHaveLength(length);
    expect(model.get("_state")).toMatchObject({ seq: 3, state: { parts: [{ text: "abcd" }] } });
  });
});

describe("cards", () => {
  const rows = (el: HTMLElement) =>
    [...el.querySelectorAll<HTMLElement>(".pw-call .pw-row")].map((row) =>
      row.getAttribute("aria-expanded"),
    );

  test("failed ones open by themselves, done ones don't, and a person's choice stays", async () => {
    const { show, change } = open(
      run({ parts: [tool({ status: "running" }), tool({ name: "b", status: "failed" })] }),
    );
    const { el, ask } = show();
    expect(rows(el)).toEqual(["false", "true"]);
    ask(".pw-row").click();
    await painted();
    expect(rows(el)).toEqual(["true", "true"]);
    change(["set", ["parts", 0, "status"], "failed"]);
    change(["set", ["parts", 0, "status"], "done"]);
    await painted();
    expect(rows(el)).toEqual(["true", "true"]);
  });

  test("three calls of one tool fold, without drawing the first two anew", async () => {
    const { show, change } = open(run({ parts: [tool(), tool()] }));
    const { el } = show();
    const before = [...el.querySelectorAll(".pw-call")];
    change(["set", ["parts", 2], tool({ status: "failed" })]);
    await painted();
    const after = [...el.querySelectorAll(".pw-call")];
    expect(after.slice(0, 2)).toEqual(before);
    expect(after.map((card) => (card as HTMLElement).hidden)).toEqual([true, true, true]);
    expect(el.querySelector(".pw-group")?.textContent).toBe("Failed: search×31 failed");
  });

  test("a group leaves open what somebody is reading", async () => {
    const { show, change } = open(run({ parts: [tool(), tool()] }));
    const { el, ask } = show();
    ask(".pw-row").click();
    change(["set", ["parts", 2], tool()]);
    await painted();
    expect([...el.querySelectorAll<HTMLElement>(".pw-call")].some((card) => card.hidden)).toBe(
      false,
    );
  });

  test("a call that waits for a person stands outside every group, its request below it", async () => {
    const { show, change } = open(
      run({ parts: [tool(), tool(), tool(), tool({ status: "running" })] }),
    );
    const { el } = show();
    change(
      ["set", ["parts", 3, "status"], "waiting"],
      ["set", ["parts", 4], approval({ tool_name: "search", call: 3 })],
    );
    await painted();
    const cards = [...el.querySelectorAll<HTMLElement>(".pw-call")];
    expect(cards.map((card) => card.hidden)).toEqual([true, true, true, false]);
    expect(cards[3]?.querySelector(".pw-ask")?.textContent).toContain("Approval needed: search");
    expect(el.querySelectorAll(".pw-ask")).toHaveLength(1);
  });

  test("a preview says so and becomes the result in place", async () => {
    const preview = tool({ result: "x".repeat(200), size: 4_812, status: "failed" });
    const { show, change } = open(run({ parts: [preview] }));
    const { el, ask } = show();
    const card = ask(".pw-card");
    expect(el.textContent).toContain("Preview, first 200 of 4,812 characters");
    change(["set", ["parts", 0, "full"], true], ["set", ["parts", 0, "result"], "y".repeat(4_812)]);
    await painted();
    expect(el.textContent).not.toContain("Preview");
    expect(el.textContent).toContain("Show 2,812 more characters");
    expect(ask(".pw-card")).toBe(card);
  });

  test("arguments that a hook changed are shown as asked and as run", () => {
    const changed = tool({ status: "failed", asked: '{"to": "bob"}', arguments: '{"to": "eve"}' });
    const { el } = open(run({ parts: [changed] })).show();
    expect(el.textContent).toMatch(/A hook changed the arguments.*Asked for.*bob.*Ran with.*eve/);
  });

  test("without a kernel what was open is interrupted, in words", async () => {
    const { show, model } = open(run({ parts: [tool({ status: "running" })] }));
    const { ask } = show();
    model.emit("comm:close");
    await painted();
    expect(ask(".pw-word").textContent).toBe("Interrupted");
  });
});

describe("for those who listen", () => {
  test("milestones are said, and never the text", async () => {
    const { show, change } = open(run());
    const { ask } = show();
    const said = () => ask('[role="status"]').textContent;
    expect(said()).toBe("Run started");
    change(["set", ["parts", 0], text("Hello")]);
    await painted();
    expect(said()).toBe("Run started");
    change(["set", ["parts", 1], approval()], ["set", ["status"], "waiting"]);
    await painted();
    expect(said()).toBe("Waiting for your approval: delete_rows");
    change(
      ["set", ["status"], "failed"],
      ["set", ["error"], { title: "Too many requests", message: "" }],
    );
    await painted();
    expect(said()).toBe("Failed: Too many requests");
    expect(ask('[role="log"]').getAttribute("aria-live")).toBe("off");
  });

  test("an old run has no news", () => {
    const { ask } = open(run({ status: "completed" })).show();
    expect(ask('[role="status"]').textContent).toBe("");
  });
});

describe("the end", () => {
  test("the whole answer can be copied once the run is over", async () => {
    const { show, change } = open(run({ parts: [text("a")] }));
    const { el } = show();
    expect(el.textContent).not.toContain("Copy answer");
    change(["set", ["status"], "completed"]);
    await painted();
    expect(el.textContent).toContain("Copy answer");
  });

  test("a failure keeps the text and says what, why, the code and what to do", () => {
    const error = {
      title: "Too many requests",
      message: "slow down",
      code: "429",
      hint: "Wait a minute.",
      details: null,
    };
    const { el } = open(run({ status: "failed", parts: [text("So far")], error })).show();
    expect(el.textContent).toMatch(
      /So far.*Too many requests.*slow down.*Wait a minute\..*Code 429/,
    );
    expect(el.querySelector("details")).toBeNull();
  });

  test.each([
    [12, false, "no data for 12 s"],
    [250, false, "no data for 250 s"],
    [31, true, "still connected, no event for 31 s"],
    [250, true, "still connected, no event for 4 min"],
    [5, true, null],
  ])("after %d s, keepalives %s, the header says %s", async (quiet, alive, said) => {
    const { model, show } = open(run({ status: "running", started: Date.now() / 1000 }));
    const { el } = show();
    model.hear({ kind: "beat", seq: 0, now: Date.now() / 1000, quiet, alive });
    await painted();
    expect(el.querySelector(".pw-figures .pw-warn")?.textContent ?? null).toBe(said);
    expect(el.querySelector(".pw-head button")?.textContent).toBe("Stop");
  });

  test("what only few want to read waits behind Details", () => {
    const error = { title: "It failed", message: "", code: null, hint: null, details: "[SQL: x]" };
    const notice: NoticePart = {
      kind: "notice",
      code: "restored",
      text: "As stored.",
      count: 1,
      within: null,
      details: "So far",
    };
    const { el } = open(run({ status: "failed", parts: [notice], error })).show();
    const boxes = [...el.querySelectorAll("details")];
    expect(boxes.map((box) => box.open)).toEqual([false, false]);
    expect(boxes.map((box) => box.textContent)).toEqual(["DetailsSo far", "Details[SQL: x]"]);
  });
});

describe("keys", () => {
  test("a click leaves the focus where it was, so that Shift+Enter still runs the cell", () => {
    const { ask } = open(run()).show();
    const press = new MouseEvent("mousedown", { bubbles: true, cancelable: true });
    ask(".pw-head button").dispatchEvent(press);
    expect(press.defaultPrevented).toBe(true);
  });

  test("a button that is reached by keyboard keeps Enter for itself in JupyterLab", () => {
    const { ask } = open(run()).show();
    ask(".pw-head button").focus();
    expect(ask(".pw-head button").dataset.lmSuppressShortcuts).toBe("true");
  });
});
