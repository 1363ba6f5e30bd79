import { readFile } from "node:fs/promises";

/**
 * Keeps of marked only its lexer. marked comes as one minified file whose last statements make a
 * ready-made instance of everything; esbuild must keep those for their effects, and with them the
 * parser and the HTML renderer, which this project never uses. Cut off there, the rest is dropped
 * as unused.
 */
export const lexerOnly = {
  name: "lexer-only",
  setup(build) {
    build.onLoad({ filter: /[\\/]marked[\\/]lib[\\/]marked\.esm\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const name = (exported) => new RegExp(`([\\w$]+) as ${exported}\\b`).exec(source)?.[1];
      const [lexer, tokenizer, whole] = ["Lexer", "Tokenizer", "Marked"].map(name);
      const instance = source.search(new RegExp(`var [\\w$]+=new ${whole?.replace("$", "\\$")};`));
      if (!lexer || !tokenizer || instance < 0) {
        return { errors: [{ text: "marked's file looks different: mend js/lexer-only.mjs." }] };
      }
      const contents = `${source.slice(0, instance)}export{${lexer} as Lexer,${tokenizer} as Tokenizer};`;
      return { contents, loader: "js" };
    });
  },
};
