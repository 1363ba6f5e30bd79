// marked's lexer, bounded, with formulas and the marks of sources.
import { Lexer, type Token, Tokenizer, type Tokens, type TokensList } from "marked";
import { beforeMark, CJK, maskCjk } from "./cjk";
import { normalized } from "./label";
import {
  beforeBlockMaths,
  beforeMaths,
  blockMaths,
  inlineMaths,
  maskMaths,
  withBars,
} from "./maths";
import { beforeNotes, definition, type Note, noteKey, noteMark } from "./notes";
import { CLOSED, type Open } from "./open";
import { isOpenMark, lengthOf, PLACE, STAND_IN, settledFront } from "./paragraph";
import { closeInline } from "./repair";

/** What references lead to: definitions by their label, and the keys of the sources of the run. */
export type Links = TokensList["links"] & { [CITED]?: ReadonlySet<string> };

/** A symbol, so that no label is taken for it. */
export const CITED = Symbol("cited");

/** Nesting beyond this is shown as plain text: a thousand `>` would overflow the stack. */
const MAX_DEPTH = 40;

/** A table with more is shown as text, and so are its rows beyond that many cells. */
export const MAX_COLUMNS = 200;
const MAX_CELLS = 40_000;

/** Several lines with an underline are a heading up to this length; marked would look through all. */
const MAX_HEADING = 1000;

/** The lines that a definition may take. */
const DEFINITION = /^(?:.*\n){0,15}.*\n?/;

/** Of a footnote, what comes after its first paragraph. */
const NOTE_GOES_ON = /^(?:(?:[ \t]*\n)+(?: {4}|\t)[^\n]*\S[^\n]*(?:\n(?: {4}|\t)[^\n]+)*)+/;

/** Marks of emphasis without an end that are looked after in one window. */
const MAX_LOST = 50;

/** Marks further apart don't pair: a text costs what its length does, whatever is in it. */
const WINDOW = 4096;

/**
 * Where a window ends that has no better place: where a word begins, else between two characters
 * that can't be parts of one sign.
 */
const FORCED = new RegExp(
  `^(?:[^]{2048,3071}?${PLACE}|[^]{3072,}?(?:[!-~](?=[!-~])|\\p{L}(?=\\p{L})))`,
  "u",
);

const ADDRESS_END = new RegExp(
  `\\\\?(?:[\\s<>"\`${CJK}]|(?![!-~])\\p{P}|[\\]}]+[?!.,:;*_~']*(?:\\s|$)|$)`,
  "u",
);

