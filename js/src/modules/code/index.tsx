// Colours listings, in texts and on cards.
import { useLayoutEffect, useRef } from "preact/hooks";
import { Visible } from "../../core";
import { originalText } from "../../markdown/controls";
import type { DrawElement } from "../../view/rich";
import { addSheet } from "../../view/sheet";
import { type Grammar, grammar } from "./languages";
import { Listing } from "./listing";
import { keepingSelection } from "./selection";
import codeCss from "./style.css?inline";

const LONGEST = 200_000; // characters of a listing: what stands behind them stays plain

/** The parts of listings that are drawn here, and how many characters stand before each. */
const listings = new WeakMap<Element, { listing: Listing; before: number }>();

/** Colours a part of a listing in a text: it goes on in the state that the part before it ended in. */
export const draw: DrawElement = (part, drawers) => {
  const block = part.closest(".pw-code");
  const language = grammar(block?.firstChild?.firstChild?.textContent ?? "");
  const last = part.previousElementSibling;
  const known = last === null ? undefined : listings.get(last);
  // The part before this one is plain: so is what follows.
  if (language === undefined || (last !== null && known === undefined)) return;
  const before = known === undefined ? 0 : known.before + (last?.textContent?.length ?? 0);
  if (before > LONGEST) return;
  addSheet(part, codeCss);
  const text = originalText(part);
  keepingSelection(part, () => {
    const listing = new Listing(part, language, known?.listing.end);
    listing.draw(text);
    listings.set(part, { listing, before });
    drawers.set(part, (grown) => listing.draw(grown));
  });
};

interface Props {
  text: string;
  /** The language, by any of its names. */
  language: string;
}

/** Code on a card, with a mark for every character that can't be seen. */
export function Colours({ text, language }: Props) {
  const known = text.length > LONGEST ? undefined : grammar(language);
  return known === undefined ? (
    <Visible text={text} most={text.length} />
  ) : (
    <Coloured text={text} grammar={known} />
  );
}

function Coloured({ text, grammar: known }: { text: string; grammar: Grammar }) {
  const host = useRef<HTMLElement>(null);
  const listing = useRef<Listing | null>(null);
  useLayoutEffect(() => {
    const code = host.current as HTMLElement;
    addSheet(code, codeCss);
    listing.current = new Listing(code, known, undefined, true);
  }, [known]);
  useLayoutEffect(() => listing.current?.draw(text), [text, known]);
  return <code ref={host} />;
}
