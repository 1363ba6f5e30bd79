// References to characters by name: those that models write, each with its code where it doesn't follow
// on the one before; HTML's whole list would be 30 kB. `powawidget/transcript/entities.py` has the same.
const NAMES =
  "34QUOT 34quot 38AMP 38amp apos 60LT 60lt 62GT 62gt 160nbsp iexcl cent pound 165yen 167sect " +
  "169copy 171laquo not shy reg 176deg plusmn sup2 sup3 181micro para middot 185sup1 187raquo " +
  "frac14 frac12 frac34 iquest 215times 223szlig 230aelig 247divide oslash 945alpha beta gamma " +
  "delta epsilon zeta eta theta iota kappa lambda mu nu xi 960pi rho 963sigma tau upsilon phi " +
  "chi psi omega 8194ensp emsp 8201thinsp 8204zwnj zwj 8211ndash mdash 8216lsquo rsquo sbquo " +
  "8220ldquo rdquo bdquo 8224dagger Dagger bull 8230hellip 8240permil 8242prime Prime 8364euro " +
  "8482trade 8592larr uarr rarr darr harr 8656lArr 8658rArr 8660hArr 8704forall 8706part exist " +
  "8709empty 8711nabla isin notin 8715ni 8719prod 8721sum minus 8730radic 8733prop infin " +
  "8736ang 8743and or cap cup int 8756there4 8764sim 8776asymp 8800ne equiv 8804le ge 8834sub " +
  "sup 8838sube supe 8853oplus 8855otimes 8869perp 8968lceil rceil lfloor rfloor 9734star " +
  "10003check";

/** Letters with a mark, whose names say so. */
const MARKED = /^([a-z])(?:(grave)|(acute)|(circ)|(tilde)|(uml)|(ring)|(cedil)|(caron))$/i;
const MARKS = "\u0300\u0301\u0302\u0303\u0308\u030a\u0327\u030c";

/** A character whose name is made of another's: `eacute` of a letter and a mark, `Delta` of `delta`. */
function made(name: string): string | undefined {
  const [, letter = "", ...marks] = MARKED.exec(name) ?? [];
  const small = /^[A-Z][a-z]+$/.test(name) && named.get(name.toLowerCase());
  const character = letter
    ? `${letter}${MARKS[marks.findIndex(Boolean)]}`.normalize("NFC")
    : small && /[α-ωæø]/.test(small)
      ? small.toUpperCase()
      : "";
  return character.length === 1 ? character : undefined;
}

const named = new Map<string, string>();
let code = 0;
for (const [, number, name = ""] of NAMES.matchAll(/(\d*)(\S+)/g)) {
  code = number ? Number(number) : code + 1;
  named.set(name, String.fromCodePoint(code));
}

/**
 * Replaces character references by what they stand for, in one pass: `&amp;lt;` is `&lt;`. An
 * unknown name stays as it is. No browser is asked: no HTML is ever made of a model's text.
 */
export const decodeEntities = (text: string): string =>
  text.replace(/&(?:#(?:x([\da-f]{1,6})|(\d{1,7}))|(\w{1,32}));/gi, (whole, hex, decimal, name) => {
    if (name) return named.get(name) ?? made(name) ?? whole;
    const char = hex ? Number.parseInt(hex, 16) : Number(decimal);
    const isCharacter = char > 0 && char <= 0x10ffff && (char < 0xd800 || char > 0xdfff);
    return isCharacter ? String.fromCodePoint(char) : "\ufffd";
  });
