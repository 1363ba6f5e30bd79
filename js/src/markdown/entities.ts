/*
 * HTML names more than two thousand entities; models write a few dozen. These are decoded, any
 * other stays as it was written, which is readable and harmless.
 */
const NAMES =
  "amp=& lt=< gt=> quot=\" apos=' nbsp=\u00a0 copy=© reg=® trade=™ deg=° plusmn=± micro=µ para=¶ sect=§ middot=· " +
  "times=× divide=÷ frac12=½ frac14=¼ frac34=¾ sup1=¹ sup2=² sup3=³ hellip=… ndash=– mdash=— lsquo=‘ rsquo=’ " +
  "ldquo=“ rdquo=” sbquo=‚ bdquo=„ laquo=« raquo=» lsaquo=‹ rsaquo=› bull=• dagger=† Dagger=‡ permil=‰ prime=′ Prime=″ " +
  "euro=€ pound=£ yen=¥ cent=¢ curren=¤ larr=← uarr=↑ rarr=→ darr=↓ harr=↔ lArr=⇐ rArr=⇒ hArr=⇔ crarr=↵ " +
  "alpha=α beta=β gamma=γ delta=δ epsilon=ε zeta=ζ eta=η theta=θ iota=ι kappa=κ lambda=λ mu=μ nu=ν xi=ξ pi=π rho=ρ " +
  "sigma=σ tau=τ upsilon=υ phi=φ chi=χ psi=ψ omega=ω Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Xi=Ξ Pi=Π Sigma=Σ Phi=Φ Psi=Ψ " +
  "Omega=Ω forall=∀ part=∂ exist=∃ empty=∅ nabla=∇ isin=∈ notin=∉ prod=∏ sum=∑ minus=− radic=√ prop=∝ infin=∞ ang=∠ " +
  "and=∧ or=∨ cap=∩ cup=∪ int=∫ sim=∼ cong=≅ asymp=≈ ne=≠ equiv=≡ le=≤ ge=≥ sub=⊂ sup=⊃ sube=⊆ supe=⊇ oplus=⊕ otimes=⊗ " +
  "perp=⊥ check=✓ cross=✗ star=☆ hearts=♥ iexcl=¡ iquest=¿ szlig=ß agrave=à aacute=á acirc=â atilde=ã auml=ä aring=å " +
  "aelig=æ ccedil=ç egrave=è eacute=é ecirc=ê euml=ë igrave=ì iacute=í icirc=î iuml=ï ntilde=ñ ograve=ò oacute=ó ocirc=ô " +
  "otilde=õ ouml=ö oslash=ø ugrave=ù uacute=ú ucirc=û uuml=ü yacute=ý yuml=ÿ Agrave=À Aacute=Á Acirc=Â Auml=Ä Aring=Å " +
  "AElig=Æ Ccedil=Ç Egrave=È Eacute=É Ecirc=Ê Ntilde=Ñ Oacute=Ó Ouml=Ö Oslash=Ø Uacute=Ú Uuml=Ü ensp=\u2002 emsp=\u2003 thinsp=\u2009 " +
  "shy=\u00ad zwnj=\u200c zwj=\u200d lrm=\u200e rlm=\u200f lbrack=[ rbrack=] lbrace={ rbrace=} lpar=( rpar=) vert=| " +
  "ast=* lowbar=_ grave=` num=# excl=! dollar=$ percnt=% colon=: semi=; comma=, period=. sol=/ bsol=\\ quest=? commat=@ equals== plus=+ Tab=\t NewLine=\n";

let table: Map<string, string> | undefined;

function lookUp(name: string): string | undefined {
  table ??= new Map(
    NAMES.split(/ (?=\w+=)/).map((entry) => {
      const at = entry.indexOf("=");
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
  return table.get(name);
}

/** Replaces character references by what they stand for, in one pass: `&amp;lt;` is `&lt;`. */
export function decodeEntities(text: string): string {
  if (!text.includes("&")) return text;
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,8}));/g,
    (all, dec, hex, name) => {
      if (name) return lookUp(name) ?? all;
      const code = dec ? Number(dec) : Number.parseInt(hex, 16);
      const valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
      return valid ? String.fromCodePoint(code) : "\ufffd";
    },
  );
}
