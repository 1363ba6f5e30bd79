// @vitest-environment node
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import fc from "fast-check";
import { Lexer, type Token, Tokenizer } from "marked";
import { beforeAll, expect, test } from "vitest";
import { unfolding } from "../../folded.mjs";
import { lexerOnly } from "../../lexer-only.mjs";
import { decodeEntities } from "../../src/markdown/entities";
import { documents, hostile } from "../markdown/documents";
import { runs } from "../seeds";

type Marked = Pick<typeof import("marked"), "Lexer" | "Tokenizer">;

/** marked as the bundle has it. */
let bundled: Marked;

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: `export { Lexer, Tokenizer } from "marked"`, resolveDir: "." },
    bundle: true,
    format: "esm",
    minify: true,
    charset: "utf8",
    write: false,
    plugins: [unfolding, lexerOnly],
  });
  const file = join(await mkdtemp(join(tmpdir(), "lexer-")), "marked.mjs");
  await writeFile(file, outputFiles[0]?.contents ?? "");
  bundled = await import(/* @vite-ignore */ file);
});

/** The tokens of a text, as src/markdown/lex.ts asks for them. */
function tokens(marked: Marked, text: string): unknown {
  const hooks = { emStrongMask: (masked: string) => masked };
  const tokenizer = new marked.Tokenizer();
  const lexer = new marked.Lexer({ gfm: true, silent: true, tokenizer, hooks: hooks as never });
  const found = lexer.blockTokens(text, lexer.tokens);
  for (const { src, tokens: run } of lexer.inlineQueue) {
    Object.assign(lexer.state, { inLink: false, inRawBlock: false });
    lexer.inlineTokens(src, run);
  }
  return found.map(decoded);
}

/** A token with its entities decoded, as it is shown: the bundle leaves all of them to the view. */
function decoded(token: Token): unknown {
  return JSON.parse(JSON.stringify(token), (_, value) =>
    value?.type === "text" && typeof value.text === "string" && !value.tokens
      ? { ...value, text: decodeEntities(value.text) }
      : value,
  );
}

test.each(Object.entries({ ...documents, ...hostile }))("%s lexes as marked does", (_, text) => {
  expect(tokens(bundled, text)).toEqual(tokens({ Lexer, Tokenizer }, text));
});

test("whatever stands together lexes as marked does", () => {
  const mark = fc.constantFrom(
    ..."\n|\n\n|  |    |\t|# |> |- |* |1. |2) |```|~~~|`|``|*|**|_|__|~|~~|[|]|](|)|![|<|>|</|<div>".split(
      "|",
    ),
    ..."<!--|-->|<a href=x>|</a>|<pre>|</pre>|<?|?>|http://a.b/|www.c.d|e@f.gh|mailto:|&amp;|&#38;|&#x26;".split(
      "|",
    ),
    ...'&|;|\\|$|\n---\n|\n===\n|[x]: y|[x]|[ ] |[x] |a|B c|é|😀|:-|"t"|\''.split("|"),
    "|",
    "| a | b |\n|---|:-:|\n| c | d |\n",
  );
  fc.assert(
    fc.property(fc.array(mark, { maxLength: 40 }), (marks) => {
      const text = marks.join("");
      expect(tokens(bundled, text)).toEqual(tokens({ Lexer, Tokenizer }, text));
    }),
    { numRuns: runs(1_500) },
  );
});
