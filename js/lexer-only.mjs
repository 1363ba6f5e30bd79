import { readFile } from "node:fs/promises";

/** The options that are the same in every lexer of this project; src/markdown/lex.ts says so too. */
const OPTIONS = {
  breaks: "!1",
  extensions: "null",
  gfm: "!0",
  pedantic: "!1",
  silent: "!0",
};

/**
 * Keeps of marked only its lexer. marked comes as one minified file whose last statements make a
 * ready-made instance of everything; esbuild must keep those for their effects, and with them the
 * parser and the HTML renderer, which this project never uses. Cut off there, the rest is dropped
 * as unused, and so is what stands behind options that are never set.
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
      const lexing = withoutRules(source.slice(0, instance)).replace(
        /this\.options\.(\w+)/g,
        (option, key) => OPTIONS[key] ?? option,
      );
      const contents = `${lexing}export{${lexer} as Lexer,${tokenizer} as Tokenizer};`;
      return { contents, loader: "js" };
    });
  },
};

/** Empties the tables of rules that belong to the options that are never set. */
function withoutRules(source) {
  const tables = source.matchAll(/\b(?:breaks|pedantic):([\w$]+)[,}]/g);
  return [...tables].reduce((rest, [, name]) => {
    const start = rest.indexOf(`,${name}={`) + name.length + 2;
    return `${rest.slice(0, start)}{}${rest.slice(endOfObject(rest, start))}`;
  }, source);
}

/** Where an object literal ends: at the first brace that makes it whole. */
function endOfObject(source, start) {
  for (let end = start; ; ) {
    end = source.indexOf("}", end) + 1;
    if (end === 0) throw new Error("marked's file looks different: mend js/lexer-only.mjs.");
    try {
      new Function(`return ${source.slice(start, end)}`);
      return end;
    } catch {
      // the brace stands in a string, a regular expression or an inner literal
    }
  }
}
