import { readFile } from "node:fs/promises";
import { Lexer } from "marked";
import { folded } from "./folded.mjs";

/** The options that are the same in every lexer of this project; src/markdown/lex.ts says so too. */
const OPTIONS = {
  breaks: "!1",
  extensions: "null",
  gfm: "!0",
  pedantic: "!1",
  silent: "!0",
};

/**
 * Keeps of marked only its lexer, for GitHub's markdown. marked comes as one minified file, which
 * begins with tables of rules for every dialect and ends in statements that make a ready-made
 * instance of everything; esbuild would have to keep both for their effects. Of the tables, the
 * rules that the lexer uses are written anew (see `rulesOf`), each as a variable of its own; cut off
 * before that instance, the parser and the HTML renderer are dropped as unused, and so is what
 * stands behind options that are never set.
 */
export const lexerOnly = {
  name: "lexer-only",
  setup(build) {
    build.onLoad({ filter: /[\\/]marked[\\/]lib[\\/]marked\.esm\.js$/ }, async ({ path }) => {
      try {
        return { contents: lexing(await readFile(path, "utf8")), loader: "js" };
      } catch (error) {
        return { errors: [{ text: `mend js/lexer-only.mjs: ${error.message}` }] };
      }
    });
  },
};

/** The tables end with the one of all dialects of inline rules. */
const TABLES_END = /\b[\w$]+=\{normal:[\w$]+,gfm:[\w$]+,breaks:[\w$]+,pedantic:[\w$]+\};/g;

