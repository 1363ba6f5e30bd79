// What markdown of a model means is said once, for the page and for transcripts: tests/prose.json.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MarkdownView } from "../../src/markdown/index";

const FILE = join(import.meta.dirname, "../../../tests/prose.json");
const rules: Record<string, [string, string][]> = JSON.parse(readFileSync(FILE, "utf8"));
const cases = Object.entries(rules).flatMap(([rule, texts]) =>
  texts.map(([text, structure]): [string, string, string] => [rule, text, structure]),
);

const NAMED: Record<string, string> = {
  "pw-maths": "formula",
  "pw-code": "pre",
  "pw-img-chip": "image",
  "pw-note": "note",
};
const THROUGH = /^(?:div|span|table\.|colgroup|col|button)$/;

/** The structure of what is drawn, without what only looks: one form for page and transcript. */
function structure(node: Node, keeps = false): string {
  if (node.nodeType === 3) {
    const text = (node.nodeValue ?? "").replaceAll("<", "&lt;");
    return keeps ? text.replaceAll(/[ \t]*\n[ \t]*/g, "<br>") : text.replaceAll("\n", " ");
  }
  const element = node as Element;
  const [first = ""] = element.classList;
  if (first === "pw-hidden-char") return `⟦${element.textContent}⟧`;
  const name = NAMED[first] ?? element.localName;
  if (name === "formula") return `<formula>${element.textContent?.replaceAll("<", "&lt;")}</>`;
  if (name === "pre") return `<pre>${element.querySelector("pre")?.textContent}</>`;
  if (name === "image") return `<image>${element.querySelector(".pw-img-alt")?.textContent}</>`;
  if (name === "br" || name === "hr") return `<${name}>`;
  const isOpen = keeps || (/^(?:p|note)$/.test(name) && !element.matches(".pw-wrapped"));
  const lines = isOpen && !element.querySelector(":scope > .pw-wrapped");
  const inside = Array.from(element.childNodes, (kid) => structure(kid, lines)).join("");
  // its first letter is made large by its style
  const title = inside.charAt(0).toUpperCase() + inside.slice(1);
  if (first === "pw-alert-title") return `<p><strong>${title}</></>`;
  const isIn = name === "p" && element.parentElement?.localName === "li";
  if (THROUGH.test(name) || isIn) return inside;
  const href = name === "a" ? ` ${element.getAttribute("href")?.replace(/\/$/, "")}` : "";
  return `<${name}${href}>${inside}</>`;
}

test.each(cases)("%s: %j", (_, text, wanted) => {
  for (const pieces of [[text], text.split(/(?<=\n)/), text.match(/.{1,3}/gs) ?? []]) {
    const host = document.createElement("div");
    const view = new MarkdownView(host);
    for (const piece of pieces) {
      view.append(piece);
      view.paint();
    }
    view.finish();
    view.paint();
    expect(structure(host)).toBe(wanted);
  }
});
