import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import * as results from "../../src/modules/results";
import { piecesOf } from "../../src/modules/results/content";
import { type Order, sorting } from "../../src/modules/results/records";
import { whole } from "../../src/modules/results/slices";
import { startOf } from "../../src/modules/results/start";
import { cellOf, type Row, recordsOf } from "../../src/modules/results/tables";
import type { ToolPart } from "../../src/state/wire";
import type { Json } from "../../src/text/json";
import { parseJson } from "../../src/text/json";
import { open, painted } from "../page";
import { run, tool } from "../runs";
import { runs } from "../seeds";
import { load } from "./loaded";

const VALUES = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../tests/values.json"), "utf-8"),
);

const sorted = (rows: Row[], column: string, order: Order) => whole(sorting(rows, column, order));

const json = (value: unknown): Json => parseJson(JSON.stringify(value), 1_000_000) as Json;

/** Waits until something is there. */
async function until(isSo: () => unknown): Promise<void> {
  for (let wait = 0; wait < 500 && !isSo(); wait++) await painted();
  expect(isSo()).toBeTruthy();
}

/** A card of a call with this result, opened. */
async function card(result: unknown, given: Partial<ToolPart> = {}) {
  const text = typeof result === "string" ? result : JSON.stringify(result);
  const { show } = open(run({ parts: [tool({ result: text, full: true, json: true, ...given })] }));
  const { el, ask } = show();
  ask(".pw-row").click();
  await painted();
  return { el, ask, texts: (selector: string) => textsOf(el, selector) };
}

const textsOf = (el: Element, selector: string): string[] =>
  [...el.querySelectorAll(selector)].map(({ textContent }) => textContent ?? "");

const column = (el: Element, index: number) => textsOf(el, `tbody td:nth-child(${index})`);

const button = (el: Element, name: string): HTMLElement => {
  const found = [...el.querySelectorAll("button")].find(
    ({ textContent }) => textContent?.trim() === name,
  );
  if (found === undefined) throw new Error(`no button ${name} in ${el.textContent}`);
  return found;
};

test("before the module is here a result is its text, and its size is said", async () => {
  const { el, ask } = await card([{ a: 1 }, { a: 2 }]);
  expect(ask(".pw-glance").textContent).toBe("2 rows");
  expect(el.querySelector("table")).toBeNull();
  expect(ask(".pw-field .pw-pre").textContent).toContain('{"a": 1}');
  expect(el.textContent).toContain("Result, 2 rows");
});

