import type { Plugin } from "esbuild";

export function cut(path: string, targetFormat: "truetype" | "woff2"): Promise<Uint8Array>;
export const mathFont: Plugin;
