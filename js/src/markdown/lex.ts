import { Lexer, type Token, Tokenizer, type Tokens, type TokensList } from "marked";

export type Links = TokensList["links"];

/** Nesting beyond this is shown as plain text: a thousand `>` would overflow the stack. */
const MAX_DEPTH = 40;

class StreamTokenizer extends Tokenizer {
  /**
   * CommonMark: the title of a link reference definition can't hold a blank line. marked lets it,
   * so a quote mark far below could still take back blocks that have settled long ago.
   */
  override def(src: string): Tokens.Def | undefined {
    return /^ {0,3}\[/.test(src) ? super.def(src.replace(/\n[ \t]*\n.*/s, "\n")) : undefined;
  }
}

class BoundedLexer extends Lexer {
  #depth = 0;

  override blockTokens(src: string, tokens?: Token[], clipped?: boolean): Token[];
  override blockTokens(src: string, tokens?: TokensList, clipped?: boolean): TokensList;
  override blockTokens(src: string, tokens: Token[] = [], clipped = false): Token[] {
    return this.#bounded(src, tokens, () => super.blockTokens(src, tokens, clipped));
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
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

const lexer = (): BoundedLexer =>
  new BoundedLexer({ gfm: true, silent: true, tokenizer: new StreamTokenizer() });

/** What one block pass found. Inline text is lexed when it is asked for. */
export class Blocks {
  readonly tokens: Token[] = [];
  /** The markdown of the inline runs that aren't lexed yet. */
  readonly sources = new Map<Token[], string>();
  readonly #links: Links;
  readonly #lexer = lexer();

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
export function lexInline(src: string, links: Links, run: Token[] = [], on = lexer()): Token[] {
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
  Array.from(src.matchAll(/\[((?:\\.|[^[\]\\]){1,999})\]/gs), ([, label = ""]) =>
    label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase().toLowerCase(),
  );

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