describe("a table", () => {
  beforeEach(() => load("results", results));

  test("has the columns of all rows, and an empty cell where a row has none", async () => {
    const { el, texts } = await card([{ a: 1 }, { b: "x" }, { a: null }]);
    expect(texts("thead th")).toEqual(["a", "b"]);
    expect([...el.querySelectorAll("tbody tr")].map((row) => row.textContent)).toEqual([
      "1",
      "x",
      "null",
    ]);
  });

  test("sorts by a click: numbers as numbers, nothing last, and back to the order it came in", async () => {
    const { el, ask } = await card([{ n: 10 }, { n: null }, { n: 9 }, { n: -1.5 }, {}, { n: 1e3 }]);
    const head = ask("thead th");
    expect(head.ariaSort ?? head.getAttribute("aria-sort")).toBe("none");
    const seen = [];
    for (let click = 0; click < 3; click++) {
      ask(".pw-sort").click();
      await painted();
      seen.push([ask("thead th").getAttribute("aria-sort"), column(el, 1).join(" ").trim()]);
    }
    expect(seen).toEqual([
      ["ascending", "-1.5 9 10 1e+3 null".replace("1e+3", "1000")],
      ["descending", "1000 10 9 -1.5 null"],
      ["none", "10 null 9 -1.5  1000"],
    ]);
  });

  test("shows a hundred rows a page and says which", async () => {
    const rows = Array.from({ length: 1_204 }, (_, id) => ({ id, name: `n${id}` }));
    const { el, ask } = await card(rows);
    expect(el.querySelectorAll("tbody tr")).toHaveLength(100);
    expect(ask(".pw-pages span").textContent).toBe("1 to 100 of 1,204 rows");
    button(el, "Next").click();
    await painted();
    expect(column(el, 1)[0]).toBe("100");
    ask(".pw-sort").click();
    ask(".pw-sort").click();
    await painted();
    await painted();
    expect(column(el, 1)[0]).toBe("0");
    expect(ask(".pw-pages span").textContent).toBe("1 to 100 of 1,204 rows");
    button(el, "Previous").click();
    await painted();
    expect(column(el, 1)).toHaveLength(100);
  });

  test("a key that comes twice in a row makes no table: it would hide one", async () => {
    const { el } = await card('[{"a": 1, "a": 2}]');
    expect(el.querySelector("table")).toBeNull();
    expect(el.querySelector(".pw-tree")).not.toBeNull();
  });

  test("of very many rows sorts a little at a time, in the old order until it is done", async () => {
    const rows = Array.from({ length: 9_000 }, (_, id) => ({ id, late: (id * 7_919) % 9_001 }));
    const { el, ask } = await card(rows);
    await until(() => el.querySelector("table"));
    const isBusy = () => el.querySelector(".pw-grid")?.getAttribute("aria-busy");
    const late = () => el.querySelectorAll<HTMLElement>(".pw-sort")[1] as HTMLElement;
    const seen: string[] = [];
    const busy = new Promise<void>((resolve) => {
      const watch = new MutationObserver(() => {
        if (isBusy() !== "true") return;
        seen.push(column(el, 1)[0] ?? "");
        resolve();
      });
      watch.observe(el, { subtree: true, childList: true, characterData: true, attributes: true });
    });
    late().click();
    await busy; // nothing of it is done yet: that takes timers
    late().click(); // the last click counts
    await until(() => isBusy() === "false");
    expect(new Set(seen)).toEqual(new Set(["0"]));
    const down = rows.map(({ late }) => late).sort((a, b) => b - a);
    expect(column(el, 2)).toEqual(down.slice(0, 100).map(String));
    expect(ask(".pw-pages span").textContent).toBe("1 to 100 of 9,000 rows");
  });

  test("names and cells are text, with a mark for what can't be seen", async () => {
    const { el } = await card([
      { "<b>x</b>": "<img src=x onerror=alert(1)>", "a\u202e": "b\u200b" },
    ]);
    expect(el.querySelector("b, img")).toBeNull();
    expect(textsOf(el, ".pw-hidden-char")).toEqual(["U+202E", "U+200B"]);
  });
});

test.each([
  ["columns", (name: string) => [{ [`${name}1`]: 1, [`${name}2`]: 2 }]],
  ["keys", (name: string) => [[{ [name]: 1, b: [1, { [name]: [[]] }] }], 1]],
])("very long names of %s are cut, and what is left out is counted", async (_, shape) => {
  load("results", results);
  const { el } = await card(shape("\u202e\u2066".repeat(100_000)));
  expect(el.querySelectorAll(".pw-field *").length).toBeLessThan(2_000);
  expect(el.querySelector(".pw-field")?.textContent).toMatch(/199,7\d\d more characters/);
});

describe("the direction of a table", () => {
  test.each([
    [[{ שם: "ירושלים", מחיר: 12 }], "rtl"],
    [[{ name: "القاهرة", n: 1, at: "مصر", k: "x" }], "ltr"],
    [[{ الاسم: "القاهرة", n: 1 }], "rtl"],
    [
      [
        { name: "ירושלים", note: "a city" },
        { name: "Haifa", note: "b" },
      ],
      "ltr",
    ],
    [[{ a: 1 }], "ltr"],
  ])("is the one of most of its texts: %j", async (rows, side) => {
    load("results", results);
    const { el } = await card(rows);
    expect(el.querySelector("table")?.dir).toBe(side);
  });
});

