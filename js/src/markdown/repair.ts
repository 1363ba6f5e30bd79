/*
 * Markdown that is still arriving, made to look as it will most likely look once it is complete.
 * Only what is shown is changed here; what settles never depends on it.
 */

/** Text lines that may yet become a marker, a rule or an underline: a lone "-" would make a heading of the line above. */
const UNDECIDED =
  /^[ \t>]*(?:[-*+] +|\d{1,9}[.)] +)*(?:[-*_=+~`|#:> \t]{1,}|\d{1,9}[.)]?|\[[ xX]?\]?)?[ \t]*$/;

/** The part of an unfinished block text that can be shown. */
export function showable(text: string, inCode: boolean): string {
  const start = text.lastIndexOf("\n") + 1;
  const line = text.slice(start);
  if (inCode) return /^[ \t>]*(?:`+|~+)[ \t]*$/.test(line) ? text.slice(0, start) : text;
  if (line && UNDECIDED.test(line) && !/^ {0,3}(?:`{3}|~{3})/.test(line)) {
    return withDelimiterRow(text.slice(0, start), text.slice(0, start));
  }
  return withDelimiterRow(text, text);
}

/** A header row whose delimiter row hasn't come (whole) yet gets one. */
function withDelimiterRow(text: string, otherwise: string): string {
  const body = text.endsWith("\n") ? text.slice(0, -1) : text;
  const last = body.lastIndexOf("\n") + 1;
  const line = body.slice(last);
  let header = line;
  let kept = body;
  if (last > 0 && /^ {0,3}\|[-:| \t]*$/.test(line)) {
    kept = body.slice(0, last - 1);
    header = kept.slice(kept.lastIndexOf("\n") + 1);
  }
  if (!/^ {0,3}\|.*[^|\s]/.test(header)) return otherwise;
  const before = kept.slice(0, kept.length - header.length);
  // A row below a row is already in a table, or in none.
  if (/\|[ \t]*\n$/.test(before)) return otherwise;
  const cells = header
    .trim()
    .replace(/^\||(?<!\\)\|$/g, "")
    .split(/(?<!\\)\|/).length;
  return `${kept}\n${"|-".repeat(cells)}|`;
}

/** An inline run whose open marks are closed. */
export function closeInline(src: string): string {
  const open: string[] = [];
  let out = src;
  let bracket = -1;
  let loose = 0;
  let i = 0;
  while (i < out.length) {
    const c = out.charAt(i);
    if (c === "\\") {
      i += 2;
      continue;
    }
    if (c === "`") {
      const run = /^`+/.exec(out.slice(i))?.[0] ?? c;
      const end = closingRun(out, i + run.length, run.length);
      if (end < 0) {
        const rest = out.slice(i + run.length);
        if (!rest.trim()) return closed(out.slice(0, i), open, 0);
        return `${out}${rest.endsWith("`") ? " " : ""}${run}${ends(open)}`;
      }
      i = end + run.length;
      continue;
    }
    if (c === "[") bracket = i;
    if (c === "]" && bracket >= 0) {
      if (out.charAt(i + 1) === "(") {
        const close = closingParen(out, i + 1);
        if (close < 0) {
          // An open target: only the text of the link is shown.
          const from = out.charAt(bracket - 1) === "!" ? bracket - 1 : bracket;
          out = out.slice(0, from) + out.slice(bracket + 1, i);
          bracket = -1;
          loose = 0;
          break;
        }
        i = close;
      }
      bracket = -1;
    }
    if (c === "*" || c === "_" || c === "~") {
      const run = runAt(out, i, c);
      const before = out.charAt(i - 1);
      const after = out.charAt(i + run.length);
      i += run.length;
      const opens =
        after !== "" && !/\s/.test(after) && (c === "*" || c === "~" || !/\w/.test(before));
      const closes = before !== "" && !/\s/.test(before) && (c !== "_" || !/\w/.test(after));
      if (c === "~" && run.length > 2) continue;
      let left = run.length;
      if (closes) left = shut(open, c, left);
      if (i === out.length) loose = left;
      if (left && opens) {
        if (c === "~") open.push(run);
        else {
          if (left % 2) open.push(c);
          for (; left > 1; left -= 2) open.push(c + c);
        }
      }
      continue;
    }
    i++;
  }
  if (bracket >= 0 && out.length - bracket < 200 && !/^\[\^?\d+$/.test(out.slice(bracket))) {
    const from = out.charAt(bracket - 1) === "!" ? bracket - 1 : bracket;
    out = out.slice(0, from) + out.slice(bracket + 1);
  }
  return closed(out, open, loose);
}

function runAt(text: string, at: number, c: string): string {
  let end = at;
  while (text.charAt(end) === c) end++;
  return text.slice(at, end);
}

/** Closes what a run of `size` marks closes; returns the marks that are left. */
function shut(open: string[], c: string, size: number): number {
  let left = size;
  while (left > 0) {
    const last = open.findLastIndex((mark) => mark.charAt(0) === c && mark.length <= left);
    if (last < 0) return left;
    left -= (open[last] as string).length;
    open.length = last;
  }
  return left;
}

const ends = (open: readonly string[]): string => open.toReversed().join("");

/** The text without the `loose` marks at its end, which have nothing to mark yet, and closed. */
function closed(text: string, open: readonly string[], loose: number): string {
  const body = text.slice(0, text.length - loose);
  if (!open.length) return body;
  const end = body.trimEnd().length;
  return body.slice(0, end) + ends(open);
}

/** Where the next run of exactly `length` backticks starts, or -1. */
function closingRun(text: string, from: number, length: number): number {
  for (const run of text.slice(from).matchAll(/`+/g)) {
    if (run[0].length === length) return from + run.index;
  }
  return -1;
}

function closingParen(text: string, at: number): number {
  let level = 0;
  for (let i = at; i < text.length; i++) {
    const c = text.charAt(i);
    if (c === "\\") i++;
    else if (c === "(") level++;
    else if (c === ")" && --level === 0) return i;
  }
  return -1;
}
