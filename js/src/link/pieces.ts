// A message that is too large for a proxy comes in pieces, which are joined before it is read.
import type { PieceMessage } from "../state/wire";
import { guarded } from "./host";

/**
 * Hands on what comes whole, and what came in pieces once all are here. The kernel sends the pieces of
 * one message one after the other; what doesn't go on where the last one ended is no part of it. Where
 * one is lost nothing is handed on: the number of the next change shows it, and what was asked for is
 * asked for again.
 */
export function joining(hear: (message: unknown) => void): (message: unknown) => void {
  let of: unknown;
  let text = "";
  return (said) => {
    const piece = said as PieceMessage | null;
    if (piece?.kind !== "piece") {
      hear(said);
      return;
    }
    if (!piece.at) {
      of = piece.of;
      text = "";
    }
    if (piece.of !== of || piece.at !== text.length) return;
    text += piece.text;
    if (text.length !== piece.size) return;
    hear(guarded(() => JSON.parse(text)));
    text = ""; // it is large
  };
}
