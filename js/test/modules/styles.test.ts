// A module's style is there for all of a page once any view has loaded it: it must leave alone what
// others draw, or a run would look otherwise beside a chat than by itself.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../../src");
const MODULES = join(SOURCE, "modules");

/** What a module draws though the core's styles name it too: no other module draws there. */
const STANDS_IN: Record<string, string[]> = {
  chat: ["pw-turn"],
  maths: ["pw-maths"],
  orchestration: ["pw-agent"],
  results: ["pw-grid", "pw-tree"],
};

/** The selectors of a stylesheet that stand alone: not within another rule, but for `.pw` itself. */
function selectors(css: string): string[] {
  const found: string[] = [];
  const open: boolean[] = []; // of each brace, whether rules within it stand alone
  let text = "";
  for (const letter of css.replaceAll(/\/\*[\s\S]*?\*\//g, "")) {
    if (letter === "{") {
      const head = text.trim();
      const isAlone = open.every(Boolean);
      const isOpen = /^(@(media|container|supports)\b.*|\.pw|&\[[^\]]*\])$/s.test(head);
      if (isAlone && !isOpen && !head.startsWith("@")) found.push(head);
      open.push(isOpen);
    } else if (letter === "}") open.pop();
    text = "{};".includes(letter) ? "" : text + letter;
  }
  return found;
}

/** The classes of each selector of a list. */
function classes(list: string): string[][] {
  return list
    .split(/,(?![^(]*\))/)
    .map((one) =>
      [...one.matchAll(/(?:\.|class\^=)(pw-[\w-]+)/g)].map((match) => match[1] as string),
    );
}

function styles(folder: string): string {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((one) => one.isFile() && one.name.endsWith(".css"))
    .map((one) => readFileSync(join(one.parentPath, one.name), "utf8"))
    .join("\n");
}

const names = readdirSync(MODULES, { withFileTypes: true })
  .filter((one) => one.isDirectory())
  .map((one) => one.name);
const ofModule = new Map(names.map((name) => [name, styles(join(MODULES, name))]));
const ofCore = ["approval", "components", "markdown", "text", "view"]
  .map((folder) => styles(join(SOURCE, folder)))
  .join("\n");

describe("a module's style", () => {
  it("is read here as a browser reads it", () => {
    const css =
      ".pw{.pw-g{.pw-h{x:y}}}.pw .pw-a,.pw :is(.pw-b,.pw-c)>i{.pw-e{x:y}}@media print{.pw>.pw-f:hover{x:y}}";
    expect(selectors(css).flatMap(classes)).toEqual([
      ["pw-g"],
      ["pw-a"],
      ["pw-b", "pw-c"],
      ["pw-f"],
    ]);
    expect([...ofModule.values()].filter((each) => each !== "").length).toBeGreaterThan(5);
  });

  it.each(names)("%s leaves alone what the core and other modules draw", (name) => {
    const others = names.filter((other) => other !== name).map((other) => ofModule.get(other));
    const theirs = new Set(classes([ofCore, ...others].join("\n").replaceAll(",", " ")).flat());
    const isOwn = (one: string) => !theirs.has(one) || STANDS_IN[name]?.includes(one);
    const rules = selectors(ofModule.get(name) as string).flatMap(classes);
    expect(rules.filter((each) => !each.some(isOwn))).toEqual([]);
  });
});