const ESCAPES = /\\(?=[!-/:-@[-`{-~]|$)/g;

/** What marked takes as it is, though its types don't know it. */
const ours = (thing: object | undefined) => thing as never;

class StreamTokenizer extends Tokenizer {
  /**
   * CommonMark: the title of a link reference definition can't hold a blank line. marked lets it,
   * so a quote mark far below could still take back blocks that have settled long ago. It ends within
   * some lines too: one that has no end would be looked for through all of a long list of them.
   */
  override def(src: string): Tokens.Def | undefined {
    const [lines = ""] = /^ {0,3}\[(?!\^)/.test(src) ? (DEFINITION.exec(src) ?? []) : [];
    return lines ? super.def(lines.replace(/\n[ \t]*\n.*/s, "\n")) : undefined;
  }

  /** marked calls this first on a line that isn't indented code. */
  override fences(src: string): Tokens.Code | undefined {
    return ours(blockMaths(src, this.#grows) ?? this.#note(src)) ?? super.fences(src);
  }

  /** A footnote: a paragraph, and what stands indented below it. */
  #note(src: string): Note | undefined {
    const [mark = "", label = ""] = definition(src) ?? [];
    if (!mark) return;
    // what follows the mark can't begin a block
    const rest = `${STAND_IN}${src.slice(mark.length)}`;
    const end = mark.length + this.#paragraphEnd(rest) - STAND_IN.length;
    const text = src.slice(mark.length, end).trim();
    const [more = ""] = NOTE_GOES_ON.exec(src.slice(end)) ?? [];
    const tokens = this.lexer.inline(text);
    const blocks = more ? this.lexer.blockTokens(more.replace(/^(?: {4}|\t)/gm, ""), []) : [];
    return { type: "note", raw: src.slice(0, end) + more, label, text, tokens, blocks };
  }

  /** Whether more of the text may come, and how deep what is lexed is nested. */
  mayGrow = false;
  depth = 0;

  /** What is nested may have ended: there a formula without an end is text at once. */
  get #grows(): boolean {
    return this.mayGrow && this.depth === 1;
  }

  /** HTML is text like any other, with markdown in it. */
  override html(): undefined {}

  override lheading(src: string): Tokens.Heading | undefined {
    const twoLines = src.indexOf("\n", src.indexOf("\n") + 1) + 1 || src.length;
    const text = src.slice(0, Math.max(MAX_HEADING - this.gone, twoLines));
    this.gone = 0;
    const token = super.lheading(beforeOurs(text, this.#grows));
    // an underline may go on behind the cut
    const isCut = token?.raw === text && text !== src && !text.endsWith("\n");
    return isCut ? undefined : token;
  }

  /** Rows of the table, or characters of the paragraph, at the start that have settled. */
  gone = 0;

  /** marked fills up every row: a short text of short rows would be millions of cells. */
  override table(src: string): Tokens.Table | undefined {
    const columns = /^.*\n(.*)/.exec(src)?.[1]?.match(/-+/g)?.length ?? 0;
    if (!columns || columns > MAX_COLUMNS) return;
    let end = 0;
    let rows = MAX_CELLS / columns + 2 - this.gone;
    do end = src.indexOf("\n", end) + 1;
    while (end && --rows > 0);
    this.gone = 0;
    const lines = (end ? src.slice(0, end) : src).split("\n");
    const token = super.table(
      lines.map((line, i) => (i > 1 ? withBars(line, columns) : line)).join("\n"),
    );
    const count = token?.raw.split("\n").length;
    return token && { ...token, raw: lines.slice(0, count).join("\n") };
  }

  /** How many marks of emphasis in the window have no end. */
  lost = 0;

  /** marked looks for the end of each up to the end of the text. */
  #pairs<T>(src: string, before: string, look: () => T | undefined): T | undefined {
    if (this.lost > MAX_LOST) return;
    const token = look();
    if (!token && /^[*_~]/.test(src) && isOpenMark(src, before)) this.lost++;
    return token;
  }

  override emStrong(
    src: string,
    masked: string,
    before = "",
  ): Tokens.Em | Tokens.Strong | undefined {
    return this.#pairs(src, before, () => super.emStrong(src, masked, beforeMark(src, before)));
  }

  override del(src: string, masked: string, before = ""): Tokens.Del | undefined {
    // One `~` stands for "about", or between two numbers.
    if (!/^~~(?!~)/.test(src)) return;
    return this.#pairs(src, before, () => super.del(src, masked, beforeMark(src, before)));
  }

  /** An address ends where another script's marks or a text without blanks begin, and before what closes. */
  override url(src: string): Tokens.Link | undefined {
    // The end is looked for only where one may begin: brackets by the thousand would cost seconds.
    const token =
      /^(?:www|[\w.+-]+[@:])/i.test(src) && super.url(src.slice(0, src.search(ADDRESS_END)));
    if (!token) return;
    // a model writes `\_` there too
    for (const part of [token, ...token.tokens] as Tokens.Link[]) {
      part.text = part.text.replace(ESCAPES, "");
      part.href = part.href?.replace(ESCAPES, "");
    }
    return token;
  }

  override paragraph(src: string): Tokens.Paragraph | undefined {
    return super.paragraph(src.slice(0, this.#paragraphEnd(src)));
  }

  /** Where the paragraph that a text starts with ends. */
  #paragraphEnd(src: string): number {
    const [raw = ""] = this.rules.block.paragraph.exec(src) ?? [];
    const mayHold = /\n {0,3}(?:\$\$|\\\[|\\begin|\[\^)/.test(raw);
    return mayHold ? Math.min(raw.length, beforeOurs(src, this.#grows).length) : raw.length;
  }

  /** Tags are text: marked would note an open `<a>`, and make no links any more. */
  override tag(src: string): Tokens.Tag | undefined {
    const { inLink } = this.lexer.state;
    const token = super.tag(src);
    this.lexer.state.inLink = inLink;
    return token;
  }

  /** marked calls this first at each place in a line. */
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
    // What isn't a link may be the mark of a note or a source; a button can't stand in a link.
    if (token?.type !== "text" || this.lexer.state.inLink) return token;
    const [mark = "", note = ""] = noteMark(src) ?? [];
    if (mark && links[noteKey(normalized(note))]) {
      return ours({ type: "mark", raw: mark, label: note });
    }
    const [raw, label = ""] = /^\[([^[\]\\]{1,100})\]/.exec(src) ?? [];
    const key = normalized(label);
    return links[CITED]?.has(key) ? ours({ type: "citation", raw, key }) : token;
  }
}

/** The lines of a text before a block that only this project knows, which interrupts them. */
const beforeOurs = (src: string, grows: boolean): string =>
  beforeNotes(beforeBlockMaths(src, grows));

class BoundedLexer extends Lexer {
  /** The inline text that is being lexed; marked masks it before it lexes what is in it. */
  #source = "";

  constructor(readonly stream = new StreamTokenizer()) {
    const hooks = { emStrongMask: (masked: string) => maskCjk(maskMaths(this.#source, masked)) };
    super({ gfm: true, silent: true, tokenizer: stream, hooks: ours(hooks) });
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
    if (this.stream.depth >= MAX_DEPTH) {
      tokens.push(plain(src));
      this.state.top = true;
      return tokens;
    }
    this.stream.depth++;
    try {
      return lex();
    } finally {
      this.stream.depth--;
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
  /** The inline run that the text ends with, while more may come. */
  end: Token[] | undefined;

  /**
   * `links`: definitions that have settled; those found in `src` count once they settle too.
   * `open`: what has settled of the block that `src` goes on with. `mayGrow`: whether more may come.
   */
  constructor(src: string, links: Links, open: Open = CLOSED, mayGrow = false) {
    this.#links = links;
    this.#lexer.stream.mayGrow = mayGrow;
    if (open.front) this.#lexer.stream.gone = open.front.length - STAND_IN.length;
    else if (open.type === "table") this.#lexer.stream.gone = open.count;
    try {
      this.tokens = this.#lexer.blockTokens(src, this.#lexer.tokens);
      for (const run of this.#lexer.inlineQueue) this.sources.set(run.tokens, run.src);
      const [run] = this.#lexer.inlineQueue;
      if (run && open.front) this.sources.set(run.tokens, run.src.slice(STAND_IN.length));
    } catch {
      // A fault in the grammar must not cost the reader the text.
      this.tokens = [plain(src)];
    }
  }

  inline(run: Token[]): Token[] {
    const src = this.sources.get(run);
    this.sources.delete(run);
    if (src !== undefined) lexInline(src, this.#links, run, this.#lexer, run === this.end);
    return run;
  }
}

/** Lexes one inline run, a long one by windows; `isEnd` while more of it may come. */
export function lexInline(
  src: string,
  links: Links,
  run: Token[] = [],
  on = new BoundedLexer(),
  isEnd = false,
): Token[] {
  on.tokens.links = links;
  let rest = src;
  while (rest.length > WINDOW) {
    const window = rest.slice(0, WINDOW);
    const front = settledFront(window, lexWindow(window, on));
    if (!front.length) {
      const [raw] = FORCED.exec(rest) ?? [];
      if (!raw) break;
      front.push({ type: "window", raw, tokens: lexWindow(raw, on) });
    }
    run.push(...front);
    rest = rest.slice(lengthOf(front));
  }
  run.push(...lexWindow(isEnd ? closeInline(rest) : rest, on));
  return run;
}

function lexWindow(src: string, on: BoundedLexer): Token[] {
  // marked carries an unclosed <a> over into every later block, where it would stop autolinks.
  Object.assign(on.state, { inLink: false, inRawBlock: false });
  on.stream.lost = 0;
  try {
    return on.inlineTokens(src);
  } catch {
    return [plain(src)];
  }
}

/** Every label that an inline run might look up, normalized as marked does. */
export const labelsIn = (src: string): string[] =>
  Array.from(src.matchAll(/\[((?:\\.|[^[\]\\]){1,999})\]/gs), ([, label = ""]) =>
    normalized(label),
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
    } else if (token.type === "note") {
      const label = normalized(token.label);
      if (noteKey(label) in links) continue;
      links[noteKey(label)] = { href: "", title: "" };
      found(`^${label}`);
      collectDefinitions(token.blocks, links, found);
    } else if (token.type === "list") {
      collectDefinitions(token.items, links, found);
    } else if (/^(?:blockquote|list_item)$/.test(token.type)) {
      collectDefinitions((token as Tokens.Generic).tokens ?? [], links, found);
    }
  }
}
