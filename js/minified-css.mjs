import { readFile } from "node:fs/promises";

/**
 * Minifies the CSS that the files named style.ts hold in templates, and takes the prefix from its
 * custom properties: `.pw` sets each of them itself, so none can come from a page that has one of
 * the same name.
 */
export const minifiedCss = {
  name: "minified-css",
  setup(build) {
    build.onLoad({ filter: /[\\/](?:[\w]+-)?style\.ts$/ }, async ({ path }) => {
      const templates = (await readFile(path, "utf8")).split(/(?<== )`([^`$]*)`/);
      const minified = templates.map(async (text, place) => {
        if (place % 2 === 0) return text;
        const { code } = await build.esbuild.transform(text, { loader: "css", minify: true });
        return JSON.stringify(code.trim().replaceAll("--pw-", "--"));
      });
      return { contents: (await Promise.all(minified)).join(""), loader: "ts" };
    });
  },
};
