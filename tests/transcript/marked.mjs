// Reads lists of markdown, a line of JSON each, and writes the HTML that marked makes of them.

import { createInterface } from "node:readline";
import { Marked } from "../../js/node_modules/marked/lib/marked.esm.js";

const marked = new Marked({ gfm: true });

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line).texts.map((text) => marked.parse(text));
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
