import { readFile } from "node:fs/promises";

/**
 * Marks the dialects that CodeMirror's SQL mode makes as free of effects, so that those nobody uses
 * are left out.
 */
export const pureSql = {
  name: "pure-sql",
  setup(build) {
    build.onLoad({ filter: /legacy-modes[\\/]mode[\\/]sql\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = source.replace(/(?<=[=:|,(] *)(?=(?:sql|set)\()/g, "/* @__PURE__ */ ");
      return { contents, loader: "js" };
    });
  },
};