/** The lexer's choice of rules, and what it has for callers other than this project. */
const FOR_OTHERS =
  /;let [\w$]+=\{other:[\s\S]*?(?=\}static get rules)\}static get rules[\s\S]*?(?=\bblockTokens\([\w$]+,[\w$]+=\[\])/g;

/** What the lexer does with most kinds of token, said again and again. */
const TAKEN =
  /if\(([\w$]+)=([^{}]*?)\)(\{([\w$]+)=\4\.slice\(\1\.raw\.length\),[\w$]+\.push\(\1\);continue\})/;

function lexing(source) {
  const name = (exported) => new RegExp(`([\\w$]+) as ${exported}\\b`).exec(source)?.[1];
  const [lexer, tokenizer, whole] = ["Lexer", "Tokenizer", "Marked"].map(name);
  const start = [...source.matchAll(TABLES_END)].map((end) => end.index + end[0].length).at(-1);
  const end = source.search(new RegExp(`var [\\w$]+=new ${whole?.replace("$", "\\$")};`));
  const other = /\b([\w$]+)=\{codeRemoveIndent:/.exec(source)?.[1];
  if (!lexer || !tokenizer || !other || !(start < end)) throw new Error("marked looks different");

  let code = source.slice(start, end);
  const change = (from, to) => {
    const changed = code.replaceAll(from, to);
    if (changed === code) throw new Error(`nothing in marked is like ${from}`);
    code = changed;
  };
  change(FOR_OTHERS, "}");
  // Nothing before the start is ever asked for.
  change(/\.substring\(([\w$]+(?:\.raw)?\.length(?:\+1)?|[\w$]+)\)/g, ".slice($1)");
  change(/this\.options=([\w$]+)\|\|[\w$]+/g, "this.options=$1");
  change(/this\.options\.(\w+)/g, (option, key) => OPTIONS[key] ?? option);
  // It says this to a console and goes on.
  change(/this\.infiniteLoopError\([\w$]+\.charCodeAt\(0\)\);/g, "");
  change(/infiniteLoopError\([\w$]+\)\{.*?else throw new Error\([\w$]+\)\}/g, "");
  // src/markdown/entities.ts decodes all that this would.
  change(/\?([\w$]+\[0\]):[\w$]+\(\1\),escaped:/g, "?$1:$1,escaped:");
  // Rules are variables.
  change(",this.rules)", ")");
  change(/let ?\{([^{}]*)\}=this\.tokenizer\.rules\.inline\b/g, (_, names) =>
    `let ${names}`.replaceAll(/([\w$]+):([\w$]+)/g, "$2=this.rules.inline.$1"),
  );
  change(/(?<![\w$.])(?:[\w$]+\.)+(block|inline|other)\.(_?\w+)/g, "$1_$2");
  change(new RegExp(`(?<![\\w$.])${other.replace("$", "\\$")}\\.(\\w+)`, "g"), "other_$1");
  for (let once = ""; once !== code; ) {
    once = code;
    const twice = new RegExp(`${TAKEN.source}if\\(\\1=([^{}]*?)\\)\\3`);
    code = code.replace(twice, "if($1=$2||$5)$3");
  }
  return `${rulesOf(code)}${code}export{${lexer} as Lexer,${tokenizer} as Tokenizer};`;
}

/** The indents that a rule for items of a list is made for. */
const INDENTS = [1, 2, 3, 4, 5];

/** Whether a rule is `indented`: the same but for its greatest indent, which is less than given. */
const isForIndents = (rule) => {
  const { source } = rule(4);
  return INDENTS.every((each) => {
    const fits = source.replaceAll("{0,3}", `{0,${Math.min(3, each - 1)}}`);
    return rule(each).source === fits && fits.includes(`{0,${Math.min(3, each - 1)}}`);
  });
};

/* What the statements of `rulesOf` call. */

const indented = ({ source, flags }) => {
  const made = [];
  return (least) => {
    const indent = Math.max(0, Math.min(3, least - 1));
    made[indent] ??= new RegExp(source.replaceAll("{0,3}", `{0,${indent}}`), flags);
    return made[indent];
  };
};

const patterns = (text) =>
  text.split("\n").map((line) => {
    const [flags] = line.split("/", 1);
    return new RegExp(line.slice(flags.length + 1).replaceAll("\xa1", "`"), flags);
  });

/**
 * The rules that some code of marked uses, as statements: each a variable named after its table and
 * its key. What their patterns have in common is said once, and put in when a page loads them.
 */
function rulesOf(code) {
  const { other } = new Lexer().tokenizer.rules;
  const { block, inline } = Lexer.rules;
  const tables = { block: block.gfm, inline: inline.gfm, other };
  const found = new Map();
  const statements = [
    `import{unfold}from"unfold";const indented=${indented},patterns=${patterns};`,
  ];
  for (const variable of new Set(code.match(/\b(?:block|inline|other)_\w+/g))) {
    const [, table, key] = /^([^_]+)_(.+)$/.exec(variable);
    const rule = tables[table][key];
    if (rule instanceof RegExp && table === "other") {
      statements.push(`const ${variable}=${rule};`);
    } else if (rule instanceof RegExp) {
      found.set(variable, rule);
    } else if (isForIndents(rule)) {
      found.set(`_${variable}`, rule(4));
      statements.push(`const ${variable}=/* @__PURE__ */indented(_${variable});`);
    } else {
      statements.push(`const ${variable}=${rule};`);
    }
  }
  const line = ({ flags, source }) =>
    `${flags}/${source.replaceAll(/\\./gs, (escaped) => (escaped === "\\/" ? "/" : escaped))}`;
  // A backtick would end the template that the text stands in.
  const lines = Array.from(found.values(), line).join("\n").replaceAll("`", "\xa1");
  const isSame = patterns(lines).map(line).join("\n").replaceAll("`", "\xa1") === lines;
  const [text, fragments] = folded(lines);
  if (!isSame || text.includes("${")) throw new Error("marked's rules look different");
  // Before the statements that take one of them.
  const unfolded = `unfold(String.raw\`${text}\`,${fragments})`;
  statements.splice(1, 0, `const [${[...found.keys()]}]=patterns(${unfolded});`);
  return statements.join("");
}
