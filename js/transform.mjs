/*
 * What becomes of a source: the same in the build and in the tests.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";

/** How esbuild reads and writes each file. */
export const options = {
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  charset: "utf8",
  legalComments: "none",
};

/** Which of marked's files holds it. */
export const MARKED = /[\\/]marked[\\/]lib[\\/]marked\.esm\.js$/;

/** The options of every lexer of this project: what stands behind others is left out. */
const SET = { pedantic: "!1", gfm: "!0", breaks: "!1", extensions: "null", silent: "!0" };
const OPTION = /\bthis\.options\.(\w+)\b(?!\s*=[^=])/g;
/** The tables of rules by dialect, and how one takes over another's. */
const DIALECTS = /\{normal:[\w$]+,(gfm:[\w$]+),(?:breaks:[\w$]+,)?pedantic:[\w$]+\}/g;
const SPREAD = /=\{\.\.\.([\w$]+),/g;
/** What it says to a console. */
const LOOP =
  /(?<=infiniteLoopError\(([\w$]+)\))\{(?=let )[^{}]*\+\1;[^{}]*throw new Error\([\w$]+\)\}/;
/** Makes a rule of its parts, without any effect: a rule that nobody uses is left out. */
const MAKER = /function ([\w$]+)\([\w$]+,[\w$]+=""\)/;

/**
 * Of marked only the lexer: the file ends by making a parser for its callers, which would keep the
 * HTML renderer in the bundle. A version of marked that looks different is taken whole.
 */
export function lexerOf(marked) {
  const name = (exported) => new RegExp(`([\\w$]+) as ${exported}\\b`).exec(marked)?.[1];
  const parser = new RegExp(`var [\\w$]+=new ${name("Marked")?.replaceAll("$", "\\$")}\\b`);
  const end = marked.search(parser);
  if (end < 0) return marked;
  const names = ["Lexer", "Tokenizer"].map((each) => `${name(each)} as ${each}`);
  const maker = MAKER.exec(marked)?.[1].replaceAll("$", "\\$");
  const lexer = marked
    .slice(0, end)
    .replaceAll(OPTION, (read, option) => SET[option] ?? read)
    .replaceAll(DIALECTS, "{$1}")
    .replace(LOOP, "{}")
    .replaceAll(SPREAD, "={__proto__:$1,")
    .replaceAll(new RegExp(`(?<=[=:,])${maker}\\(`, "g"), "/* @__PURE__ */$&");
  return `${lexer}export{${names}};`;
}

const SQL = /[\\/]legacy-modes[\\/]mode[\\/]sql\.js$/;

/** CodeMirror's SQL mode, whose ready-made dialects the bundle leaves out where nothing asks for them. */
const usedOf = (sql) => sql.replaceAll(/(?<!function )\b(?:sql|set)\(/g, "/* @__PURE__ */ $&");

/** A CSS file as text: what `import css from "./style.css?inline"` gives. */
export async function cssText(path) {
  const source = await readFile(path, "utf8");
  const { code } = await esbuild.transform(source, { loader: "css", minify: true });
  return code.trim();
}

/** The file that an import of CSS means, from the folder of the file that has it. */
export function cssPath(path, folder) {
  const file = path.replace("?inline", "");
  return file.startsWith(".") ? join(folder, file) : createRequire(import.meta.url).resolve(file);
}

/** Both as a plugin of esbuild. */
export const sources = {
  name: "sources",
  setup(build) {
    build.onLoad({ filter: MARKED }, async ({ path }) => ({
      contents: lexerOf(await readFile(path, "utf8")),
    }));
    build.onLoad({ filter: SQL }, async ({ path }) => ({
      contents: usedOf(await readFile(path, "utf8")),
    }));
    build.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: cssPath(path, resolveDir),
      namespace: "css",
    }));
    build.onLoad({ filter: /.*/, namespace: "css" }, async ({ path }) => ({
      contents: await cssText(path),
      loader: "text",
      watchFiles: [path],
    }));
  },
};

/** And as one of vite. */
export const tested = {
  name: "sources",
  enforce: "pre",
  resolveId(path, importer) {
    return /\.css\?inline$/.test(path) ? `\0${cssPath(path, dirname(importer))}.text` : undefined;
  },
  async load(id) {
    if (!/^\0.*\.css\.text$/.test(id)) return;
    return `export default ${JSON.stringify(await cssText(id.slice(1, -".text".length)))}`;
  },
  transform(code, id) {
    if (MARKED.test(id)) return { code: lexerOf(code), map: null };
    if (!/\/src\/.*\.tsx?$/.test(id)) return;
    return esbuild.transform(code, {
      ...options,
      loader: id.endsWith("x") ? "tsx" : "ts",
      sourcefile: id,
      sourcemap: true,
    });
  },
};
