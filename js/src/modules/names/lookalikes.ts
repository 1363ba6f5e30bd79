// Finds in a name the characters that a reader takes for others: in one word, letters of another
// script than its first one's, or than Latin where it has Latin ones; a whole name of small letters
// that read as Latin; wide, mathematical and other forms of ASCII; space that isn't seen. A word in
// one script of its own has none of these, nor a letter that looks like no other, as in Δt.
import { codeOf, hasHidden } from "../../text/visible";

/** Characters of a name, one after another, that look like others than they are. */
export interface Lookalike {
  text: string;
  /** They themselves where they are seen, their script where that is odd, the code of the first. */
  label: string;
}

const NAMES =
  "Latin Cyrillic Greek Armenian Cherokee Coptic Lisu Georgian Hebrew Arabic Devanagari Thai".split(
    " ",
  );
const SCRIPTS = NAMES.map((name): [string, RegExp] => [
  name,
  new RegExp(`(?=\\p{L})\\p{sc=${name}}`, "u"),
]);
/* A word in one script. */
const WHOLE = new RegExp(`^(?:${NAMES.map((name) => `[\\p{sc=${name}}\\p{M}]+`).join("|")})$`, "u");
/* Abbreviations in capitals, and the letters of formulas, are spelt like Latin ones everywhere. */
const SPELT = /^(?:\p{sc=Greek}|((?=\p{Lu})\p{sc=Greek}){2,}|((?=\p{Lu})\p{sc=Cyrillic}){2,})$/u;
/* Han, kana, hangul and bopomofo, which are written together, and with Latin. */
const ASIAN = /[ー〆〱-〵ｰﾞﾟ\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Bopo}]/u;
const WIDE = /[\uff00-\uffef]/;
/* No letters: dashes, connectors, and what is like a slash, a colon, a bar or a dot. */
const SIGNS = /[\p{Pd}\p{Pc}ˈˍː˗˸։׀׃‗․‧⁁⁃⁄⁚−∕∣∥∶⧸꞉]/u;
/* Letters that read as Latin ones, after https://www.unicode.org/reports/tr39/, and all those of
   Cherokee, Coptic, Lisu and scripts of old: a name in nothing but these is taken for another. */
const LIKE_LATIN =
  /[ıƁ-ƎƐ-ƟƢ-ƮƱ-ǃȜȢȣɐ-ɘɚ-ʯᴀ-ᶿꜢ-ꟿꬰ-ꭨЅІЈАВЕЗКМНОРСТУХасеорухѕіјѡѴѵҮүһҽӀӏԁԌԚԛԜԝͿΑΒΕΖΗΙΚΜΝΟΡΤΥΧαγηικνορσυχϒϜϱϲϳϹϺՍՏՕագզհոռսցքօ\p{sc=Cher}\p{sc=Lisu}\p{sc=Copt}\u{10280}-\u{1057f}]/u;

/* Letters to Unicode, but of no script and like none: the sign of micro, two apostrophes. */
const OF_ANY = /[µʻʼ]/;

/* Letters of formulas that look like no Latin one. */
const OF_FORMULAS = /[ΓΔΘΛΞΠΣΦΨΩβδεζθλμξπτφψω]/;

const ASIANS = "Asian";
const ODD = "odd";
/* A digit or a sign that is no letter. */
const SIGN = "sign";
const OTHER = "other";

const isAscii = (character: string): boolean => character < "\x7f";

/** What a character is to a name: its script, or how it is odd; empty where it is neither. */
function kindOf(character: string, isAsian: boolean): string {
  if (hasHidden(character) || OF_ANY.test(character)) return "";
  if (character < " ") return ODD; // a tab, a line's end
  if (isAscii(character)) return /[a-z]/i.test(character) ? "Latin" : "";
  const isLetter = /\p{L}/u.test(character);
  const plain = character.normalize("NFKC");
  const form = isLetter ? /^[!-~]+$/ : /^[!-~]$/;
  if (plain !== character && form.test(plain) && !/\p{No}/u.test(character)) {
    return isAsian && WIDE.test(character) ? "" : ODD;
  }
  if (ASIAN.test(character)) return ASIANS;
  if (/\p{Z}/u.test(character)) return ODD;
  if (/\p{Nd}/u.test(character) || SIGNS.test(character)) return SIGN;
  return SCRIPTS.find(([, its]) => its.test(character))?.[0] ?? (isLetter ? OTHER : "");
}

/** Asks once for each character: a name may be very long. */
function once<T>(ask: (character: string) => T): (character: string) => T {
  const known = new Map<string, T>();
  return (character) => {
    if (!known.has(character)) known.set(character, ask(character));
    return known.get(character) as T;
  };
}

export function lookalikes(name: string): (string | Lookalike)[] {
  if (/^[!-~]+(?: [!-~]+)*$/.test(name)) return [name];
  const all = [...name];
  const isMark = once((each) => /\p{M}/u.test(each));
  const isAsian = all.some(once((each) => ASIAN.test(each) && !hasHidden(each)));
  const kinds = all.map(once((each) => kindOf(each, isAsian)));
  const isLatin = all.some(
    (each, i) =>
      kinds[i] === "Latin" || (kinds[i] === ODD && /[a-z]/i.test(each.normalize("NFKC"))),
  );
  const base = isLatin
    ? "Latin"
    : kinds.find((kind) => kind !== "" && kind !== SIGN && kind !== ODD);
  const isReadAsLatin = all.every(
    (each, i) =>
      isAscii(each) || ["", ODD, SIGN].includes(kinds[i] as string) || LIKE_LATIN.test(each),
  );
  /* The word of each character, and what is fine in a name like this. */
  const words = name.match(/[\p{L}\p{M}]+|[\s\S]/gu) ?? [];
  const isFineWord = once((word) => (isReadAsLatin ? SPELT : WHOLE).test(word));
  const isFine = words.flatMap((word) => Array<boolean>([...word].length).fill(isFineWord(word)));
  const isOdd = (each: string, i: number): boolean => {
    const kind = kinds[i];
    const before = all[i - 1] ?? " ";
    if (each === " ") return before === " " || i === all.length - 1;
    if (kind === ODD) return true;
    // A mark on a character of ASCII makes it look like another one, or like two.
    if (kind === "") {
      return isMark(each) && isAscii(before) && before > " " && !hasHidden(each);
    }
    if (isAscii(each)) return false;
    if (kind === SIGN) return isReadAsLatin || (!isAsian && (isLatin || base === undefined));
    if (isFine[i]) return false;
    if (isReadAsLatin) return true;
    return kind !== base && (kind !== ASIANS || !isLatin) && !OF_FORMULAS.test(each);
  };
  const runs: { text: string; kind: string | undefined }[] = [];
  for (const [i, each] of all.entries()) {
    const last = runs.at(-1);
    // Marks belong to their letter.
    const isOfLast = last?.kind !== undefined && isMark(each);
    const kind = isOfLast ? last.kind : isOdd(each, i) ? kinds[i] : undefined;
    if (last !== undefined && kind === last.kind) last.text += each;
    else runs.push({ text: each, kind });
  }
  return runs.map(({ text, kind }) =>
    kind === undefined ? text : { text, label: labelOf(text, kind) },
  );
}

function labelOf(text: string, kind: string): string {
  const [first = "", second] = text;
  const script = SCRIPTS.some(([name]) => name === kind) ? `${kind} ` : "";
  const shown = /^[\p{Z}\p{M}\p{C}]/u.test(first) ? "" : `${text} `;
  return `${shown}${script}${codeOf(first)}${second === undefined ? "" : "…"}`;
}
