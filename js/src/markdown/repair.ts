// Markdown that is still arriving, made to look as it will most likely look once it is complete.
// Only what is shown is changed here; what settles never depends on it.
import { inlineMaths, opensMaths } from "./maths";

/** Text lines that may yet become a marker, a rule or an underline: a lone "-" would make a heading of the line above. */
const UNDECIDED =
  /^[ \t>]*(?:[-*+] +|\d{1,9}[.)] +)*(?:[-*_=+~`|#:>$\\ \t]+|\d{1,9}[.)]?|\[[ xX]?\]?)?[ \t]*$/;

/** The part of an unfinished block text that can be shown. */
export function showable(text: string, inCode: boolean): string {
  const start = text.lastIndexOf("\n") + 1;
  const line = text.slice(start);
  const isHidden =
    line.length < 200 &&
    (inCode
      ? /^[ \t>]*(?:`+|~+)[ \t]*$/.test(line)
      : UNDECIDED.test(line) && !/^ {0,3}(?:`{3}|~{3})/.test(line));
  const shown = isHidden ? text.slice(0, start) : text;
  // A header row whose delimiter row hasn't come yet gets one. A row below a row is already in a
  // table, or in none.
  const body = shown.replace(/\n$/, "");
  const at = body.lastIndexOf("\n") + 1;
  const header = body.slice(at).trimEnd();
  return inCode || !/^ {0,3}\|.*[^-:|\s]/.test(header) || /\|[ \t]*\n$/.test(body.slice(0, at))
    ? shown
    : `${body}\n${"|-".repeat(header.split(/(?<!\\)\|(?!$)/).length - 1)}|`;
}

/** An inline run whose open marks are closed. */
export function closeInline(src: string): string {
  const open: string[] = [];
  let out = src;
  /** Where the text of an open link starts, from its bracket on. */
  let link: [from: number, text: number] | undefined;
  /** How many marks at the end have nothing to mark yet. */
  let loose = 0;
  const marks =
    /<\/?(?:su[bp]|kbd)>|\\.|\$|`+|\*+|_+|~+|!?\[|\](\((?:(?:\\.|[^()\\]|\((?:\\.|[^()\\])*\))*\))?)?/gs;
  for (let m = marks.exec(src); m; m = marks.exec(src)) {
    const [run, target] = m;
    const end = marks.lastIndex;
    const c = run.at(-1) as string;
    if (c === ">") {
      const name = run.replace("/", "");
      const last = open.lastIndexOf(name.replace("<", "</"));
      if (name === run) open.push(run.replace("<", "</"));
      else if (last >= 0) open.length = last;
      continue;
    }
    if (/^[\\$]/.test(run)) {
      const rest = src.slice(m.index);
      const formula = inlineMaths(rest);
      if (formula) {
        marks.lastIndex = m.index + formula.raw.length;
      } else if (opensMaths(rest)) {
        // Its source is shown until it is whole: no mark in it is one of emphasis.
        return src.slice(0, m.index) + rest.replace(/[!-/:-@[-`{-~]/g, "\\$&") + ends(open);
      }
      continue;
    }
    if (c === "`") {
      const rest = src.slice(end);
      const close = rest.search(new RegExp(`(?<!\`)${run}(?!\`)`));
      if (close >= 0) {
        marks.lastIndex = end + close + run.length;
      } else if (rest.trim()) {
        return src + (rest.endsWith("`") ? " " : "") + run + ends(open);
      } else {
        out = src.slice(0, m.index);
        break;
      }
    } else if (c === "[") {
      link = [m.index, end];
    } else if (run[0] === "]") {
      if (link && target === "(") {
        // An open target: only the text of the link is shown.
        out = src.slice(0, link[0]) + src.slice(link[1], m.index);
        link = undefined;
        break;
      }
      link = undefined;
    } else if (c !== "~" || run.length < 3) {
      const before = src[m.index - 1] ?? " ";
      const after = src[end] ?? " ";
      let left = run.length;
      if (/\S/.test(before) && (c !== "_" || /\W/.test(after))) {
        for (;;) {
          const last = open.findLastIndex((mark) => mark[0] === c && mark.length <= left);
          if (last < 0) break;
          left -= open[last]?.length ?? 0;
          open.length = last;
        }
      }
      if (end === src.length) loose = left;
      if (/\S/.test(after) && (c !== "_" || /\W/.test(before))) {
        if (left % 2) open.push(c);
        for (; left > 1; left -= 2) open.push(c + c);
      }
    }
  }
  if (link && src.length - link[0] < 200 && !/^\[\^?\d+$/.test(src.slice(link[0]))) {
    out = out.slice(0, link[0]) + out.slice(link[1]);
  }
  out = out.slice(0, out.length - loose).replace(/<\/?[a-z]{0,3} ?\/?$/i, "");
  return open.length ? out.trimEnd() + ends(open) : out;
}

const ends = (open: readonly string[]): string => open.toReversed().join("");
