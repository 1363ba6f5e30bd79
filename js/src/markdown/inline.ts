// Inline tokens as nodes. Neighbouring texts become one node, so that it can grow in place.
import type { Token, Tokens } from "marked";
import { image as imageWord, loadImage, sourceOf } from "../text/words";
import { decodeEntities } from "./entities";
import { shortHost, showsHost, target } from "./links";
import { type Maths, maths } from "./maths";
import { h, textNodes, textOf, type VElement, type VNode } from "./vdom";

export function inlineNodes(tokens: readonly Token[] = []): VNode[] {
  const nodes: VNode[] = [];
  let text = "";
  const flat = tokens.flatMap((token) => (token.type === "window" ? (token.tokens ?? []) : token));
  for (const token of flat) {
    const made = inlineNode(token);
    if (typeof made === "string") {
      text += made;
    } else {
      nodes.push(...textNodes(text), ...made);
      text = "";
    }
  }
  return [...nodes, ...textNodes(text)];
}

/** The nodes of a token, or its text if it is only that; raw HTML is text too. */
function inlineNode(token: Token): string | VNode[] {
  switch (token.type) {
    case "text":
      return decodeEntities(token.text);
    case "escape":
      return token.text;
    case "strong":
    case "em":
    case "del":
      return [h(token.type, {}, inlineNodes(token.tokens))];
    case "codespan":
      return [h("code", {}, token.text)];
    case "br":
      return [h("br")];
    case "link":
      return link(token as Tokens.Link);
    case "image":
      return [image(token as Tokens.Image)];
    case "checkbox":
      return [checkbox(token.checked)];
    case "maths":
      return [maths(token as Maths)];
    case "citation":
      return [badge(token as unknown as Citation)];
    default:
      return token.raw;
  }
}

/* A glyph and not a form control: nothing in a text may look like a control of the widget. */
const checkbox = (done: boolean): VElement =>
  h(
    "span",
    {
      class: done ? "pw-task pw-task-done" : "pw-task",
      role: "img",
      "aria-label": done ? "done" : "not done",
    },
    done ? "☑" : "☐",
  );

const hostNote = (text: string): VElement => h("span", "pw-link-host", text);

function link(token: Tokens.Link): VNode[] {
  const kids = inlineNodes(token.tokens);
  const text = textOf(kids);
  const to = target(token.autolink ? token.href : decodeEntities(token.href));
  if (!to) {
    // Not a link we follow: the reader sees what it wanted to be.
    return !token.href || text === token.href ? kids : [...kids, hostNote(` (${token.href})`)];
  }
  const rel = "noopener noreferrer nofollow";
  const shown = h("a", { href: to.href, target: "_blank", rel }, kids);
  return showsHost(text, to.host) ? [shown] : [shown, hostNote(` (${shortHost(to.host)})`)];
}

/** A mark such as `[1]` of a source of the run. */
interface Citation {
  type: "citation";
  raw: string;
  key: string;
}

/** The mark of a source of the run. */
const badge = ({ key }: Citation): VElement =>
  h(
    "button",
    { type: "button", class: "pw-cite", "aria-label": sourceOf(key), "data-key": key },
    key,
  );

function image(token: Tokens.Image): VElement {
  const to = target(decodeEntities(token.href), true);
  const alt = textOf(inlineNodes(token.tokens)) || imageWord;
  const load = { type: "button", class: "pw-img-load", "data-src": to?.href ?? "" };
  return h(
    "span",
    "pw-img-chip",
    h("span", "pw-img-alt", alt),
    hostNote(to ? shortHost(to.host) : token.href),
    to ? h("button", load, loadImage) : [],
  );
}
