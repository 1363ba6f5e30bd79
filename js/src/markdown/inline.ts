// Inline tokens as nodes.
import type { Token, Tokens } from "marked";
import { image as imageWord, loadImage, sourceOf } from "../text/words";
import { decodeEntities } from "./entities";
import { shortHost, showsHost, type Target, target } from "./links";
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
  const text = textOf(kids);
  const to = target(token.autolink ? token.href : decodeEntities(token.href));
  if (!to) {
    // Not a link we follow: the reader sees what it wanted to be.
    return !token.href || text === token.href ? kids : [...kids, hostNote(` (${token.href})`)];
  }
  const shown = linked(kids, to);
  return showsHost(text, to.host) ? shown : [...shown, hostNote(` (${shortHost(to.host)})`)];
}

const CHIP = "pw-img-chip";

const isChip = (node: VElement): boolean => node.attrs.class === CHIP;

const holdsChip = (node: VNode): boolean =>
  !isText(node) && (isChip(node) || node.kids.some(holdsChip));

/** Nodes as a link. An image has a button, which can't stand in one: there its text is the link. */
function linked(kids: readonly VNode[], to: Target): VNode[] {
  const rel = "noopener noreferrer nofollow";
  const made: VNode[] = [];
  let open: VElement | undefined;
  for (const kid of kids) {
    if (isText(kid) || !holdsChip(kid)) {
      if (!open) {
        open = h("a", { href: to.href, target: "_blank", rel });
        made.push(open);
      }
      open.kids.push(kid);
      continue;
    }
    open = undefined;
    const [alt = kid] = isChip(kid) ? (kid.kids as VElement[]) : [];
    alt.kids = linked(alt.kids, to);
    made.push(kid);
  }
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
    hostNote(to ? shortHost(to.host) : token.href),
    to ? h("button", load, loadImage) : [],
  );
}
