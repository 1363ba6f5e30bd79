import { Lexer } from "marked";
import { expect, test, vi } from "vitest";
import { MarkdownView } from "../../src/markdown/index";

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
};

test.each(Object.entries(texts))("%s costs the same at its end as at its start", (_, text) => {
  const lex = vi.spyOn(Lexer.prototype, "blockTokens");
  const view = new MarkdownView(document.createElement("div"));
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
