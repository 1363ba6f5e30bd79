// The names that models write, each before its character; HTML's whole list would be 30 kB.
const names =
  'amp& lt< gt> quot" AMP& LT< GT> QUOT" apos\' nbsp\u00a0 shy\u00ad copy© reg® trade™ ' +
  "hellip… mdash— ndash– lsquo‘ rsquo’ sbquo‚ ldquo“ rdquo” bdquo„ laquo« raquo» bull• " +
  "middot· times× divide÷ plusmn± minus− le≤ ge≥ ne≠ asymp≈ equiv≡ infin∞ sum∑ prod∏ " +
  "radic√ part∂ nabla∇ int∫ prop∝ deg° microµ para¶ sect§ euro€ pound£ yen¥ cent¢ larr← " +
  "uarr↑ rarr→ darr↓ harr↔ lArr⇐ rArr⇒ hArr⇔ forall∀ exist∃ empty∅ isin∈ notin∉ ni∋ cap∩ " +
  "cup∪ sub⊂ sup⊃ sube⊆ supe⊇ and∧ or∨ not¬ there4∴ ang∠ perp⊥ oplus⊕ otimes⊗ lfloor⌊ " +
  "rfloor⌋ lceil⌈ rceil⌉ frac12½ frac14¼ frac34¾ sup1¹ sup2² sup3³ alphaα betaβ gammaγ " +
  "deltaδ epsilonε zetaζ etaη thetaθ iotaι kappaκ lambdaλ muμ nuν xiξ piπ rhoρ sigmaσ " +
  "tauτ upsilonυ phiφ chiχ psiψ omegaω GammaΓ DeltaΔ ThetaΘ LambdaΛ XiΞ PiΠ SigmaΣ PhiΦ " +
  "PsiΨ OmegaΩ eacuteé egraveè agraveà aacuteá oumlö uumlü aumlä OumlÖ UumlÜ AumlÄ szligß " +
  "ccedilç ntildeñ oslashø aringå thinsp\u2009 ensp\u2002 emsp\u2003 zwj\u200d zwnj\u200c " +
  "dagger† Dagger‡ permil‰ prime′ Prime″ check✓ star☆";

const named = new Map(names.split(" ").map((entry) => [entry.slice(0, -1), entry.slice(-1)]));

/**
 * Replaces character references by what they stand for, in one pass: `&amp;lt;` is `&lt;`. An
 * unknown name stays as it is. No browser is asked: no HTML is ever made of a model's text.
 */
export const decodeEntities = (text: string): string =>
  text.replace(/&(?:#(x?)([\da-f]{1,8})|(\w{1,32}));/gi, (whole, hex, digits, name) => {
    if (digits === undefined) return named.get(name) ?? whole;
    const code = Number.parseInt(digits, hex ? 16 : 10);
    const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : "\ufffd";
  });
