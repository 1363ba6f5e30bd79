// Bundles src/index.ts into powawidget/static/widget.js, the one module that travels with every
// widget, and the licences of what it holds. `--watch` builds again at every change.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { lexerOnly } from "./lexer-only.mjs";
import { mangled } from "./mangled.mjs";
import { minifiedCss } from "./minified-css.mjs";

const BUDGET = 150_000; // bytes, minified: the module is sent once for each widget instance

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "powawidget", "static");
const watching = process.argv.includes("--watch");

/** The licence texts of every package in the bundle, sorted by name. */
async function licences(metafile) {
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap(
      (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
    ),
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

/** Writes what esbuild made; over the budget only while watching. */
async function write({ outputFiles, metafile }) {
  const [bundle] = outputFiles;
  const size = `${bundle.contents.length} of ${BUDGET} bytes`;
  const text = `The front end is over its budget, ${size}: make it smaller.`;
  const over = bundle.contents.length > BUDGET ? [{ text }] : [];
  if (over.length > 0 && !watching) return { errors: over };
  await mkdir(target, { recursive: true });
  await writeFile(join(target, "LICENSES.txt"), await licences(metafile));
  // Last: what builds only where the bundle is missing must not find half a build.
  await writeFile(bundle.path, bundle.contents);
  console.log(`powawidget/static/widget.js: ${size}`);
  return { warnings: over };
}

const context = await esbuild.context({
  absWorkingDir: here,
  entryPoints: ["src/index.ts"],
  outfile: join(target, "widget.js"),
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
  plugins: [
    lexerOnly,
    minifiedCss,
    {
      name: "write",
      setup: (build) =>
        build.onEnd((result) => (result.errors.length > 0 ? undefined : write(result))),
    },
  ],
});

if (watching) {
  await context.watch();
} else {
  try {
    await context.rebuild();
  } catch {
    process.exitCode = 1; // esbuild has printed what is wrong
  } finally {
    await context.dispose();
  }
}
