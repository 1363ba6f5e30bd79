import { Lexer, type Token, Tokenizer, type Tokens, type TokensList } from "marked";

export type Links = TokensList["links"];

/** Nesting beyond this is shown as plain text: a thousand `>` would overflow the stack. */
export const MAX_DEPTH = 40;

class StreamTokenizer extends Tokenizer {
  /**
   * CommonMark: the title of a link reference definition can't hold a blank line. marked lets it,
   * so a quote mark far below could still take back blocks that have settled long ago.
   */
  override def(src: string): Tokens.Def | undefined {
    if (!/^ {0,3}\[/.test(src)) return undefined;
    const blank = src.search(/\n[ \t]*\n/);
    return super.def(blank < 0 ? src : src.slice(0, blank + 1));
  }
}

class BoundedLexer extends Lexer {
  private depth = 0;
  private inlineDepth = 0;

  override blockTokens(src: string, tokens?: Token[], clipped?: boolean): Token[];
  override blockTokens(src: string, tokens?: TokensList, clipped?: boolean): TokensList;
  override blockTokens(src: string, tokens: Token[] = [], clipped = false): Token[] {
    if (this.depth >= MAX_DEPTH) {
      tokens.push({ type: "text", raw: src, text: src, tokens: [plain(src)] });
      this.state.top = true;
      return tokens;
    }
    this.depth++;
    try {
      return super.blockTokens(src, tokens, clipped);
    } finally {
      this.depth--;
    }
  }

  override inlineTokens(src: string, tokens: Token[] = []): Token[] {
    if (this.inlineDepth >= MAX_DEPTH) {
      tokens.push(plain(src));
      return tokens;
    }
    this.inlineDepth++;
    try {
      return super.inlineTokens(src, tokens);
    } finally {
      this.inlineDepth--;
    }
  }
}

const plain = (text: string): Tokens.Text => ({ type: "text", raw: text, text, escaped: true });

const lexer = (): BoundedLexer =>
  new BoundedLexer({ gfm: true, silent: true, tokenizer: new StreamTokenizer() });

/** What one block pass found. Inline text is lexed when it is asked for. */
export class Blocks {
  readonly tokens: Token[];
  private readonly sources = new Map<Token[], string>();
  private readonly done = new Set<Token[]>();
  private readonly lexer: BoundedLexer;

  constructor(
    src: string,
    /** Definitions that have settled; those found in `src` count once they settle too. */
    readonly links: Links,
  ) {
    this.lexer = lexer();
    try {
      this.tokens = this.lexer.blockTokens(src, this.lexer.tokens);
      for (const entry of this.lexer.inlineQueue) this.sources.set(entry.tokens, entry.src);
    } catch {
      // A fault in the grammar must not cost the reader the text.
      this.tokens = [{ type: "paragraph", raw: src, text: src, tokens: [plain(src)] }];
    }
  }

  /** The markdown an inline run was made of, if it was lexed from source at all. */
  source(run: Token[]): string | undefined {
    return this.sources.get(run);
  }

  /** Shows another text for a run that isn't lexed yet (the repaired one). */
  replace(run: Token[], src: string): void {
    this.sources.set(run, src);
  }

  inline(run: Token[]): Token[] {
    const src = this.sources.get(run);
    if (src === undefined || this.done.has(run)) return run;
    this.done.add(run);
    return lexRun(this.lexer, src, this.links, run);
  }
}

/** Lexes one inline run by itself. */
export function lexInline(src: string, links: Links): Token[] {
  return lexRun(lexer(), src, links, []);
}

function lexRun(on: BoundedLexer, src: string, links: Links, run: Token[]): Token[] {
  on.tokens.links = links;
  // marked carries an unclosed <a> over into every later block, where it would stop autolinks.
  on.state.inLink = false;
  on.state.inRawBlock = false;
  try {
    return on.inlineTokens(src, run);
  } catch {
    run.push(plain(src));
    return run;
  }
}

/** The key under which a label's definition is found: marked's own folding. */
export const labelKey = (label: string): string =>
  label.trim().replace(/\s+/g, " ").toLowerCase().toUpperCase().toLowerCase();

/** Every label that an inline run might look up. */
export function labelsIn(src: string): string[] {
  if (!src.includes("[")) return [];
  return Array.from(src.matchAll(/\[((?:\\[\s\S]|[^[\]\\]){1,999})\]/g), (m) =>
    labelKey(m[1] ?? ""),
  );
}

/** Adds the definitions below `tokens`, in reading order; the first of a label wins. */
export function collectDefinitions(
  tokens: Iterable<Token>,
  links: Links,
  found: (key: string) => void,
): void {
  for (const token of tokens) {
    if (token.type === "def") {
      const def = token as Tokens.Def;
      if (Object.hasOwn(links, def.tag)) continue;
      links[def.tag] = { href: def.href, title: def.title };
      found(def.tag);
    } else if (token.type === "list") {
      collectDefinitions((token as Tokens.List).items, links, found);
    } else if (token.type === "blockquote" || token.type === "list_item") {
      collectDefinitions(token.tokens ?? [], links, found);
    }
  }
}
