// A message that is too large for a proxy comes in pieces, which are joined before it is read.
import type { PieceMessage } from "../state/wire";

/**
 * Hands on what comes whole, and what came in pieces once all are here. The kernel sends the pieces of
 * one message one after the other; what doesn't go on where the last one ended is no part of it. Where
 * one is lost nothing is handed on: the number of the next change shows it, and what was asked for is
 * asked for again.
 */
export const joining = (hear: (message: unknown) => void): ((message: unknown) => void) => {
  let text = "";
  let id: unknown;
  return (said) => {
    const message = said as PieceMessage | null;
    if (message?.kind !== "piece") {
      hear(said);
      return;
    }
    if (message.index === 0) {
      id = message.id;
      text = "";
    }
    if (message.id !== id || message.index !== text.length) return;
    text += message.text;
    if (text.length === message.size) {
      hear(JSON.parse(text));
      text = ""; // it is large
    }
  };
};
