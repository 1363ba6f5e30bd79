// A block's input as people know it. The server logs it by the ids of the blocks before it, each
// with what came out of that block: shown are their names, and what came out.
import type { Block } from "../../state/wire";
import type { Json } from "../../text/json";

export function named(input: Json, blocks: readonly Block[]): Json {
  if (input.kind !== "object") return input;
  const names = new Map(blocks.map(({ id, name, type }) => [id, name || type || id]));
  return {
    kind: "object",
    entries: input.entries.map(([key, value]) => {
      const name = names.get(key);
      return name === undefined ? [key, value] : [name, given(value)];
    }),
  };
}

function given(value: Json): Json {
  const [only, second] = value.kind === "object" ? value.entries : [];
  return only?.[0] === "output" && second === undefined ? only[1] : value;
}
