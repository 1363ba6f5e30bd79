import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { folded } from "./folded.mjs";

const STYLES = /[\\/]style\.ts$/;

/**
 * Minifies the CSS that the files named style.ts hold in templates, and makes the names of its
 * custom properties short: `.pw` sets each of them itself, so none can come from a page that has one
 * of the same name.
 */
export const minifiedCss = {
  name: "minified-css",
  async setup(build) {
    const short = await shortNames(join(build.initialOptions.absWorkingDir, "src"));
    /** A file's templates, minified, by the names of their constants. */
    const sheets = async (path) => {
      const source = await readFile(path, "utf8");
      const templates = [...source.matchAll(/(\w+) = `([^`$]*)`/g)];
      const minified = templates.map(async ([, name, css]) => {
        const { code } = await build.esbuild.transform(css, { loader: "css", minify: true });
        return [name, code.trim().replaceAll(/--pw-[\w-]+/g, (each) => short.get(each))];
      });
      return { source, css: new Map(await Promise.all(minified)) };
    };
    // The style of the core is one text of several sheets: what they say alike is said once.
    build.onLoad({ filter: /[\\/]view[\\/]style\.ts$/ }, async ({ path }) => {
      const { source, css } = await sheets(path);
      for (const [, names, file] of source.matchAll(/^import \{ (\w+Css) \} from "(.+)";$/gm)) {
        const imported = await sheets(join(dirname(path), `${file}.ts`));
        css.set(names, imported.css.get(names));
      }
      const whole = /^const CSS = (\w+(?: \+ \w+)+);$/m;
      const names = whole.exec(source)?.[1].split(" + ") ?? [];
      if (names.length !== css.size) return { errors: [{ text: "mend js/minified-css.mjs" }] };
      const [text, fragments] = folded(names.map((name) => css.get(name)).join(""));
      const contents = `import { unfold } from "unfold";\n${source}`
        .replaceAll(/^const \w+ = `[^`$]*`;$/gm, "")
        .replace(whole, `const CSS = unfold(${JSON.stringify(text)}, ${fragments});`);
      return { contents, loader: "ts" };
    });
    build.onLoad({ filter: STYLES }, async ({ path }) => {
      const { source, css } = await sheets(path);
      const contents = source.replaceAll(
        /(\w+) = `[^`$]*`/g,
        (_, name) => `${name} = ${JSON.stringify(css.get(name))}`,
      );
      return { contents, loader: "ts" };
    });
  },
};

/** For each custom property of the widget its name in the bundle, the same in core and modules. */
async function shortNames(folder) {
  const files = await readdir(folder, { recursive: true });
  const styles = files.filter((name) => STYLES.test(name));
  const texts = await Promise.all(styles.map((name) => readFile(join(folder, name), "utf8")));
  const names = [...new Set(texts.join("").match(/--pw-[\w-]+/g))].sort();
  let letter = 10; // as a digit of base 36: "a"
  return new Map(
    names.map((name) => {
      const bare = name.slice("--pw-".length);
      return [name, `--${bare.length < 4 ? bare : (letter++).toString(36)}`];
    }),
  );
}
