import { Lexer, type Token, Tokenizer, type Tokens, type TokensList } from "marked";
import { fold } from "./fold";
import { beforeBlockMaths, beforeMaths, blockMaths, inlineMaths, maskMaths } from "./maths";

/** What references lead to: definitions by their label, and the keys of the sources of the run. */
export type Links = TokensList["links"] & { [CITED]?: ReadonlySet<string> };

/** A symbol, so that no label is taken for it. */
export const CITED = Symbol("cited");

/** A mark such as `[1]` of a source of the run. */
export interface Citation {
  type: "citation";
  raw: string;
  key: string;
}

/** Nesting beyond this is shown as plain text: a thousand `>` would overflow the stack. */
const MAX_DEPTH = 40;

/** What marked takes as it is, though its types don't know it. */
const ours = (thing: object | undefined) => thing as never;

class StreamTokenizer extends Tokenizer {
  /**
   * CommonMark: the title of a link reference definition can't hold a blank line. marked lets it,
   * so a quote mark far below could still take back blocks that have settled long ago.
   */
  override def(src: string): Tokens.Def | undefined {
    return /^ {0,3}\[/.test(src) ? super.def(src.replace(/\n[ \t]*\n.*/s, "\n")) : undefined;
  }

  /** The first that is asked about a line that isn't indented code. */
  override fences(src: string): Tokens.Code | undefined {
    return ours(blockMaths(src)) ?? super.fences(src);
  }

  override lheading(src: string): Tokens.Heading | undefined {
    return super.lheading(beforeBlockMaths(src));
  }

  override paragraph(src: string): Tokens.Paragraph | undefined {
    return super.paragraph(beforeBlockMaths(src));
  }

  /** The first that is asked about a place in a line. */
  override escape(src: string): Tokens.Escape | undefined {
    return ours(inlineMaths(src)) ?? super.escape(src);
  }

  override inlineText(src: string): Tokens.Text | undefined {
    const token = super.inlineText(src);
    const end = token && beforeMaths(token.raw, src);
    return token && end !== token.raw.length ? super.inlineText(src.slice(0, end)) : token;
  }

  override reflink(
    src: string,
    links: Links,
  ): Tokens.Link | Tokens.Image | Tokens.Text | undefined {
    const token = super.reflink(src, links);
    // What isn't a link may be the mark of a source; a button can't stand in a link.
    if (token?.type !== "text" || this.lexer.state.inLink) return token;
    const [raw, label = ""] = /^\[([^[\]\\]{1,100})\]/.exec(src) ?? [];
    const key = fold(label);
    return links[CITED]?.has(key) ? ours({ type: "citation", raw, key }) : token;
  }
}

class BoundedLexer extends Lexer {
  #depth = 0;
  /** The inline text that is being lexed; marked masks it before it lexes what is in it. */
  #source = "";

  constructor() {
    const hooks = { emStrongMask: (masked: string) => maskMaths(this.#source, masked) };
    super({ gfm: true, silent: true, tokenizer: new StreamTokenizer(), hooks: ours(hooks) });
  }

  override blockTokens(src: string, tokens?: Token[], clipped?: boolean): Token[];
  override blockTokens(src: string, tokens?: TokensList, clipped?: boolean): TokensList;
  override blockTokens(src: string, tokens: Token[] = [], clipped = false): Token[] {
    return this.#bounded(src, tokens, () => super.blockTokens(src, tokens, clipped));
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    this.#source = src;
    return this.#bounded(src, tokens, () => super.inlineTokens(src, tokens));
  }

  #bounded(src: string, tokens: Token[], lex: () => Token[]): Token[] {
    if (this.#depth >= MAX_DEPTH) {
      tokens.push(plain(src));
      this.state.top = true;
      return tokens;
    }
    this.#depth++;
    try {
      return lex();
    } finally {
      this.#depth--;
    }
  }
}

/** A token for what isn't lexed, as a block and as inline text. */
const plain = (raw: string): Tokens.Text => {
  const text: Tokens.Text = { type: "text", raw, text: raw };
  return { ...text, tokens: [text] };
};

/** What one block pass found. Inline text is lexed when it is asked for. */
export class Blocks {
  readonly tokens: Token[] = [];
  /** The markdown of the inline runs that aren't lexed yet. */
  readonly sources = new Map<Token[], string>();
  readonly #links: Links;
  readonly #lexer = new BoundedLexer();

  /** `links`: definitions that have settled; those found in `src` count once they settle too. */
  constructor(src: string, links: Links) {
    this.#links = links;
    try {
      this.tokens = this.#lexer.blockTokens(src, this.#lexer.tokens);
      for (const run of this.#lexer.inlineQueue) this.sources.set(run.tokens, run.src);
    } catch {
      // A fault in the grammar must not cost the reader the text.
      this.tokens = [plain(src)];
    }
  }

  inline(run: Token[]): Token[] {
    const src = this.sources.get(run);
    this.sources.delete(run);
    return src === undefined ? run : lexInline(src, this.#links, run, this.#lexer);
  }
}

/** Lexes one inline run. */
export function lexInline(
  src: string,
  links: Links,
  run: Token[] = [],
  on = new BoundedLexer(),
): Token[] {
  on.tokens.links = links;
  // marked carries an unclosed <a> over into every later block, where it would stop autolinks.
  Object.assign(on.state, { inLink: false, inRawBlock: false });
  try {
    return on.inlineTokens(src, run);
  } catch {
    run.splice(0, run.length, plain(src));
    return run;
  }
}

/** Every label that an inline run might look up, folded as marked does. */
export const labelsIn = (src: string): string[] =>
  Array.from(src.matchAll(/\[((?:\\.|[^[\]\\]){1,999})\]/gs), ([, label = ""]) => fold(label));

/** Adds the definitions below `tokens`, in reading order; the first of a label wins. */
export function collectDefinitions(
  tokens: Iterable<Token>,
  links: Links,
  found: (label: string) => void,
): void {
  for (const token of tokens) {
    if (token.type === "def") {
      const { tag, href, title } = token as Tokens.Def;
      if (tag in links) continue;
      links[tag] = { href, title };
      found(tag);
    } else if (token.type === "list") {
      collectDefinitions(token.items, links, found);
    } else if (/^(?:blockquote|list_item)$/.test(token.type)) {
      collectDefinitions((token as Tokens.Generic).tokens ?? [], links, found);
    }
  }
}