describe("sorting", () => {
  const by = (values: unknown[], order: "ascending" | "descending") => {
    const { rows } = recordsOf(json(values.map((v, place) => ({ v, place })))) as never as {
      rows: never[];
    };
    return sorted(rows, "v", order).map((row) =>
      Number((cellOf(row, "place") as { text: string }).text),
    );
  };

  test("is stable in both orders", () => {
    expect(by([2, 1, 2, 1], "ascending")).toEqual([1, 3, 0, 2]);
    expect(by([2, 1, 2, 1], "descending")).toEqual([0, 2, 1, 3]);
  });

  test("has numbers before texts, nested values after, null last", () => {
    expect(by([null, [1], "b", 2, "a10", "a9", true], "ascending")).toEqual([3, 5, 4, 2, 6, 1, 0]);
    expect(by([null, 1, "a"], "descending")).toEqual([2, 1, 0]);
  });

  test("has numbers as numbers, however they are written", () => {
    const { items } = parseJson('[{"v": 1e3}, {"v": -2}, {"v": 20}, {"v": -10}]') as never as {
      items: never[];
    };
    const texts = sorted(items, "v", "ascending").map(
      (row) => (cellOf(row, "v") as { text: string }).text,
    );
    expect(texts).toEqual(["-10", "-2", "20", "1e3"]);
  });

  test("of many rows can be held up often, and says how far it is", () => {
    const { rows } = recordsOf(
      json(Array.from({ length: 50_000 }, (_, v) => ({ v }))),
    ) as never as {
      rows: Row[];
    };
    const progress = [...sorting(rows, "v", "descending")];
    expect(progress.length).toBeGreaterThan(50);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.every((part) => part >= 0 && part <= 1)).toBe(true);
  });

  test("of many rows, done piece by piece, is the same as at once", () => {
    const values = fc.array(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constant(null)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 1_990, max: 9_000 }), (some, length) => {
        const given = Array.from({ length }, (_, at) => some[(at * at) % some.length] ?? null);
        const places = given.map((_, at) => at);
        for (const [order, way] of [
          ["ascending", 1],
          ["descending", -1],
        ] as const) {
          const expected = places.toSorted((a, b) => {
            const [x, y] = [given[a] ?? null, given[b] ?? null];
            if (x === null || y === null) return Number(x === null) - Number(y === null);
            return way * (x - y);
          });
          expect(by(given, order)).toEqual(expected);
        }
      }),
      { numRuns: runs(20) },
    );
  });

  test("tells numbers apart that are the same to a computer", () => {
    const rows = parseJson('[{"v": 9007199254740993}, {"v": 9007199254740992}]') as never as {
      items: never[];
    };
    const texts = sorted(rows.items, "v", "ascending").map(
      (row) => (cellOf(row, "v") as { text: string }).text,
    );
    expect(texts).toEqual(["9007199254740992", "9007199254740993"]);
  });
});

describe("a tree", () => {
  beforeEach(() => load("results", results));

  const nested = {
    name: "x",
    orders: Array.from({ length: 250 }, (_, id) => [id, { lines: [1, 2] }]),
  };

  test("draws only what is open, and opens by a click", async () => {
    const { el, texts } = await card(nested);
    expect(el.querySelectorAll(".pw-branch")).toHaveLength(100);
    expect(texts(".pw-branch .pw-size")[0]).toBe("2 items");
    expect(el.querySelectorAll(".pw-leaf")).toHaveLength(0);
    el.querySelector<HTMLElement>(".pw-branch")?.click();
    await painted();
    expect(el.querySelectorAll(".pw-leaf")).toHaveLength(1);
    const drawn = () => el.querySelectorAll(".pw-tree > .pw-level > div > .pw-node").length;
    const seen = new Set<number>();
    const watch = new MutationObserver(() => seen.add(drawn()));
    watch.observe(el, { subtree: true, childList: true });
    button(el, "Show 150 more items").click();
    await until(() => drawn() === 250);
    watch.disconnect();
    expect([...seen]).toEqual([100, 200, 250]); // a page at a time
    expect(texts(".pw-node .pw-place").slice(-1)).toEqual(["249"]);
  });

  test("a small one is open from the start", async () => {
    const { texts } = await card([[1, { a: [] }], "x"]);
    expect(texts(".pw-leaf")).toEqual(["01", "a[]", "1x"]);
  });

  test("goes by the arrows", async () => {
    const { el } = await card(nested);
    const branches = () => [...el.querySelectorAll<HTMLElement>(".pw-branch")];
    const press = async (key: string) => {
      const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
      document.activeElement?.dispatchEvent(event);
      await painted();
      return event.defaultPrevented;
    };
    branches()[0]?.focus();
    expect(await press("ArrowRight")).toBe(true);
    expect(branches()).toHaveLength(101);
    await press("ArrowDown");
    expect(document.activeElement).toBe(branches()[1]);
    await press("ArrowLeft");
    expect(document.activeElement).toBe(branches()[0]);
    await press("ArrowLeft");
    expect(branches()).toHaveLength(100);
    expect(await press("a")).toBe(false);
  });

  test("keys are data", async () => {
    const { texts } = await card(
      '{"__proto__": {"constructor": [1, [2]]}, "n": 12345678901234567890}',
    );
    expect(texts(".pw-key")).toEqual(["__proto__", "constructor", "0", "1", "0", "n"]);
    expect(texts(".pw-value-number").at(-1)).toBe("12345678901234567890");
  });
});

