// Bundles src/index.ts into powawidget/static/widget.js, the core, and core.b91, as it travels once to
// each page, with what unpacks it on a line before it; src/loader.ts into loader.js, which travels with every
// widget and fetches the core; src/notices into notices.js, which stands alone;
// src/modules/* into modules/, the parts that a page asks for when it needs them, each with what
// the core knows it by before it; and the licences of what they hold. Source maps lie in maps/.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundle, core, here, loader, module, moduleNames, notices, unpacker } from "./bundles.mjs";
import { base91, gzip } from "./pack.mjs";

/**
 * How many bytes the core may have on its way to a page, in gzip, and that as text; and the loader,
 * which travels with every widget.
 */
const BUDGETS = {
  compressed: 60_000,
  "as text": 80_000,
  "for the loader": 2_500,
  "for notices": 6_000,
};

const target = join(here, "..", "powawidget", "static");

/** The licence texts of every package in the bundles, sorted by name. */
async function licences(metafiles) {
  const packages = new Set(
    metafiles
      .flatMap(({ inputs }) => Object.keys(inputs))
      .flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
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

/** The hash of a content, short enough for a name. */
const hashOf = (contents) => createHash("sha256").update(contents).digest("hex").slice(0, 8);

async function build() {
  const names = (await moduleNames()).sort();
  const modules = await Promise.all(
    names.map(async (name) => {
      const made = await bundle(module(name));
      const packed = base91(await gzip(made.code));
      return { name, ...made, packed };
    }),
  );
  // One hash for all of them: it says no less, and the core is smaller than with one for each.
  const hash = `-${hashOf(modules.map(({ code }) => code).join("\n"))}`;
  const whole = await bundle(core(hash));
  const small = await bundle(loader(hashOf(whole.code)));
  const alone = await bundle(notices);
  const compressed = await gzip(whole.code);
  const sent = base91(compressed);
  const first = await bundle(unpacker);
  if (first.code.includes("\n")) throw new Error("What unpacks the core is more than a line.");
  const sizes = {
    compressed: compressed.length,
    "as text": sent.length,
    "for the loader": small.code.length,
    "for notices": alone.code.length,
  };
  const told = Object.entries(BUDGETS).map(
    ([what, budget]) => `${sizes[what]} of ${budget} bytes ${what}`,
  );
  if (Object.entries(BUDGETS).some(([what, budget]) => sizes[what] > budget)) {
    throw new Error(`A bundle is over its budget, ${told.join(", ")}: make it smaller.`);
  }
  for (const folder of [join(target, "modules"), join(here, "maps")]) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
  }
  for (const { name, map } of [
    { name: "widget", ...whole },
    { name: "loader", ...small },
    { name: "notices", ...alone },
    ...modules,
  ]) {
    await writeFile(join(here, "maps", `${name}.js.map`), map);
  }
  const metafiles = [whole, ...modules].map(({ metafile }) => metafile);
  await writeFile(join(target, "LICENSES.txt"), await licences(metafiles));
  for (const { name, code, packed } of modules) {
    await writeFile(join(target, "modules", `${name}.b91`), `${name}${hash} ${packed}`);
    const size = `${code.length} bytes, ${packed.length} sent`;
    console.log(`powawidget/static/modules/${name}.b91: ${size}`);
  }
  // Last: what builds only where the bundle is missing must not find half a build.
  await writeFile(join(target, "core.b91"), `${first.code}\n${sent}`);
  await writeFile(join(target, "loader.js"), small.code);
  await writeFile(join(target, "notices.js"), alone.code);
  await writeFile(join(target, "widget.js"), whole.code);
  console.log(`powawidget/static/widget.js: ${whole.code.length} bytes, ${told.join(", ")}`);
}

await build().catch((error) => {
  // esbuild has printed what is wrong where it is the sources
  if (!error.errors) console.error(error.message);
  process.exitCode = 1;
});
