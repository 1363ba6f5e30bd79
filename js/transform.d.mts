import type { Plugin, TransformOptions } from "esbuild";
import type { Plugin as VitePlugin } from "vite";

export const options: TransformOptions;
export function lexerOf(marked: string): string;
export const sources: Plugin;
export const tested: VitePlugin;
