import type { Token } from "marked";
import { blockNode } from "../../src/markdown/blocks";
import { Blocks, CITED, collectDefinitions, type Links } from "../../src/markdown/lex";
import { inParts } from "../../src/markdown/parts";
import { create } from "../../src/markdown/vdom";

/** The sources that every text has. */
export const CITED_KEYS = ["1", "2"];

/** The page of a text without anything incremental: lexed once, every token drawn once. */
export function reference(text: string, tokens?: Token[]): string {
  const links = Object.create(null) as Links;
  if (tokens === undefined) links[CITED] = new Set(CITED_KEYS);
  const blocks = new Blocks(text.replace(/\r\n?/g, "\n"), links);
  collectDefinitions(tokens ?? blocks.tokens, links, () => {});
  const host = document.createElement("div");
  const nodes = (tokens ?? blocks.tokens).flatMap((token) => blockNode(token, blocks) ?? []);
  for (const node of inParts(nodes, 0)) host.appendChild(create(node));
  return shape(host);
}

/** An element as text, with neighbouring text nodes merged. */
export function shape(node: Node): string {
  if (node.nodeType === 3) return node.nodeValue ?? "";
  const element = node as Element;
  const attrs = Array.from(element.attributes, (a) => ` ${a.name}=${JSON.stringify(a.value)}`)
    .sort()
    .join("");
  const kids = Array.from(element.childNodes, shape).join("");
  return `<${element.localName}${element.classList.contains("pw-md") ? "" : attrs}>${kids}</>`;
}
