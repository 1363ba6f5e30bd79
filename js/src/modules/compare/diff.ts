// The words in which two answers differ.
import { diffArrays } from "diff";

const MOST_WORDS = 8_000; // of both together
const MOST_CHARACTERS = 12 * MOST_WORDS;
// The library's cost grows with the square of these: what differs less is compared at once, in some
// 25 ms; what differs more in steps, between which the page is free; of answers that differ even more
// hardly a word is the same, and marks tell nobody anything.
const CHANGES_AT_ONCE = 600;
const MOST_CHANGES = 1_000;

export interface Piece {
  /** Whether it stands in both, in the second alone, or in the first alone. */
  kind: "same" | "added" | "removed";
  text: string;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });
// The segmenter's cost grows with the square of a text's length, so that it gets a little at a time.
const STRETCHES = /\s+|\S{1,128}/gu;
const PLAIN = /^(?:\s+|[\da-z]+)$/i;

/**
 * Words, and what stands between them: in the scripts that don't part words by spaces too.
 *
 * @param most how many at most; with one more it stops.
 */
export function wordsOf(text: string, most = Infinity): string[] {
  const words: string[] = [];
  for (const [stretch] of text.matchAll(STRETCHES)) {
    if (PLAIN.test(stretch)) words.push(stretch);
    else for (const { segment } of segmenter.segment(stretch)) words.push(segment);
    if (words.length > most) break;
  }
  return words;
}

/**
 * How the second text differs from the first; null where they are too long or too different.
 *
 * It takes a task of its own, so that those of several sides don't come together.
 */
export async function differences(one: string, other: string): Promise<Piece[] | null> {
  if (one.length + other.length > MOST_CHARACTERS) return null;
  await new Promise((go) => setTimeout(go));
  const before = wordsOf(one, MOST_WORDS);
  const after = wordsOf(other, MOST_WORDS);
  if (before.length + after.length > MOST_WORDS) return null;
  const found =
    diffArrays(before, after, { maxEditLength: CHANGES_AT_ONCE }) ??
    (await new Promise<ReturnType<typeof diffArrays<string>> | undefined>((callback) =>
      diffArrays(before, after, { maxEditLength: MOST_CHANGES, callback }),
    ));
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
