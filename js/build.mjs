// Bundles src/index.ts into powawidget/static/widget.js, the core that travels with every widget,
// src/modules/* into powawidget/static/modules/, the parts that a page asks for when it needs them,
// and the licences of what they hold. `--watch` builds again at every change.
import { createHash } from "node:crypto";
import { watch } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { unfolding } from "./folded.mjs";
import { lexerOnly } from "./lexer-only.mjs";
import { mangled } from "./mangled.mjs";
import { minifiedCss } from "./minified-css.mjs";
import { preactOnly } from "./preact-only.mjs";
import { rawCss } from "./raw-css.mjs";
import { plainCore, sharedCore } from "./shared-core.mjs";
import { sqlOnly } from "./sql-only.mjs";

/** How many bytes the core may have: it travels with every widget instance. */
const BUDGETS = { minified: 127_000, packed: 75_000 };

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "powawidget", "static");
const watching = process.argv.includes("--watch");

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  inject: ["jsx.mjs"],
  // Children as arguments are shorter than the array that the automatic transform makes of them.
  tsconfigRaw: {
    compilerOptions: { jsx: "react", jsxFactory: "createElement", jsxFragmentFactory: "Fragment" },
  },
  minify: true,
  mangleProps: mangled,
  legalComments: "none",
  charset: "utf8",
  metafile: true,
  write: false,
  logLevel: "warning",
};

/** The licence texts of every package in the bundles, sorted by name. */
async function licences(metafiles) {
  const packages = new Set(
    metafiles
      .flatMap(({ inputs }) => Object.keys(inputs))
      .flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
  );
  const texts = [];
  for (const name of [...packages].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    if (file === undefined) throw new Error(`${name} ${version} carries no licence file.`);
    const text = (await readFile(join(folder, file), "utf8")).trim();
    texts.push(`${name} ${version} (${license})\n\n${text}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

const core = (hashes, mangleCache = {}) =>
  esbuild.build({
    ...common,
    entryPoints: ["src/index.ts"],
    define: { MODULE_HASHES: JSON.stringify(hashes) },
    mangleCache,
    plugins: [unfolding, lexerOnly, preactOnly, minifiedCss, plainCore],
  });

/** Mostly libraries, which may say a name now bare and now in quotes: none is shortened in them. */
const OF_LIBRARIES = new Set(["code", "maths"]);

/** A module is a function of the core; it must say a shortened property as the core says it. */
const part = (name, mangleCache) =>
  esbuild.build({
    ...common,
    entryPoints: [`./src/modules/${name}/index`],
    format: "iife",
    globalName: "made",
    banner: { js: "export default core=>{" },
    footer: { js: "return made}" },
    ...(OF_LIBRARIES.has(name) ? { mangleProps: undefined } : { mangleCache }),
    plugins: [sharedCore, minifiedCss, rawCss, sqlOnly],
    loader: { ".woff2": "binary" },
  });

/** The hash of a content, short enough for a name. */
const hashOf = (contents) => createHash("sha256").update(contents).digest("hex").slice(0, 16);

/**
 * Packs the core: it travels with every widget, and stands in a saved notebook once for each. A page
 * unpacks it once, in some milliseconds, and imports the result as anywidget imports this; a module
 * that was imported is never freed, so a page of many runs must not import one for each.
 */
function packed(core) {
  const base64 = gzipSync(core, { level: 9 }).toString("base64");
  return `const unpack=async()=>{
const bytes=Uint8Array.from(atob("${base64}"),(c)=>c.charCodeAt(0));
const stream=new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const code=new Blob([await new Response(stream).arrayBuffer()],{type:"text/javascript"});
const url=URL.createObjectURL(code);
try{return(await import(url)).default}finally{URL.revokeObjectURL(url)}};
const cores=globalThis.powawidgetCores??=new Map();
if(!cores.has("${hashOf(core)}"))cores.set("${hashOf(core)}",unpack());
export default await cores.get("${hashOf(core)}");
`;
}

async function build() {
  const names = await readdir(join(here, "src", "modules"));
  // Twice: a module needs the core's short names, the core the hashes of the modules.
  const { mangleCache } = await core({});
  const results = await Promise.all(names.map((name) => part(name, mangleCache)));
  const parts = names.map((name, index) => {
    const { contents } = results[index].outputFiles[0];
    const hash = hashOf(contents);
    return { name, contents, hash };
  });
  const whole = await core(
    Object.fromEntries(parts.map(({ name, hash }) => [name, hash])),
    mangleCache,
  );
  const { contents } = whole.outputFiles[0];
  const sent = packed(contents);
  const sizes = { minified: contents.length, packed: sent.length };
  const told = Object.entries(BUDGETS).map(
    ([what, budget]) => `${sizes[what]} of ${budget} bytes ${what}`,
  );
  const size = told.join(", ");
  const isOver = Object.entries(BUDGETS).some(([what, budget]) => sizes[what] >= budget);
  if (isOver) console.error(`The front end is over its budget, ${size}: make it smaller.`);
  if (isOver && !watching) throw new Error("over budget");
  await rm(join(target, "modules"), { recursive: true, force: true });
  await mkdir(join(target, "modules"), { recursive: true });
  const metafiles = [whole, ...results].map(({ metafile }) => metafile);
  await writeFile(join(target, "LICENSES.txt"), await licences(metafiles));
  for (const { name, contents } of parts) {
    const zipped = gzipSync(contents, { level: 9 });
    await writeFile(join(target, "modules", `${name}.js.gz`), zipped);
    const size = `${contents.length} bytes, ${zipped.toString("base64").length} sent`;
    console.log(`powawidget/static/modules/${name}.js.gz: ${size}`);
  }
  // Last: what builds only where the bundle is missing must not find half a build.
  await writeFile(join(target, "widget.js"), sent);
  console.log(`powawidget/static/widget.js: ${size}`);
}

/** Builds; esbuild has printed what is wrong where it is the sources. */
const attempt = () =>
  build().catch((error) => {
    if (!error.errors) console.error(error.message);
    if (!watching) process.exitCode = 1;
  });

await attempt();
if (watching) {
  let timer;
  watch(join(here, "src"), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(attempt, 100);
  });
}
