import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** The text of a library's CSS file, minified: `import css from "….css?raw"`, as in vite. */
export const rawCss = {
  name: "raw-css",
  setup(build) {
    const { resolve } = createRequire(import.meta.url);
    build.onResolve({ filter: /\.css\?raw$/ }, ({ path }) => ({
      path: resolve(path.replace("?raw", "")),
      namespace: "raw-css",
    }));
    build.onLoad({ filter: /.*/, namespace: "raw-css" }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { code } = await build.esbuild.transform(source, { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};
