import { readFile } from "node:fs/promises";

/**
 * Keeps of CodeMirror's SQL mode what makes a dialect, and drops the dialects that stand ready-made
 * behind it: src/modules/code/languages.ts makes its own.
 */
export const sqlOnly = {
  name: "sql-only",
  setup(build) {
    build.onLoad({ filter: /legacy-modes[\\/]mode[\\/]sql\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const dialects = source.indexOf("export const ");
      if (dialects < 0) {
        return {
          errors: [{ text: "CodeMirror's SQL mode looks different: mend js/sql-only.mjs." }],
        };
      }
      return { contents: source.slice(0, dialects), loader: "js" };
    });
  },
};