describe("objects in objects", () => {
  beforeEach(() => load("results", results));

  const keyed = <T,>(count: number, make: (i: number) => T) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`key ${i}`, make(i)]));

  test("are rows under their keys where they are few", async () => {
    const { texts } = await card({
      fit: {
        r2: 0.42,
        terms: [
          ["a", [1]],
          ["b", [2]],
        ],
      },
      n: 3,
    });
    expect(texts(".pw-key").filter((key) => !/\d$/.test(key) || key === "r2")).toEqual(
      expect.arrayContaining(["fit", "r2", "terms", "n"]),
    );
  });

  test("draw no more than a page can hold, and open level by level", async () => {
    const rows = Array.from({ length: 90 }, (_, i) => ({ id: i, at: `day ${i}`, n: i / 2 }));
    const { el } = await card(keyed(12, () => ({ rows, more: keyed(90, (i) => ({ i })) })));
    expect(el.querySelectorAll(".pw-field *").length).toBeLessThan(1_000);
    const branch = (name: string) =>
      [...el.querySelectorAll<HTMLElement>(".pw-branch")].find(
        (each) => each.querySelector(".pw-key")?.textContent === name,
      );
    branch("key 7")?.click();
    await painted();
    branch("rows")?.click();
    await painted();
    expect(el.querySelectorAll(".pw-tree tbody tr").length).toBe(90);
  });

  test("one that holds a table beside a few words stays rows", async () => {
    const row = keyed(40, (i) => i);
    const { el, texts } = await card({ count: 200, rows: Array(200).fill(row), note: "x" });
    expect(el.querySelector(".pw-tree")).toBeNull();
    expect(el.querySelectorAll("tbody tr").length).toBe(100);
    expect(texts(".pw-entry .pw-key")).toEqual(["count", "note"]);
  });
});

describe("content of MCP", () => {
  beforeEach(() => load("results", results));

  test("a text is its text, a table in one a table, a resource has its name", async () => {
    const inside = { uri: "file:///a.txt", mimeType: "text/plain", text: "one\ntwo" };
    const content = [
      { type: "resource", resource: inside },
      { type: "text", text: '[{"id": 1}, {"id": NaN}]' },
      { type: "resource_link", uri: "javascript:alert(1)", name: "b" },
    ];
    const { el, texts } = await card({ content, isError: false });
    expect(texts(".pw-piece .pw-label")).toEqual(
      [
        "Resource file:///a.txt, text/plain",
        "",
        "Link to a resource b, javascript:alert(1)",
      ].filter(Boolean),
    );
    expect(texts(".pw-piece .pw-pre")).toEqual(["one\ntwo"]);
    expect(column(el, 1)).toEqual(["1", "NaN"]);
    expect(el.querySelector("a")).toBeNull();
  });
});

