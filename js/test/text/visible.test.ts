import { describe, expect, test } from "vitest";
import { create, textNodes } from "../../src/markdown/vdom";
import { type HiddenChar, markOf, unmarked, visible } from "../../src/text/visible";

const codes = (text: string, strict = false) =>
  visible(text, { strict }).flatMap((part) => (typeof part === "string" ? [] : [part.code]));

describe("visible", () => {
  test("ordinary text is one piece", () => {
    expect(visible("Plain text,\n\twith é and 日本.")).toEqual(["Plain text,\n\twith é and 日本."]);
    expect(visible("")).toEqual([]);
  });

  test.each([
    0, 8, 0xb, 0x1b, 0x7f, 0x85, 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x200b,
    0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0x206f, 0x3164, 0xfeff,
    0xffa0, 0xfff9, 0xfffb, 0xe0001, 0xe0041, 0xe007f, 0xe0100,
  ])("U+%s is marked", (code) => {
    const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
    expect(codes(`a${String.fromCodePoint(code)}b`)).toEqual([hex]);
  });

  test("halves of a pair are marked, whole pairs are not", () => {
    expect(codes("a\ud83db")).toEqual(["U+D83D"]);
    expect(codes("\ude00")).toEqual(["U+DE00"]);
    expect(codes("😀")).toEqual([]);
  });

  test.each([
    ["family", "👩‍👩‍👧‍👦"],
    ["heart on fire", "❤️‍🔥"],
    ["runner", "🏃🏽‍♀️"],
    ["keycap", "1️⃣"],
    ["Persian", "نمی‌خواهم"],
    ["Hindi", "क्‍ष"],
  ])("%s stays as it is, unless strict", (_, text) => {
    expect(codes(text)).toEqual([]);
    expect(codes(text, true).length).toBeGreaterThan(0);
  });

  test("the same characters elsewhere are marked", () => {
    expect(codes("pay\u200dpal \u200c x\ufe0f")).toEqual(["U+200D", "U+200C", "U+FE0F"]);
  });

  test("marks pile up six high", () => {
    expect(codes("กิ่์ क्षि שִּׁ ཧཱུྃ e\u0323\u0302")).toEqual([]);
    expect(codes(`e${"\u0301".repeat(6)} ${"\u0302".repeat(9)}`)).toEqual(["U+0302"]);
    expect(visible(`e${"\u0301".repeat(16)}`)[1]).toEqual({ code: "U+0301", count: 10 });
  });

  test("the same character many times is one mark", () => {
    const text = "a\u200b\u200b\u200b\u200c\u200cb\u200b";
    expect(visible(text)).toEqual([
      "a",
      { code: "U+200B", count: 3 },
      { code: "U+200C", count: 2 },
      "b",
      { code: "U+200B", count: 1 },
    ]);
    expect(visible("\u{e0041}".repeat(10_000)).map((part) => markOf(part as HiddenChar))).toEqual([
      "U+E0041 ×10000",
    ]);
  });

  test("what a mark stands for is known", () => {
    const marks = visible("\u{e0041}\u{e0041}\u200b").map((part) => markOf(part as HiddenChar));
    expect(marks.map(unmarked)).toEqual(["\u{e0041}\u{e0041}", "\u200b"]);
  });

  test("the marks are spans with a title", () => {
    const div = document.createElement("div");
    div.append(...textNodes("a\u202eb").map(create));
    expect(Array.from(div.childNodes, (node) => node.textContent)).toEqual(["a", "U+202E", "b"]);
    const [mark] = div.children;
    expect(div.children).toHaveLength(1);
    expect([mark?.tagName, mark?.className]).toEqual(["SPAN", "pw-hidden-char"]);
    expect(mark?.getAttribute("title")).toBe("Hidden character U+202E");
  });
});
