// What a request for approval says, in the pieces that a person is shown.
import type { ToggleKey } from "../state/events";
import type { ApprovalPart } from "../state/wire";
import { languageOf } from "../text/glance";
import { countOf, isScalar, type Json, parseJson, pretty } from "../text/json";
import { MOST_LENGTH, MOST_MARKS, visible } from "../text/visible";

const SHORT = 80; // characters of a name or a key that are shown without being opened
const LONG = 1_200; // of a value or a message
const LINES = 24;
const BESIDE = 120; // characters that fit beside their key
const TOO_LONG = MOST_LENGTH; // characters that nobody reads in a cell
const TOO_MANY = MOST_MARKS / 2; // arguments, or marks for characters that can't be seen

/** A text of a request. What is beyond `cut` is shown once a person opens it. */
export interface Piece {
  id: ToggleKey;
  text: string;
  cut: number;
  /** A name, JSON whose keys are names, or neither. */
  kind: "name" | "json" | "text";
}

export interface Argument {
  key: Piece;
  value: Piece;
  kind: Json["kind"];
  /** How many items or keys a nested value has. */
  count: number;
  /** Whether the value stands under its key, in a box. */
  isTall: boolean;
}

/** All that a request says, in the pieces in which it is shown. */
export interface Request {
  name: Piece;
  message: Piece;
  /** Null where the arguments aren't an object: then `whole` is their text. */
  args: Argument[] | null;
  whole: Piece;
  isTooLarge: boolean;
}

const STRICT = { strict: true };
const known = new WeakMap<ApprovalPart, Request>();

/** Reads a request; its texts never change once it is there. */
export function readRequest(part: ApprovalPart): Request {
  const before = known.get(part);
  if (before !== undefined) return before;
  const { arguments: source, digest, withheld } = part;
  const piece = (name: string, text: string, most = LONG, kind: Piece["kind"] = "text"): Piece => ({
    id: `piece/${digest}/${name}`,
    text,
    cut: cutOf(text, most),
    kind,
  });
  const isLong =
    withheld !== null || source.length + part.tool_name.length + part.message.length > TOO_LONG;
  const json = isLong ? null : parseJson(source, TOO_LONG);
  const entries = json?.kind === "object" ? json.entries : source.trim() === "" ? [] : null;
  const request: Request = {
    name: piece("name", part.tool_name, SHORT, "name"),
    message: piece("message", part.message),
    args:
      entries?.map(([key, value], index) => ({
        key: piece(`key/${index}`, key, SHORT, "name"),
        value: piece(
          `value/${index}`,
          written(key, value),
          LONG,
          value.kind === "text" ? "text" : "json",
        ),
        kind: value.kind,
        count: countOf(value),
        isTall: isTall(key, value),
      })) ?? null,
    whole: piece("whole", json ? pretty(json) : source, LONG, json ? "json" : "text"),
    isTooLarge: false,
  };
  const texts = [request.name, request.message, ...textsOf(request)];
  // Each mark is an element, and many thousands of them stop the page.
  const marks = () => texts.reduce((sum, each) => sum + marksIn(each), 0);
  request.isTooLarge = isLong || texts.length > 2 * TOO_MANY || marks() > TOO_MANY;
  if (request.isTooLarge) request.args = [];
  known.set(part, request);
  return request;
}

const ODD = /[^ -~]+/;

function marksIn({ text, kind }: Piece): number {
  const names = namesIn(text, kind).filter((_, index) => index % 2);
  return names.reduce(
    // The rest of a long name isn't shown.
    (sum, name) => sum + (name.length > MOST_MARKS ? TOO_MANY : name.split(ODD).length - 1),
    visible(text, STRICT).length / 2,
  );
}

/** Splits a text where names begin and end: every second piece is one. */
export function namesIn(text: string, kind: Piece["kind"]): string[] {
  if (kind === "name") return ["", text];
  const pieces: string[] = [];
  let at = 0;
  if (kind === "json") {
    // Every string is stepped over, so that none of what stands in one is taken for a key.
    for (const found of text.matchAll(/"([^"\\]*(?:\\.[^"\\]*)*)"(?=(\s*:)?)/g)) {
      const [quoted, key = "", colon] = found;
      if (colon === undefined) continue;
      pieces.push(text.slice(at, found.index + 1), key);
      at = found.index + quoted.length - 1;
    }
  }
  return [...pieces, text.slice(at)];
}

const collapsed = new WeakMap<Request, Piece[]>();

/** The pieces that a person has to open before the request can be approved. */
export function collapsedIn(request: Request): Piece[] {
  const found =
    collapsed.get(request) ??
    [request.name, request.message, ...textsOf(request)].filter(
      ({ text, cut }) => cut < text.length,
    );
  collapsed.set(request, found);
  return found;
}

const FIRST = 50; // requests of one decision that are drawn at first
const MORE = 200; // more at a click: hundreds at once stall a page

/** Names the stage that begins with a request, for who opens it. */
export const stageOf = ({ digest }: ApprovalPart): ToggleKey => `stage/${digest}`;

/** How many of the requests are shown, by what was opened, and how many are next. */
export function stages(
  parts: readonly ApprovalPart[],
  isOpen: (stage: ToggleKey) => boolean,
): [shown: number, next: number] {
  let shown = FIRST;
  for (;;) {
    const first = parts[shown];
    if (first === undefined) return [parts.length, 0];
    if (!isOpen(stageOf(first))) return [shown, Math.min(MORE, parts.length - shown)];
    shown += MORE;
  }
}

const textsOf = ({ args, whole }: Request): Piece[] =>
  args === null ? [whole] : args.flatMap(({ key, value }) => [key, value]);

/**
 * A value as it is shown. Text is bare, but quoted where it would be taken for something else: for
 * a number, for nothing at all, or where space at its ends wouldn't be seen.
 */
function written(key: string, value: Json): string {
  if (value.kind !== "text") return pretty(value);
  const isAmbiguous = /^$|^\s|\s$|^[-\d"[{]|^(?:true|false|null)$/.test(value.text);
  return isAmbiguous && !isTall(key, value) ? JSON.stringify(value.text) : value.text;
}

const isTall = (key: string, value: Json): boolean =>
  isScalar(value)
    ? value.text.length > BESIDE ||
      value.text.includes("\n") ||
      (value.kind === "text" && languageOf(key, value.text) !== "")
    : pretty(value).includes("\n");

/** Where a text is cut: not for a few characters more, and never within a pair. */
function cutOf(text: string, most: number): number {
  const lines = text.split("\n", LINES * 1.5 + 1);
  const isHigh = lines.length > LINES * 1.5;
  if (text.length <= most * 1.25 && !isHigh) return text.length;
  const end = isHigh ? lines.slice(0, LINES).join("\n").length : most;
  const cut = Math.min(most, end);
  return /[\ud800-\udbff]/.test(text.charAt(cut - 1)) ? cut - 1 : cut;
}
