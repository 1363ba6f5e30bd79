import type { Plugin } from "esbuild";

export const lexerOnly: Plugin;
