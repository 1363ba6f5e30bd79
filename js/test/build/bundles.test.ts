// The bundles draw what the sources draw: esbuild and terser have made one script of them.
import { readFile } from "node:fs/promises";
import { beforeAll, expect, test } from "vitest";
import { bundle, core, module, moduleNames } from "../../bundles.mjs";
import type { Factory } from "../../src/link/modules";
import { lexerOf } from "../../transform.mjs";
import { folds } from "../folds";
import { open, painted, type Widget } from "../page";

let code: string;
let built: Widget;

beforeAll(async () => {
  /** What a script of one default export exports, in this page. */
  const load = (code: string) => {
    const script = code
      .replace(/^export default/, "return ")
      .replace(/export\{(\w+) as default\};$/, "return $1;");
    return new Function(script)();
  };
  const page = globalThis as { powawidgetModules?: Map<string, Promise<Factory>> };
  page.powawidgetModules = new Map();
  // Libraries, most of them: they take seconds, and are tried in a browser.
  const left = ["code", "mathfont", "maths"];
  const names = (await moduleNames()).filter((name) => !left.includes(name));
  const add = async (name: string) => {
    const made = load((await bundle(module(name))).code);
    const source = await import(/* @vite-ignore */ `/src/modules/${name}`);
    page.powawidgetModules?.set(`${name} built`, Promise.resolve(made));
    page.powawidgetModules?.set(
      name,
      Promise.resolve(() => source),
    );
  };
  await Promise.all(names.map(add));
  code = (await bundle(core(" built"))).code;
  built = load(code);
});

/** A node with its attributes and all within it, in order. */
const told = (node: Node): unknown =>
  node instanceof Element
    ? [
        node.localName,
        ...[...node.attributes].map(({ name, value }) => [name, value]),
        ...[...node.childNodes].map(told),
      ]
    : node.textContent;

/** What a view shows, without the names that are made for it alone. */
const shown = (el: Element) => {
  for (const style of el.querySelectorAll("style")) style.remove();
  return JSON.stringify(told(el)).replaceAll(/\b[0-9a-f]{32}\b/g, "id");
};

test("each recording is drawn alike", async () => {
  const views = folds.map(({ name, state }) => {
    const [source, bundled] = [open(state).show(), open(state, { widget: built }).show()];
    return { name, source: source.el, bundled: bundled.el };
  });
  for (let frame = 0; frame < 3; frame++) await painted();
  for (const { name, source, bundled } of views) expect(shown(bundled), name).toBe(shown(source));
  expect(views.length).toBeGreaterThan(5);
});

test("of marked only the lexer is there; a version that looks different is taken whole", async () => {
  const marked = await readFile("node_modules/marked/lib/marked.esm.js", "utf8");
  expect(marked).toContain("<blockquote>");
  expect(code).not.toContain("<blockquote>");
  expect(lexerOf("export const Lexer = 1;")).toBe("export const Lexer = 1;");
});
