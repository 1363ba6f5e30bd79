import { readFile } from "node:fs/promises";

/** The names that src/core.ts exports, separated by commas. */
async function names() {
  const source = await readFile(new URL("src/core.ts", import.meta.url), "utf8");
  return [...source.matchAll(/^export \{([^}]*)\}/gm)].map(([, list]) => list).join(",");
}

/**
 * In a module on demand, what is imported from the core or from preact is taken from the core that
 * the module is handed (`core`, in the function that the build wraps around it).
 */
export const sharedCore = {
  name: "shared-core",
  setup(build) {
    build.onResolve({ filter: /^(?:preact(?:\/hooks)?|(?:\.{1,2}\/)+core)$/ }, () => ({
      path: "core",
      namespace: "shared-core",
    }));
    build.onLoad({ filter: /.*/, namespace: "shared-core" }, async () => {
      return { contents: `export const {${await names()}} = core;`, loader: "js" };
    });
  },
};

/** In the core, what modules are handed is a plain object: one with a getter for each name is longer. */
export const plainCore = {
  name: "plain-core",
  setup(build) {
    build.onLoad({ filter: /[\\/]src[\\/]index\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const all = await names();
      const plain = `import {${all}} from "./core";\nconst core = {${all}};`;
      const contents = source.replace('import * as core from "./core";', plain);
      if (contents === source) return { errors: [{ text: "mend js/shared-core.mjs" }] };
      return { contents, loader: "ts" };
    });
  },
};
