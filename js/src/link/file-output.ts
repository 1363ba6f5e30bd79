// What a saved notebook is to hold of a snapshot.
import type { FileMessage } from "../state/wire";

/**
 * A copy of a snapshot with the kernel's cuts. The page has the rest already, so the kernel sends
 * only them: `[path, value]`, or `[path, length, more]` for a text that keeps its start.
 */
export function withCuts<W>(snapshot: W, cuts: FileMessage["cuts"]): W {
  const copy = structuredClone(snapshot);
  for (const [path, value, more] of cuts as [string[], unknown, string?][]) {
    const last = path.at(-1) as string;
    // biome-ignore lint/suspicious/noExplicitAny: a path of the kernel's own state
    let owner: any = copy;
    for (const key of path.slice(0, -1)) owner = Object.hasOwn(owner, key) ? owner[key] : {};
    if (owner === null || !Object.hasOwn(owner, last)) continue;
    owner[last] = more === undefined ? value : String(owner[last]).slice(0, value as number) + more;
  }
  return copy;
}
