// Text that was written for a terminal, as a reader wants it: the twin of
// `powawidget/transcript/terminal.py`.
import type { Json } from "./json";

/* Colours, sets of letters, and what clears a line or moves the cursor: nothing of these is text. A
   sequence that carries text, such as a title, keeps its marks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what it looks for
const SEQUENCE = /\x1b(?:\[[\d;:<=>?!]*[ -/]?[@-~]|[()][0AB]|[78=>])/g;
/* The begin of a link, with its address, or without one its end (OSC 8). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what it looks for
const LINK = /\x1b\]8;[^;\x00-\x1f\x7f]*;([^\x00-\x1f\x7f]*)(?:\x07|\x1b\\)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what it looks for
const WRITTEN = /[\x1b\r]/;

/**
 * Takes the colours out, writes out links, and ends the lines as a terminal shows them: one that was rewritten, as a
 * progress bar is, keeps its last state. Without any line feed a carriage return ends a line.
 */
export function settled(text: string): string {
  if (!WRITTEN.test(text)) return text;
  const plain = withAddresses(text.replace(SEQUENCE, ""));
  if (plain.trim() === "") return text; // else nothing would say what it is
  if (!plain.includes("\r")) return plain;
  if (!plain.includes("\n")) return plain.slice(0, endOf(plain)).replaceAll("\r", "\n");
  const last = (line: string) => {
    const end = endOf(line);
    return line.slice(line.lastIndexOf("\r", end - 1) + 1, end);
  };
  return plain
    .split("\n")
    .map((line) => (line.includes("\r") ? last(line) : line))
    .join("\n");
}

/** The address of each link behind its words, where these don't say it. */
function withAddresses(text: string): string {
  const [first = "", ...rest] = text.split(LINK);
  return rest.reduce((whole, each, i) => {
    if (i % 2 === 0) return whole;
    const address = rest[i - 1];
    return whole + each + (address && address !== each ? ` (${address})` : "");
  }, first);
}

/** Where the carriage returns at the end of a line begin. */
function endOf(line: string): number {
  let end = line.length;
  while (line[end - 1] === "\r") end--;
  return end;
}

/** The same for each text of a value, in place. */
export function settle(value: Json): Json {
  if (value.kind === "text") value.text = settled(value.text);
  if (value.kind === "list") value.items.forEach(settle);
  if (value.kind === "object") for (const [, each] of value.entries) settle(each);
  return value;
}
