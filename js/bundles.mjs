/*
 * The bundles: the core, and the modules that a page asks for when it needs them.
 */
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { minify } from "terser";
import { mathFont } from "./math-font.mjs";
import { options, sources } from "./transform.mjs";

export const here = dirname(fileURLToPath(import.meta.url));

const common = {
  ...options,
  absWorkingDir: here,
  bundle: true,
  outdir: "maps",
  plugins: [sources],
  metafile: true,
  logLevel: "warning",
};

export const moduleNames = () => readdir(join(here, "src", "modules"));

/** Given the hash of the modules, which is the end of what each is known by. */
export const core = (hash) => ({
  ...common,
  entryPoints: { widget: "./src/index.ts" },
  format: "esm",
  define: { MODULES_HASH: JSON.stringify(hash) },
});

/** What each widget brings: it takes the core from the model that the widgets share. */
export const loader = (hash) => ({
  ...common,
  entryPoints: { loader: "./src/loader.ts" },
  format: "esm",
  define: { CORE_HASH: JSON.stringify(hash) },
});

/** What the model of a kernel's notices brings; it stands alone. */
export const notices = {
  ...common,
  entryPoints: { notices: "./src/notices" },
  format: "esm",
};

/** What travels with the core, before it: the loader needn't have what unpacks it. */
export const unpacker = {
  ...common,
  entryPoints: { unpacker: "./src/link/unpacker.ts" },
  format: "esm",
};

/** A module is a function of the core, from which it takes whatever both use: there is one preact. */
export const module = (name) => ({
  ...common,
  entryPoints: { [name]: `./src/modules/${name}` },
  external: ["preact", "preact/*", "*/core"],
  format: "cjs",
  banner: { js: "export default(core)=>{const module={},require=()=>core;" },
  footer: { js: "return module.exports}" },
  plugins: [...common.plugins, mathFont],
});

/** The code of a bundle and its source map; terser makes it a twentieth smaller than esbuild alone. */
export async function bundle(entry) {
  const { outputFiles, metafile } = await esbuild.build({
    ...entry,
    sourcemap: "external",
    write: false,
  });
  const [content, code] = ["js.map", "js"].map(
    (end) => outputFiles.find(({ path }) => path.endsWith(`.${end}`)).text,
  );
  // what is shorter isn't always smaller once it is compressed
  const smaller = {
    conditionals: false,
    if_return: false,
    inline: 1,
    lhs_constants: false,
    sequences: false,
  };
  // `unsafe` writes `""+x` for `String(x)` and leaves out `new` before `RegExp`, `Error` and `Array`:
  // both are the same where nobody has put something else in their place, and no value has a `valueOf`
  // that says another thing than its text.
  const same = { pure_getters: true, unsafe: true, unsafe_arrows: true };
  const compress = { passes: 2, ...same, ...smaller };
  // A hundred bytes less of the core: a code point of more than one byte is rare enough.
  const format = { ascii_only: true };
  const made = await minify(code, {
    module: true,
    ecma: 2022,
    compress,
    format,
    sourceMap: { content },
  });
  return { code: made.code, map: made.map, metafile };
}
