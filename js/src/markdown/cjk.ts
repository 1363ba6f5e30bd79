// Chinese, Japanese, Korean, Thai and the like are written without blanks, which CommonMark's rules
// for emphasis and GitHub's for addresses rely on.

/**
 * Han, kana, hangul, bopomofo with their punctuation and wide forms, and from Thai to Burmese with Khmer,
 * for a class of a pattern.
 */
export const CJK =
  "\\u0e00-\\u11ff\\u1780-\\u17ff\\u2e80-\\u9fff\\uac00-\\ud7ff\\uf900-\\ufaff\\uff00-\\uffef\\u{20000}-\\u{3ffff}";

const MARK = "[\\p{P}\\p{S}]";
const IS_CJK = new RegExp(`[${CJK}]$`, "u");
/* What CommonMark takes for the end of nothing: `。**` or `”**` beside such letters. */
const BESIDE = new RegExp(
  `(?=[${CJK}])${MARK}(?=\\*|~~)|(?<=\\*|~~)(?=[${CJK}])${MARK}|(?!\\*|~)${MARK}(?=(?:\\*+|~~)[${CJK}])`,
  "gu",
);
const OPENS = new RegExp(`^(?:\\*+|~~)[${CJK}]`, "u");

/**
 * `masked`, a text that ends of emphasis are looked for in, with a letter for each mark that would
 * keep `**` from being an end though it stands beside such letters.
 */
export const maskCjk = (masked: string): string =>
  /[*~]/.test(masked) ? masked.replace(BESIDE, (mark) => "a".repeat(mark.length)) : masked;

/** What stands before a mark of emphasis; nothing where it begins emphasis whatever that is. */
export const beforeMark = (src: string, before: string): string =>
  IS_CJK.test(before) || OPENS.test(src) ? "" : before;
