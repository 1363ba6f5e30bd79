// What the rules that hide a transcript may hold; that they hide it is tested in browsers.
import { expect, test } from "vitest";
import { hidesLine, hidesTranscript } from "../../src/view/beside";

/** All selectors of its rules. */
const selectorOf = (style: HTMLStyleElement) =>
  String(style.textContent)
    .replace(/@media \w+\{/g, "")
    .replace(/\{[^}]*\}+/g, "\n");

/** What stands in the brackets of each `:has()`. */
function* argumentsOfHas(selector: string): Generator<string> {
  for (const { index } of selector.matchAll(/:has\(/g)) {
    let depth = 1;
    let end = index + 5;
    for (; depth > 0; end++) depth += { "(": 1, ")": -1 }[selector.charAt(end)] ?? 0;
    yield selector.slice(index + 5, end - 1);
  }
}

test.each([
  ["a transcript's", selectorOf(hidesTranscript("m"))],
  ["a line's", selectorOf(hidesLine("m"))],
])(
  "%s rule looks within outputs for names alone: else all are tried at each new element",
  (_, it) => {
    const looked = [...argumentsOfHas(it)];
    expect(looked.length).toBeGreaterThan(0);
    for (const each of looked) expect(each).toMatch(/^(\.[\w-]+)+$/);
  },
);

test("on paper the transcript stands, and not the view beside it", () => {
  const css = String(hidesTranscript("m").textContent);
  const [, screen = "", print = ""] = css.split(/@media (?:screen|print)/);
  expect(screen).toMatch(/^\{.*:not\(:has\(\.pw\)\).*\{display:none\}\}$/);
  expect(print).toMatch(
    /^\{\.pw\.m:is\(.*:has\(\.powawidget-transcript\.m\) \*\)\{display:none\}\}$/,
  );
});
