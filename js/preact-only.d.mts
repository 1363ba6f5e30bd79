import type { Plugin } from "esbuild";

export const preactOnly: Plugin;
export function used(source: string): string;
