// A listing, or a part of one, whose tokens are coloured as it grows: a line is read once it is
// whole, and the open one again whenever it grows, so the cost doesn't depend on what stands above.
import { textWithMarks } from "../../text/marks";
import { visible } from "../../text/visible";
import type { Grammar } from "./languages";
import { copy, start, type Token, tokens } from "./tokens";

/** A piece of the line that may still grow, as it stands in the page. */
interface Shown extends Token {
  node: Text | HTMLElement;
}

export class Listing {
  readonly #host: HTMLElement;
  readonly #grammar: Grammar;
  readonly #isStrict: boolean;
  /** The state before the first line. */
  readonly #from: unknown;
  /** The state before the open line. */
  #before: unknown;
  #text = "";
  /** Where the open line begins. */
  #line = 0;
  #shown: Shown[] = [];

  constructor(host: HTMLElement, grammar: Grammar, from = start(grammar), isStrict = false) {
    this.#host = host;
    this.#grammar = grammar;
    this.#from = from;
    this.#isStrict = isStrict;
    this.#before = copy(grammar, from);
    host.replaceChildren();
  }

  /** The state behind the text, which ends with a whole line. */
  get end(): unknown {
    return copy(this.#grammar, this.#before);
  }

  draw(text: string): void {
    if (!text.startsWith(this.#text.slice(0, this.#line))) {
      this.#host.replaceChildren();
      this.#before = copy(this.#grammar, this.#from);
      this.#line = 0;
      this.#shown = [];
    }
    this.#text = text;
    for (;;) {
      const end = text.indexOf("\n", this.#line);
      if (end < 0) break;
      this.#show(tokens(this.#grammar, text.slice(this.#line, end), this.#before), true);
      this.#shown = [];
      this.#line = end + 1;
    }
    const open = text.slice(this.#line);
    this.#show(open === "" ? [] : tokens(this.#grammar, open, copy(this.#grammar, this.#before)));
  }

  /** Makes the open line look like these tokens; what is as it was stays, and a selection in it. */
  #show(line: Token[], isWhole = false): void {
    let same = 0;
    while (same < line.length && isSame(this.#shown[same], line[same])) same++;
    const [grown, was] = [line[same], this.#shown[same]];
    if (grown && was && grow(was, grown)) same++;
    for (const { node } of this.#shown.splice(same)) node.remove();
    for (const token of line.slice(same)) {
      const node = this.#node(token);
      this.#host.append(node);
      this.#shown.push({ ...token, node });
    }
    if (isWhole) this.#host.append("\n");
  }

  #node({ text, kind }: Token): Text | HTMLElement {
    const parts = textWithMarks(text, { strict: this.#isStrict });
    if (kind === "" && parts.length === 1 && parts[0] === text)
      return document.createTextNode(text);
    const span = document.createElement("span");
    if (kind !== "") span.className = `pw-t-${kind}`;
    span.append(...parts);
    return span;
  }
}

const isSame = (a?: Token, b?: Token): boolean => a?.text === b?.text && a?.kind === b?.kind;

/** Lets a token grow in place, where that is all that has become of it. */
function grow(was: Shown, { text, kind }: Token): boolean {
  const { node } = was;
  const end = node instanceof Text ? node : node.lastChild;
  const isIn = kind === was.kind && text.startsWith(was.text) && end instanceof Text;
  // A mark beside the seam could change what is one.
  if (!isIn || node.childNodes.length > 1 || visible(text, { strict: true }).length > 1)
    return false;
  end.appendData(text.slice(was.text.length));
  was.text = text;
  return true;
}
