// The ends of a paragraph's lines are kept, as in poems, addresses and steps of a calculation, but
// where it looks wrapped: three or more lines, all but the last of 60 to 100 characters. While it
// grows, what has come of it is taken for all of it: most paragraphs are decided by their first line
// end, and one that was wrapped changes once, when its third line begins. Shown wrapped until then,
// each paragraph of two long lines would change at its end, and of these models write many more.

/** The lines of a paragraph so far: how many are whole, whether one isn't wrapped, the last's length. */
export interface Lines {
  count: number;
  isKept: boolean;
  length: number;
}

export const NO_LINES: Lines = { count: 0, isKept: false, length: 0 };

/** What begins a line of its own: an item with a sign that markdown doesn't know. */
const ITEM = /^\s*[•‣◦▪●○·]/;

/** The lines once `source` has come, after what `from` says. */
export function withLines(source: string, from: Lines): Lines {
  let { count, isKept, length } = from;
  const lines = source.split("\n");
  for (const [i, line] of lines.entries()) {
    if (i) {
      isKept ||= length < 60 || length > 100;
      count++;
      length = 0;
    }
    isKept ||= !length && ITEM.test(line);
    // a line may come in two pieces, the first of which ends between two words
    const begun = length ? line : line.trimStart();
    const shown = i + 1 < lines.length ? begun.trimEnd() : begun;
    length += isKept ? 1 : Array.from(shown).length;
  }
  return { count, isKept, length };
}

export const looksWrapped = ({ count, isKept }: Lines): boolean => count > 1 && !isKept;
