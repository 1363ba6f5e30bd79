import fc from "fast-check";
import { Lexer } from "marked";
import { describe, expect, test } from "vitest";
import { MarkdownView } from "../../src/markdown/index";
import { runs } from "../seeds";
import { documents, hostile } from "./documents";
import { CITED_KEYS, reference, shape } from "./reference";

function stream(pieces: readonly string[]): string {
  const host = document.createElement("div");
  const view = new MarkdownView(host);
  view.cite(CITED_KEYS);
  for (const piece of pieces) {
    view.append(piece);
    view.paint();
  }
  view.finish();
  view.paint();
  return shape(host);
}

const whole = (text: string): string => stream([text]);

function cut(text: string, cuts: readonly number[]): string[] {
  const at = [...new Set(cuts)].filter((c) => c > 0 && c < text.length).sort((a, b) => a - b);
  return [...at, text.length].map((end, i) => text.slice(at[i - 1] ?? 0, end));
}

/* Where our lexer means to differ from marked: an open title and an open <a> end with their block,
   nesting has an end, and so has a heading; and what models write and marked has no rule for. */
const OWN_WAY = new Set(
  (
    "referenceOpenTitle htmlOpenAnchor deep longNoHeading strikethrough emphasisCjk autolinksCjk " +
    "htmlBlock htmlInline table htmlComment htmlScript htmlAfterText htmlOther tableInterrupted lineEnds htmlTags footnotes alerts longWrapped longNotes"
  ).split(" "),
);

describe.each(Object.entries(documents))("%s", (_, text) => {
  const wanted = reference(text);

  test("is drawn as its tokens say", () => {
    expect(whole(text)).toBe(wanted);
  });

  test("is the same for a cut anywhere", () => {
    const step = text.length > 500 ? Math.ceil(text.length / 15) : 1;
    for (let i = 1; i < text.length; i += step) {
      expect(stream([text.slice(0, i), text.slice(i)]), `cut at ${i}`).toBe(wanted);
    }
  });

  test("is the same character by character", () => {
    const size = text.length > 500 ? 23 : 1;
    expect(stream(text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [])).toBe(wanted);
  });

  test("is the same line by line", () => {
    expect(stream(text.split(/(?<=\n)/))).toBe(wanted);
  });
});

const asMarked = Object.entries(documents).filter(
  ([name]) => !OWN_WAY.has(name) && !/maths|citations/i.test(name),
);

test.each(asMarked)("%s has the tokens of marked", (_, text) => {
  expect(reference(text, Lexer.lex(text, { gfm: true }))).toBe(reference(text));
});

test.each(Object.entries(hostile))("%s is the same for a cut anywhere", (_, text) => {
  const wanted = reference(text);
  for (let i = 0; i < text.length; i++) {
    expect(stream([text.slice(0, i), text.slice(i)]), `cut at ${i}`).toBe(wanted);
  }
  expect(stream(text.split(""))).toBe(wanted);
});

test("the documents that are cut anywhere are many", () => {
  const short = Object.values(documents).filter((text) => text.length <= 500);
  expect(short.length + Object.keys(hostile).length).toBeGreaterThan(300);
});

const names = Object.keys(documents).filter((name) => name !== "deep" && !name.startsWith("long"));
const joined = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom("", "\n", "\n\n")), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) => parts.map(([name, gap]) => documents[name] + gap).join(""));

const fragment = fc.constantFrom(
  ...'- |* |1. |  |    |\n|\n\n|a|b c|# |> |```|~~~|---|===|\\||:-|**|_|`|[a]|[a]: https://x.example|(|)|<div>|<!--|-->|\t|x|"|\\|$|$$|\\(|\\)|\\[|\\]|[1]|5|\n[^1]: |[^1]|<br>|<sub>|</sub>|\n> [!NOTE]\n> |。|（|字|\\begin{a}|\\end{a}|```math'.split(
    "|",
  ),
  "|",
  "| a | b |\n|---|---|\n",
);

/* Long enough for windows and stretches, mostly of one paragraph. */
const stretch = fc.oneof(
  {
    arbitrary: fc.constantFrom("some more words and ", "длинные слова ", "文字列と漢字。"),
    weight: 6,
  },
  {
    arbitrary: fc.constantFrom(
      ..."*a |**b** |_c |`d` |`|~~e~~ |~|[a] |[a][b] |[a](https://x.example) |[|](|<b> |<|\\* |$x$ |$|\u200b|\u200b\u200b|👍🏽 |\n|  \n|\n---\n|\n===\n|www.x.example |me@x.example |\n\n|\n- ".split(
        "|",
      ),
      "|",
      "x".repeat(700),
      " ".repeat(300),
      "- - ",
    ),
    weight: 1,
  },
);
const longText = fc
  .tuple(
    fc.array(fc.tuple(stretch, fc.nat(90)), { minLength: 20, maxLength: 90 }),
    fc.constantFrom("", "\n\n[a]: https://a.example\n"),
  )
  .map(
    ([parts, end]) =>
      parts
        .map(([text, times]) => text.repeat(text.length > 9 ? times / 4 : 1 + times / 60))
        .join("") + end,
  );

test("documents after one another are the same however they are cut", () => {
  fc.assert(
    fc.property(joined, fc.array(fc.nat(2000), { maxLength: 60 }), (text, cuts) => {
      expect(stream(cut(text, cuts))).toBe(reference(text));
    }),
    { numRuns: runs(75) },
  );
});

test("texts of random marks are the same however they are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fragment, { maxLength: 40 }).map((parts) => parts.join("")),
      fc.array(fc.nat(160), { maxLength: 60 }),
      (text, cuts) => {
        expect(stream(cut(text, cuts))).toBe(reference(text));
        expect(stream(text.split(""))).toBe(reference(text));
      },
    ),
    { numRuns: runs(300) },
  );
});

test("long texts of random marks are the same however they are cut", () => {
  fc.assert(
    fc.property(longText, fc.array(fc.nat(20_000), { maxLength: 25 }), (text, cuts) => {
      expect(stream(cut(text, cuts))).toBe(reference(text));
    }),
    { numRuns: runs(75) },
  );
});
