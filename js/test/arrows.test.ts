// Which folder of src may import from which: arrows go one way, those of types too.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

const SRC = join(import.meta.dirname, "../src");

/** From the bottom up: what stands in one line may import only from the lines before it. */
const LAYERS = [
  ["state"],
  ["text"],
  ["link", "markdown"],
  ["approval"],
  ["view"],
  ["components"],
  ["core.ts"],
  ["modules"],
  ["index.ts"],
  ["loader.ts"],
  ["notices"],
];

const level = (place: string): number => LAYERS.findIndex((layer) => layer.includes(place));

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((name) =>
  /\.tsx?$/.test(name),
);

/** The first folder of a file of src, or the file itself where it stands at the top. */
const placeOf = (file: string): string => file.split("/")[0] as string;

const ENDS = [".ts", ".tsx", "/index.ts", "/index.tsx"];

const imports = files.flatMap((file) => {
  const source = readFileSync(join(SRC, file), "utf8");
  const found = source.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return Array.from(found, ([, path = ""]) => {
    const to = relative(SRC, join(SRC, dirname(file), path));
    return { file, into: ENDS.map((end) => to + end).find((name) => files.includes(name)) ?? to };
  });
});

test("nothing but what the build begins with stands at the top", () => {
  expect(files.filter((file) => !file.includes("/")).sort()).toEqual([
    "core.ts",
    "index.ts",
    "loader.ts",
  ]);
  expect(files.map(placeOf).filter((place) => level(place) < 0)).toEqual([]);
  expect(imports.length).toBeGreaterThan(300);
});

test("imports between the folders go one way", () => {
  const wrong = imports.filter(({ file, into }) => {
    const [from, to] = [placeOf(file), placeOf(into)];
    return from !== to && level(from) <= level(to);
  });
  expect(wrong).toEqual([]);
});

/** Agents work within agents: what is drawn of one may hold what is drawn of others. */
const RECURSION = ["components/Delegation.tsx", "components/Transcript.tsx"];

test("no file imports itself by way of others", () => {
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push(way.slice(way.indexOf(file)));
    if (done.has(file)) return;
    done.add(file);
    for (const each of imports) if (each.file === file) visit(each.into, [...way, file]);
  };
  for (const file of files) visit(file, []);
  expect(circles.map((circle) => circle.toSorted())).toEqual([RECURSION]);
});
