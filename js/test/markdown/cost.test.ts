import { Lexer, Tokenizer } from "marked";
import { expect, test, vi } from "vitest";
import { MarkdownView, markdownCss } from "../../src/markdown/index";

const repeat = (make: (i: number) => string, size: number, head = ""): string => {
  let text = head;
  for (let i = 0; text.length < size; i++) text += make(i);
  return text;
};

const SIZE = 60_000;
const texts: Record<string, string> = {
  prose: repeat((i) => `Part ${i} of **some** text, with \`code\` in it.\n\n`, SIZE),
  "one list": repeat((i) => `- item ${i} with **some** text\n`, SIZE),
  "one table": repeat((i) => `| ${i} | some text |\n`, SIZE, "| n | text |\n|---|---|\n"),
  "one listing": repeat((i) => `value_${i} = ${i}\n`, SIZE, "```py\n"),
  "one paragraph": repeat((i) => `word ${i} and **some** more, `, SIZE),
  "one paragraph with references": repeat((i) => `word [${i}] and [some] more, `, SIZE),
  "one Russian paragraph": repeat((i) => `слово ${i} и ещё слова, `, SIZE),
  "one Chinese paragraph": repeat((i) => `第${i}个词和更多的词，`, SIZE),
  "mail addresses and commas": repeat((i) => `a${i}@b.example, `, SIZE),
  definitions: repeat((i) => `[a${i}]: https://example.org\n`, SIZE),
  "a paragraph with an open mark": repeat((i) => (i ? `word ${i} and more, ` : "5 *x "), SIZE),
};

test.each(Object.entries(texts))("%s costs the same at its end as at its start", (_, text) => {
  const lex = vi.spyOn(Lexer.prototype, "blockTokens");
  const host = document.createElement("div");
  const view = new MarkdownView(host);
  let longest = 0;
  for (let i = 0; i < text.length; i += 200) {
    view.append(text.slice(i, i + 200));
    lex.mockClear();
    view.paint();
    const lexed = lex.mock.calls.reduce((sum, [src]) => sum + src.length, 0);
    longest = Math.max(longest, lexed);
  }
  lex.mockRestore();
  // a tail and what came since the last paint, each lexed at most twice, and nested once more
  expect(longest).toBeLessThan(6000);
  // A browser lays out a run of text from its start.
  const runs = [...host.querySelectorAll("*")].map((element) =>
    [...element.childNodes].reduce((sum, { nodeValue }) => sum + (nodeValue?.length ?? 0), 0),
  );
  expect(Math.max(...runs)).toBeLessThan(6000);
});

test("no block leaves the side it starts at to the browser, which looks through all of it again", () => {
  const host = document.createElement("div");
  const view = new MarkdownView(host);
  const sides = () =>
    Array.from(host.querySelectorAll("p,h2,td"), (each) => each.getAttribute("dir"));
  const text =
    "`1` \\\n`2` \\\n`3`\n\n## \u05d0b\n\n1 **\u05d0** b\n\n1 \u200b a\u05d0\n\n[1][x]\n\n|-|\n|-|\n|\u05d0|";
  view.append(`${text}\n\n`);
  view.paint();
  expect(sides()).toEqual([null, "rtl", "rtl", "ltr", "ltr", "rtl"]);
  // what is known late may take the first letter away
  view.append("[x]: https://\u05d0.example\n\n");
  view.finish();
  view.paint();
  expect(sides()).toEqual([null, "rtl", "rtl", "ltr", "ltr", "rtl"]);
  view.reset(`${"1 `2` ".repeat(2000)} \u05d0 ${"3 a ".repeat(2000)}`);
  view.paint();
  view.append(" a".repeat(1000));
  view.finish();
  view.paint();
  expect(sides()).toEqual(["rtl"]);
});

test("a definition has an end: its title isn't looked for in all that follows", () => {
  const lex = vi.spyOn(Tokenizer.prototype, "def");
  const view = new MarkdownView(document.createElement("div"));
  view.append(texts.definitions as string);
  view.finish();
  view.paint();
  const looked = lex.mock.calls.reduce((sum, [src]) => sum + src.length, 0);
  lex.mockRestore();
  expect(looked).toBeLessThan(20 * SIZE);
});

test.each(["[({", "![", "[a](", "*a", "_a", "~~a", "<a"])(
  "where no address may begin none is looked for: %s",
  (piece) => {
    const url = vi.spyOn(Tokenizer.prototype, "url");
    const view = new MarkdownView(document.createElement("div"));
    view.append(repeat(() => piece, SIZE));
    view.finish();
    view.paint();
    // each of these looks at all that follows
    const looked = url.mock.calls.reduce((sum, [src]) => sum + src.length, 0);
    url.mockRestore();
    expect(looked).toBeLessThan(20 * SIZE);
  },
);

test("a text of many marks without an end costs what its length does", () => {
  const lexed = (text: string) => {
    const pairs = vi.spyOn(Tokenizer.prototype, "emStrong");
    const view = new MarkdownView(document.createElement("div"));
    view.append(text);
    view.finish();
    view.paint();
    const looked = pairs.mock.calls.filter(([src]) => /^[*_]/.test(src));
    pairs.mockRestore();
    return looked.reduce((sum, [, masked]) => sum + masked.length, 0);
  };
  const text = "*a_ ".repeat(5_000);
  expect(lexed(text)).toBeLessThan(300 * text.length);
  expect(lexed(text + text)).toBeLessThan(2.2 * lexed(text));
});

test("late definitions don't paint a long text again and again", () => {
  const lex = vi.spyOn(Lexer.prototype, "inlineTokens");
  const host = document.createElement("div");
  const view = new MarkdownView(host);
  view.append(`${repeat((i) => `[r${i}] `, SIZE / 2)}\n\n`);
  view.paint();
  lex.mockClear();
  for (let i = 0; i < 300; i++) {
    view.append(`[r${i}]: https://example.org/${i}\n\n`);
    view.paint();
  }
  view.finish();
  view.paint();
  const lexed = lex.mock.calls.reduce((sum, [src]) => sum + src.length, 0);
  lex.mockRestore();
  expect(lexed).toBeLessThan(20 * SIZE);
  expect(host.querySelectorAll("a")).toHaveLength(300);
});

test("what can't settle is lexed less often the longer it gets", () => {
  const lex = vi.spyOn(Lexer.prototype, "blockTokens");
  const view = new MarkdownView(document.createElement("div"));
  const text = repeat((i) => `> line ${i}\n`, SIZE);
  for (let i = 0; i < text.length; i += 200) {
    view.append(text.slice(i, i + 200));
    view.paint();
  }
  const lexed = lex.mock.calls.reduce((sum, [src]) => sum + src.length, 0);
  lex.mockRestore();
  expect(lexed).toBeLessThan(60 * text.length);
});

test("no rule looks up a whole long block again because something follows it", () => {
  expect(markdownCss.replaceAll(/\/\*.*?\*\//gs, "")).not.toMatch(/:(?:nth-)?last-|:only-/);
});

test("a text without words whose letters have marks is divided too", () => {
  const host = document.createElement("div");
  const view = new MarkdownView(host);
  view.append("a\u0301\u0301\u0301".repeat(15_000));
  view.finish();
  view.paint();
  const stretches = host.querySelectorAll(".pw-stretch");
  expect(stretches.length).toBeGreaterThan(9);
  for (const { textContent } of stretches) expect(textContent?.length).toBeLessThan(5_200);
});
