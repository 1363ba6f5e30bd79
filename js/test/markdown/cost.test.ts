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
