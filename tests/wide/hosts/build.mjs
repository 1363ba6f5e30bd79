// Builds a host's page into a folder: `node build.mjs NODE_MODULES SHARE_JUPYTER FOLDER`
import { copyFileSync, cpSync, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, share, folder] = process.argv.slice(2);
const { buildSync } = createRequire(join(modules, "x.js"))("esbuild");
const here = import.meta.dirname;
mkdirSync(folder, { recursive: true });
const isVsCode = existsSync(join(modules, "@vscode"));
const pages = isVsCode ? ["vscode"] : ["colab", "frame"];
buildSync({
  entryPoints: pages.map((name) => join(here, `${name}.ts`)),
  outdir: folder,
  bundle: true,
  format: "iife",
  nodePaths: [modules],
  loader: { ".svg": "dataurl" },
  // `define` is hidden from the bundles: Backbone would hand itself to RequireJS.
  define: { define: "undefined", global: "globalThis", "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});
for (const name of pages) copyFileSync(join(here, `${name}.html`), join(folder, `${name}.html`));
copyFileSync(join(modules, "requirejs/require.js"), join(folder, "require.js"));
cpSync(join(share, "nbextensions"), join(folder, "nbextensions"), { recursive: true });
if (isVsCode) {
  const manager = join(modules, "@vscode/jupyter-ipywidgets8/dist/ipywidgets.js");
  copyFileSync(manager, join(folder, "ipywidgets.js"));
}
