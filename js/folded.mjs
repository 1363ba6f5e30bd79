/*
 * Texts of which much is said many times: marked's rules, and the style. In the bundle each such
 * fragment is said once.
 */

const FIRST = 162; // the character that stands for the first fragment
const WORTH = 5; // characters that a fragment must save

const known = new Map();

/**
 * Takes out of a text what is said in several places. Each fragment becomes a line at the end, and
 * stands for itself by a character of its own; no fragment goes over the end of a line.
 *
 * Returns the text and the number of fragments: what `unfold` is given.
 */
export function folded(text) {
  if (known.has(text)) return known.get(text);
  if (/[\u00a2-\uffff]/.test(text)) throw new Error("a character would be taken for a fragment");
  let rest = text;
  let fragments = 0;
  for (let best = dearest(rest); best !== undefined; best = dearest(rest)) {
    rest = `${rest.replaceAll(best, String.fromCharCode(FIRST + fragments++))}\n${best}`;
  }
  if (unfold(rest, fragments) !== text) throw new Error("a folded text would not be the same");
  known.set(text, [rest, fragments]);
  return [rest, fragments];
}

/** Puts the fragments of a folded text back; in the bundle it stands as it does here. */
function unfold(folded, fragments) {
  let text = folded;
  for (let each = fragments; each--; ) {
    const at = text.lastIndexOf("\n");
    const mark = String.fromCharCode(162 + each);
    text = text.slice(0, at).replaceAll(mark, () => text.slice(at + 1));
  }
  return text;
}

/** Gives the bundle what it needs to unfold texts. */
export const unfolding = {
  name: "unfolding",
  setup(build) {
    build.onResolve({ filter: /^unfold$/ }, ({ path }) => ({ path, namespace: "unfolding" }));
    build.onLoad({ filter: /.*/, namespace: "unfolding" }, () => ({
      contents: `export ${unfold}`,
      loader: "js",
    }));
  },
};

/** What costs most in a text by being said more than once, if that is worth a fragment. */
function dearest(text) {
  const places = Array.from(text, (_, place) => place);
  const tails = places.map((place) => text.slice(place, text.indexOf("\n", place) >>> 0)).sort();
  let most = WORTH;
  let best;
  tails.forEach((tail, index) => {
    const before = tails[index - 1] ?? "";
    let length = 0;
    while (length < tail.length && tail[length] === before[length]) length++;
    const fragment = tail.slice(0, length);
    if (length < 4 || fragment.endsWith("\\")) return;
    const times = text.split(fragment).length - 1;
    const saved = (times - 1) * (length - 2) - 3;
    if (saved <= most) return;
    most = saved;
    best = fragment;
  });
  return best;
}
