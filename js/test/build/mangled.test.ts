import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mangled, ofBoth, ofMarked, ours } from "../../mangled.mjs";

const source = (path: string) => readFileSync(path, "utf8");
const words = (text: string) => new Set(text.match(/[\w$]+/g));
const folder = (path: string): string[] =>
  readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => source(`${path}/${name}`).replaceAll(/\/\*.*?\*\/|\/\/[^\n]*/gs, ""));

const preact = ["dist/preact.mjs", "hooks/dist/hooks.mjs"].map((file) =>
  source(`node_modules/preact/${file}`),
);
const said = (names: string, texts: string[]) => {
  const known = words(texts.join(" "));
  return [...words(names)].filter((name) => known.has(name));
};

test("no name is one of the wire, of preact or of the strings", () => {
  const strings = source("src/text/words.ts").matchAll(/^export (?:const|function) (\w+)/gm);
  const exported = [...strings].map(([, name]) => name as string);
  expect(
    said(ours + ofMarked + ofBoth, [source("src/state/wire.ts"), ...preact, ...exported]),
  ).toEqual([]);
});

test("no name is a global of the page or one of its elements'", () => {
  const owners = [window, document, document.createElement("button"), new MouseEvent("click")];
  const found = [...words(ours + ofMarked + ofBoth)].filter(
    (name) => name !== "view" && owners.some((owner) => name in owner),
  );
  expect(found).toEqual([]); // an event's `view` is the window: nothing here asks for it
});

test("marked's are marked's only, ours are ours only", () => {
  const marked = source("node_modules/marked/lib/marked.esm.js");
  expect(said(ofMarked, folder("src"))).toEqual([]);
  expect(said(ours, [marked])).toEqual([]);
  const all = words(ours + ofMarked + ofBoth);
  expect(said([...all].join(" "), [...folder("src"), marked])).toHaveLength(all.size); // none is stale
  for (const name of all) expect(name).toMatch(mangled);
});
