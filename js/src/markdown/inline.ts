// Inline tokens as nodes.
import type { Token, Tokens } from "marked";
import { image as imageWord, loadImage, sourceOf } from "../text/words";
import { decodeEntities } from "./entities";
import { begin, shortHost, showsHost, type Target, target } from "./links";
import { maths } from "./maths";
import { Pieces } from "./tags";
import { h, isText, textOf, type VElement, type VNode } from "./vdom";

export function inlineNodes(tokens: readonly Token[] = []): VNode[] {
  const pieces = new Pieces();
  const flat = tokens.flatMap((token) => (token.type === "window" ? (token.tokens ?? []) : token));
  for (const token of flat) {
    if (token.type === "html") {
      pieces.html(token.raw);
    } else {
      const made = inlineNode(token);
      pieces.add(...(typeof made === "string" ? [made] : made));
    }
  }
  return pieces.nodes();
}

/** The nodes of a token, or its text if it is only that. */
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
      return [maths(token.raw)];
    case "mark":
      return [h("sup", {}, token.label)];
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
  const to = target(decodeEntities(token.href));
  if (to) return linked(kids, to);
  // Not a link we follow: the reader sees what it wanted to be.
  const isSaid = !token.href || token.autolink || textOf(kids) === token.href;
  return isSaid ? kids : [...kids, hostNote(` (${begin(token.href)})`)];
}

const CHIP = "pw-img-chip";

const holdsChip = (node: VNode): boolean =>
  !isText(node) && (node.attrs.class === CHIP || node.kids.some(holdsChip));

/**
 * Nodes as a link that says where it leads. An image has a button, which can't stand in one: it stands
 * before or behind the link. A link that leaves no text has its host for one.
 */
function linked(kids: readonly VNode[], { href, host }: Target): VNode[] {
  const made: VNode[] = [];
  const attrs = { href, target: "_blank", rel: "noopener noreferrer nofollow" };
  let inside: VNode[] = [];
  let isLinked = false;
  const close = () => {
    const text = textOf(inside);
    if (!text.trim()) {
      made.push(...inside);
    } else {
      made.push(h("a", attrs, inside));
      if (!showsHost(text, host)) made.push(hostNote(` (${shortHost(host)})`));
      isLinked = true;
    }
    inside = [];
  };
  for (const kid of kids) {
    if (holdsChip(kid)) {
      close();
      made.push(kid);
    } else {
      inside.push(kid);
    }
  }
  close();
  if (!isLinked) made.push(...(made[0] ? [{ text: " " }] : []), h("a", attrs, shortHost(host)));
  return made;
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
    CHIP,
    h("span", "pw-img-alt", alt),
    hostNote(to ? shortHost(to.host) : begin(token.href)),
    to ? h("button", load, loadImage) : [],
  );
}
