// `npm run dev`: JupyterLab takes core and modules from this folder's sources, not minified and with
// source maps, as they are when its page is loaded. See CONTRIBUTING.
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { core, here, module, moduleNames } from "./bundles.mjs";

const HOST = "127.0.0.1";
const folder = join(here, "dev");
const target = join(here, "..", "powawidget", "static");
const loader = join(target, "loader.js");
const widget = join(target, "widget.js");

/** What a widget brings meanwhile, in place of the loader. A module's hash is its name here. */
const loading = (url, names) => `// Written by js/dev.mjs, which serves what this loads.
const modules = globalThis.powawidgetModules ??= new Map();
for (const name of ${JSON.stringify(names)}) {
  modules.set(name, import("${url}/" + name + ".js").then((made) => made.default));
}
export default (await import("${url}/widget.js")).default;
`;

const names = await moduleNames();
await mkdir(folder, { recursive: true });
for (const entry of [core(""), ...names.map(module)]) {
  const context = await esbuild.context({
    ...entry,
    outdir: folder,
    minify: false,
    sourcemap: "linked",
  });
  await context.rebuild().catch(() => {}); // esbuild says what is wrong, and waits for a change
  await context.watch();
}
const server = await esbuild.context({});
const { port } = await server.serve({
  host: HOST,
  servedir: folder,
  cors: { origin: [`http://${HOST}:*`, "http://localhost:*"] },
});

// Where nothing is built yet.
await readFile(widget).catch(() => import("./build.mjs"));
const built = await readFile(loader);
await writeFile(loader, loading(`http://${HOST}:${port}`, names));
// Old: whatever make does with the front end next, it builds it first.
await utimes(widget, 0, 0);
console.log(
  `http://${HOST}:${port}: restart the kernel once; after a change, load the page again.`,
);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    await writeFile(loader, built);
    await utimes(widget, new Date(), new Date());
    process.exit();
  });
}
