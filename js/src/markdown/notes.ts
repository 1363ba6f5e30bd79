// Footnotes and alerts, as GitHub has them: a note stays where it is written, under its own label.
import type { Token } from "marked";

/** A footnote as marked's lexer has it. */
export interface Note {
  type: "note";
  raw: string;
  /** What it is called in the text. */
  label: string;
  text: string;
  tokens: Token[];
  /** What follows its first paragraph. */
  blocks: Token[];
}

const LABEL = "\\[\\^([^\\]\\[\\s]{1,100})\\]";
const DEFINITION = new RegExp(`^ {0,3}${LABEL}:[ \\t]*`);
const LATER = new RegExp(`\\n {0,3}${LABEL}:`);
const REFERENCE = new RegExp(`^${LABEL}`);

/** The label and the length of what a definition begins with. */
export const definition = (src: string): [raw: string, label?: string] | null =>
  DEFINITION.exec(src) as [string, string] | null;

/** The lines of a text before a definition, which interrupts them. */
export function beforeNotes(src: string): string {
  const at = LATER.exec(src)?.index ?? -1;
  return at < 0 ? src : src.slice(0, at + 1);
}

/** The mark of a note that a text starts with: all of it, and the label. */
export const noteMark = (src: string): [raw: string, label: string] | null =>
  REFERENCE.exec(src) as [string, string] | null;

/** What the label of a note is among the labels of links, none of which has a line end. */
export const noteKey = (label: string): string => `\n${label}`;

/** The mark that makes an alert of a quotation, and its kind. */
export const alert = (text: string): [mark: string, kind: string] | null =>
  /^\[!(note|tip|important|warning|caution)\][ \t]*(?:\n|$)/i.exec(text) as [string, string] | null;
