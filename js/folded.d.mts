import type { Plugin } from "esbuild";

export function folded(text: string): string;
export const unfolding: Plugin;
