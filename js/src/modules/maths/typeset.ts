// The formula as MathML; null where it can't be typeset, or holds what isn't shown here.
import temml from "temml";
import { hasHidden } from "../../text/visible";
import { knownClasses } from "./style";

const LONGEST = 5_000; // characters of a formula's source
const MOST = 4_000; // elements of a formula
const EXPANSIONS = 300; // of macros that a formula defines itself
const LARGEST = 20; // em: what a formula may ask to be wide or high
const BACK = 2; // em: what it may ask to be moved back over what stands before
const THICKEST = 0.5; // em: a thicker line of a fraction is a bar

const MATHML = "http://www.w3.org/1998/Math/MathML";

// Of https://www.w3.org/TR/mathml-core/ and what browsers knew before: nothing that links, loads,
// runs, has a name or sets a colour, which could hide text.
const ELEMENTS = new Set(
  "math mrow mi mn mo ms mtext mspace mfrac msqrt mroot mstyle mpadded mphantom msub msup msubsup munder mover munderover mmultiscripts mprescripts mtable mtr mtd menclose".split(
    " ",
  ),
);
const ATTRIBUTES = new Set(
  "display displaystyle scriptlevel mathvariant stretchy symmetric fence separator form largeop movablelimits lspace rspace minsize maxsize accent accentunder linethickness width height depth voffset notation rowspan columnspan columnalign rowspacing columnspacing columnlines rowlines".split(
    " ",
  ),
);
/** What would change the order of the letters; a formula can name such a character by its number. */
const REORDERS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;
/** However its letters are drawn, which may be one by one. Greek ones are signs. */
const WORD = /(?:(?!\p{Script=Greek})\p{L}){4}/u;
const STYLES = /^(?:padding|border|margin)(?:Left|Right|Top|Bottom)?$|^width$/;

/** A tree of the library, as far as it is read. */
interface Tree {
  type?: string;
  text?: string;
  children?: Tree[];
  attributes?: Record<string, unknown>;
  style?: Record<string, unknown>;
  classes?: string[];
}

/** An environment that stands alone, with what ends its sentence. */
const ENVIRONMENT = /^\\begin\{([A-Za-z]+\*?)\}.*\\end\{\1\}[.,;:]?$/s;
/** Those that only stand in lines of their own. */
const OF_DISPLAY = /^\\begin\{(?:align|alignat|equation|flalign|gather|multline|eqnarray)\b/;

export function typeset(source: string): Element | null {
  const [, open = "", inner = "", close, mark = ""] =
    /^(\$\$?|\\[([])(.*?)(\$\$?|\\[)\]])([.,;:]?)$/s.exec(source) ?? [];
  const env = ENVIRONMENT.exec(source);
  const isWhole =
    open === "\\(" ? close === "\\)" : open === "\\[" ? close === "\\]" : open === close;
  if (!(open ? isWhole : env) || source.length > LONGEST || hasHidden(source)) return null;
  const isDisplay = open
    ? open === "$$" || open === "\\["
    : /\n/.test(source) || OF_DISPLAY.test(source);
  // GitHub's form has backticks within the dollars
  const formula = env ? source : inner.replace(/^`(.*)`$/s, "$1") + mark;
  try {
    const tree = temml.__renderToMathMLTree(formula, {
      displayMode: isDisplay,
      wrap: isDisplay ? "none" : "tex",
      throwOnError: true,
      maxExpand: EXPANSIONS,
      maxSize: [LARGEST, LARGEST],
    }) as Tree;
    let count = 0;
    const make = (node: Tree): Node[] => {
      if (node.text !== undefined) return [document.createTextNode(node.text)];
      if (++count > MOST) throw new Error("too large");
      const kids = (node.children ?? []).flatMap(make);
      if (node.type === undefined && !node.attributes) return kids; // a fragment
      return [element(node, kids)];
    };
    const [math] = make(tree);
    const isShown = math instanceof Element && !REORDERS.test(math.textContent ?? "");
    return isShown ? math : null;
  } catch {
    return null; // its grammar, its size, or a depth that no stack holds
  }
}

function element({ type, attributes = {}, style = {}, classes = [] }: Tree, kids: Node[]): Element {
  // The library draws some strokes as spans.
  const made =
    type === undefined ? document.createElement("span") : document.createElementNS(MATHML, type);
  if (type !== undefined && !ELEMENTS.has(type)) throw new Error(`${type} isn't shown`);
  const hasWord = () =>
    WORD.test(
      kids
        .map((kid) => kid.textContent)
        .join("")
        .replace(/[^\p{L}\p{N}\p{P}\p{S}]/gu, ""),
    );
  if (type === "mphantom" && hasWord()) throw new Error("a text that nobody would see");
  // framed, a word would look like a button
  if (("border" in style || /box|circle/.test(`${attributes.notation}`)) && hasWord()) {
    return element({ type: "mrow", attributes: {}, style: {} }, kids);
  }
  const known = classes
    .flatMap((names) => names.split(" "))
    .filter((name) => knownClasses.has(name));
  if (known.length > 0) made.setAttribute("class", known.join(" "));
  for (const [name, value] of Object.entries(attributes)) {
    const most = name === "linethickness" ? THICKEST : LARGEST;
    if (type !== undefined && ATTRIBUTES.has(name) && isModest(value, most)) {
      made.setAttribute(name, `${value}`);
    }
  }
  Object.assign((made as HTMLElement).style ?? {}, modest(style));
  made.append(...kids);
  return made;
}

/** What may be said of a style: room and lines around a thing, and not much of them. */
export const modest = (style: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(style).filter(([name, value]) => STYLES.test(name) && isModest(value)),
  );

const EM = { em: 1, ex: 0.5, px: 1 / 16, pt: 1 / 12, mu: 1 / 18, "%": 1 / 100 };

/** Words, and lengths that stay near where they are. */
function isModest(value: unknown, most = LARGEST): boolean {
  const words = `${value}`.split(" ");
  return words.every((word) => {
    const [, size, unit] = /^(-?[\d.]+)(em|ex|px|pt|mu|%)?$/.exec(word) ?? [];
    if (size === undefined) return /^-?[\d.]*[a-z]+$/.test(word);
    const length = Number(size) * EM[(unit ?? "em") as keyof typeof EM];
    return length <= most && length >= -BACK;
  });
}
