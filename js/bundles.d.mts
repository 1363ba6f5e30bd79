import type { BuildOptions, Metafile } from "esbuild";

export const here: string;
export function moduleNames(): Promise<string[]>;
export function core(hash: string): BuildOptions;
export function loader(hash: string): BuildOptions;
export function module(name: string): BuildOptions;
export function bundle(
  entry: BuildOptions,
): Promise<{ code: string; map: string; metafile: Metafile }>;
