import type { Token, Tokens } from "marked";
import { hiddenTitle, visible } from "../visible";
import { decodeEntities } from "./entities";
import { imageTarget, linkTarget, shortHost, showsHost } from "./links";
import { h, type VElement, type VNode } from "./vdom";

/** Inline tokens as nodes. Neighbouring texts become one node, so that it can grow in place. */
export function inlineNodes(tokens: readonly Token[]): VNode[] {
  const nodes: VNode[] = [];
  let text = "";
  const flush = () => {
    if (text) nodes.push(...textNodes(text));
    text = "";
  };
  for (const token of tokens) {
    const literal = inlineText(token);
    if (literal !== null) {
      text += literal;
      continue;
    }
    flush();
    nodes.push(...element(token));
  }
  flush();
  return nodes;
}

/** A text leaf: what can't be seen becomes a mark. */
export function textNodes(text: string): VNode[] {
  return visible(text).map((part) =>
    typeof part === "string"
      ? { text: part }
      : {
          tag: "span",
          attrs: { class: "pw-hidden-char", title: hiddenTitle(part.code) },
          kids: [{ text: part.code }],
        },
  );
}

/** The text of a token that is only text; raw HTML is text too. */
export function inlineText(token: Token): string | null {
  switch (token.type) {
    case "text":
      return decodeEntities((token as Tokens.Text).text);
    case "escape":
      return (token as Tokens.Escape).text;
    case "strong":
    case "em":
    case "del":
    case "codespan":
    case "br":
    case "link":
    case "image":
    case "checkbox":
      return null;
    default:
      return token.raw;
  }
}

function element(token: Token): VNode[] {
  switch (token.type) {
    case "codespan":
      return [h("code", null, ...textNodes((token as Tokens.Codespan).text))];
    case "br":
      return [h("br")];
    case "link":
      return link(token as Tokens.Link);
    case "image":
      return [image(token as Tokens.Image)];
    case "checkbox":
      return [checkbox((token as Tokens.Checkbox).checked)];
    default:
      return [h(token.type, null, ...inlineNodes((token as Tokens.Generic).tokens ?? []))];
  }
}

/* A glyph and not a form control: nothing in a text may look like a control of the widget. */
function checkbox(checked: boolean): VElement {
  return {
    tag: "span",
    attrs: {
      class: checked ? "pw-task pw-task-done" : "pw-task",
      role: "img",
      "aria-label": checked ? "done" : "not done",
    },
    kids: [{ text: checked ? "☑" : "☐" }],
  };
}

function link(token: Tokens.Link): VNode[] {
  const kids = inlineNodes(token.tokens);
  const target = linkTarget(token.href, token.autolink);
  if (!target) {
    // Not a link we follow: the reader sees what it wanted to be.
    const shown = plainText(token.tokens) === token.href || !token.href;
    return shown ? kids : [...kids, h("span", "pw-link-host", ...textNodes(` (${token.href})`))];
  }
  const nodes: VNode[] = [
    {
      tag: "a",
      attrs: { href: target.href, target: "_blank", rel: "noopener noreferrer nofollow" },
      kids,
    },
  ];
  if (!showsHost(plainText(token.tokens), target.host)) {
    nodes.push(h("span", "pw-link-host", ...textNodes(` (${shortHost(target.host)})`)));
  }
  return nodes;
}

function image(token: Tokens.Image): VElement {
  const target = imageTarget(token.href);
  const alt = plainText(token.tokens) || "image";
  const chip = h(
    "span",
    "pw-img-chip",
    h("span", "pw-img-alt", ...textNodes(alt)),
    h("span", "pw-link-host", ...textNodes(target ? shortHost(target.host) : token.href)),
  );
  if (target) {
    chip.kids.push({
      tag: "button",
      attrs: { type: "button", class: "pw-img-load", "data-src": target.href },
      kids: [{ text: "Load image" }],
    });
  }
  return chip;
}

function plainText(tokens: readonly Token[] | undefined): string {
  let text = "";
  for (const token of tokens ?? []) {
    text +=
      inlineText(token) ??
      (token.type === "codespan"
        ? (token as Tokens.Codespan).text
        : plainText((token as Tokens.Generic).tokens));
  }
  return text;
}
