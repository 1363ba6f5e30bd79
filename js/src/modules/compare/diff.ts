// The words in which two answers differ.
import { diffArrays } from "diff";

const MOST_WORDS = 8_000; // of both together
// The library's cost grows with the square of this: answers that differ more have no words in common
// that would be worth a mark.
const MOST_CHANGES = 1_200;

export interface Piece {
  /** Whether it stands in both, in the second alone, or in the first alone. */
  kind: "same" | "added" | "removed";
  text: string;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** Words, and what stands between them: in the scripts that don't part words by spaces too. */
export const wordsOf = (text: string): string[] =>
  Array.from(segmenter.segment(text), ({ segment }) => segment);

/** How the second text differs from the first; null where they are too long or too different. */
export function differences(one: string, other: string): Piece[] | null {
  if (one.length + other.length > MOST_WORDS * 40) return null;
  const [before, after] = [wordsOf(one), wordsOf(other)];
  if (before.length + after.length > MOST_WORDS) return null;
  const found = diffArrays(before, after, { maxEditLength: MOST_CHANGES });
  if (found === undefined) return null;
  return joined(
    found.map(({ value, added, removed }) => ({
      kind: added ? "added" : removed ? "removed" : "same",
      text: value.join(""),
    })),
  );
}

/** Joins changes between which no word is the same: a comma in common tells nobody anything. */
function joined(pieces: readonly Piece[]): Piece[] {
  const made: Piece[] = [];
  let [removed, added] = ["", ""];
  const end = () => {
    if (removed !== "") made.push({ kind: "removed", text: removed });
    if (added !== "") made.push({ kind: "added", text: added });
    [removed, added] = ["", ""];
  };
  for (const [at, { kind, text }] of pieces.entries()) {
    if (kind === "removed") removed += text;
    else if (kind === "added") added += text;
    else if (at > 0 && at < pieces.length - 1 && !/[\p{L}\p{N}]/u.test(text)) {
      removed += text;
      added += text;
    } else {
      end();
      made.push({ kind, text });
    }
  }
  end();
  return made;
}