describe("long JSON", () => {
  beforeEach(() => load("results", results));

  test("is read little by little, and is a table then", async () => {
    const rows = Array.from({ length: 12_000 }, (_, id) => ({ id, note: "some text of it" }));
    const seen = new Set<string>();
    const watch = new MutationObserver(() => {
      for (const text of textsOf(document.body, ".pw-field > *")) seen.add(text);
    });
    watch.observe(document.body, { subtree: true, childList: true, characterData: true });
    const { el } = await card(rows);
    for (let wait = 0; wait < 200 && !el.querySelector("table"); wait++) await painted();
    watch.disconnect();
    expect(el.querySelectorAll("tbody tr")).toHaveLength(100);
    expect([...seen].some((text) => /^Reading… \d+ %$/.test(text))).toBe(true);
    expect([...seen].some((text) => text.startsWith('[{"id":0'))).toBe(true);
  });

  test("is its text where it is none", async () => {
    const { el } = await card(`[${"1, ".repeat(80_000)}]`, { json: false });
    for (let wait = 0; wait < 200 && el.querySelector(".pw-field .pw-note"); wait++)
      await painted();
    expect(el.querySelector(".pw-tree")).toBeNull();
    expect(el.querySelector(".pw-field .pw-pre")?.textContent).toContain("[1, 1,");
  });
});

describe("pictures", () => {
  beforeEach(() => load("results", results));

  const [[, data], [, billion]] = VALUES.pixels;
  const picture = { type: "image", data, mimeType: "image/png" };

  test.each([
    ["a block", picture],
    ["a list of blocks", [{ type: "text", text: "see" }, picture]],
    ["the content of a result", { content: [picture], isError: false }],
    ["a cell of a table", [{ name: "a", plot: picture }]],
    [
      "a block of a model provider",
      { type: "image", source: { type: "base64", media_type: "image/png", data } },
    ],
  ])("%s is shown from its own data", async (_, result) => {
    const { el, ask } = await card(result);
    const image = el.querySelector("img");
    expect(image?.getAttribute("src")).toBe(`data:image/png;base64,${data}`);
    expect(image?.alt).toBe("Image");
    expect(ask(".pw-glance").textContent).toMatch(/^image|^$/);
  });

  test.each([
    [billion, "Image of 30,000 × 30,000 pixels: too large to show"],
    ["iVBORw0KGgo=", "Image, damaged or of another kind: not shown"],
  ])("one that no page has room for is said in words", async (data, said) => {
    for (const result of [
      `data:image/png;base64,${data}`,
      { ...picture, data },
      [{ name: "a", plot: { ...picture, data } }],
    ]) {
      const { el } = await card(result);
      expect(el.querySelector("img")).toBeNull();
      expect(el.querySelector(".pw-field")?.textContent).toContain(said);
    }
  });

  test.each([
    ["drawings that can hold scripts", { ...picture, mimeType: "image/svg+xml" }],
    ["what is no data", { ...picture, data: "https://x.example/a.png" }],
    ["an address", { type: "image", url: "https://x.example/a.png", mimeType: "image/png" }],
    ["another kind", { ...picture, mimeType: "image/png;base64,x" }],
  ])("%s stay text", async (_, result) => {
    expect(piecesOf(json(result))).toBeNull();
    const { el } = await card(result);
    expect(el.querySelector("img")).toBeNull();
    expect(el.querySelector(".pw-tree, .pw-rows")).not.toBeNull();
  });
});

describe("long arguments", () => {
  const args = JSON.stringify({ ids: Array.from({ length: 25_000 }, (_, id) => id), unit: "t" });

  test("are their text until they are read, and every key then", async () => {
    const { el, ask } = await card("ok", { arguments: args, json: false });
    expect(ask(".pw-field .pw-pre").textContent).toContain('{"ids":[0,1,2');
    expect(el.querySelector(".pw-rows")).toBeNull();
    load("results", results);
    const read = await card("ok", { arguments: args, json: false });
    await until(() => read.el.querySelector(".pw-rows .pw-tree"));
    expect(read.texts(".pw-rows > * .pw-key").slice(0, 1)).toEqual(["ids"]);
    expect(read.el.textContent).toContain("25,000 items");
  });
});

test("the startOf of a huge value is no more work than what is seen", () => {
  const huge: Json = {
    kind: "list",
    items: new Array(1_000_000).fill({ kind: "number", text: "1" }),
  };
  expect(startOf(huge, 12)).toBe("[1, 1, 1, 1,…");
  expect(startOf(json({ a: "x".repeat(50) }), 10)).toBe('{"a": "xxx…');
  expect(startOf(json({ a: [1, null], b: {} }), 40)).toBe('{"a": [1, null], "b": {}}');
});
