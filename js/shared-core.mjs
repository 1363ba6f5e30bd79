import { readFile } from "node:fs/promises";

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
      const source = await readFile(new URL("src/core.ts", import.meta.url), "utf8");
      const names = [...source.matchAll(/^export \{([^}]*)\}/gm)].map(([, list]) => list).join(",");
      return { contents: `export const {${names}} = core;`, loader: "js" };
    });
  },
};
