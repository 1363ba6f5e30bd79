import { readFile } from "node:fs/promises";

/**
 * What this project never uses of preact: how many places ask for it, how they look, and what to
 * make of them, so that esbuild drops what would be done there.
 */
const UNUSED = [
  // life cycles of class components
  [
    12,
    /\b\w\.(?:component(?:Will\w+|Did\w+)|getSnapshotBeforeUpdate|get\w+FromProps)(?=&&|\))/g,
    "!1",
  ],
  // contexts
  [2, /(?:\(\w=\w\.contextType\)&&\w\[\w\.__c\]|\b\w\.getChildContext(?=&&))/g, "!1"],
  // portals
  [8, /\b(?:\w\.props|M)\.__P(?=[)&?]|!=)/g, "!1"],
  // what waits for a promise
  [4, /128&\w\.__u(?=&&)|\b\w&&\w\.then\b|\(\w=\w\.__z\)(?=&&)/g, "!1"],
  // markup as text: no element may ever be made of a string, so the way to do it isn't there
  [
    3,
    /"dangerously\w+"==\w\?\w=\w:|\b\w\?\(\w\|\|\w&&\(\w\.__html==.*?\.__html\),\w\.__k=\[\]\):(?=\()/g,
    "",
  ],
];

/** What is there for markup that stood in the page before: it is always drawn into an empty box. */
const HYDRATION = [
  [",o)for(s=0;", ",!1)for(s=0;"],
  [",l&&(n.__m&&n.__m(r,o),l=!1),o=null}", "}"],
  [',o="textarea"==C&&null!=x.defaultValue?null:o&&d.call(a.childNodes),!l&&o)', ",!1)"],
  ["o?o[0]:u.__k&&S(u,0)", "u.__k&&S(u,0)"],
  [',o&&o.some(g)),l&&"textarea"!=C||(s=', "),(s="],
  ['l&&"function"!=typeof k||', ""],
  ["||l&&t.data==x||", "||"],
  [",c||o)if(", ",!1)if("],
  ["p&&p.some(g),", ""],
];

/** Elements that no component here has. */
const ELEMENTS = [
  ['"math"==C?f="http://www.w3.org/1998/Math/MathML":', ""],
  [
    '("foreignObject"==C||"http://www.w3.org/1998/Math/MathML"==f&&v.test(C))&&(f="http://www.w3.org/1999/xhtml"),',
    "",
  ],
  ['a="template"==C&&t.content||t', "a=t"],
  ['"progress"==C&&null==b?t.removeAttribute(s):', ""],
  ['b===t[s]&&("progress"!=C||b)||', "b===t[s]||"],
];

/** Takes out of preact what is never used here. It comes as one minified file. */
export const preactOnly = {
  name: "preact-only",
  setup(build) {
    build.onLoad({ filter: /[\\/]preact[\\/]dist[\\/]preact\.mjs$/ }, async ({ path }) => {
      try {
        return { contents: used(await readFile(path, "utf8")), loader: "js" };
      } catch (error) {
        return { errors: [{ text: `mend js/preact-only.mjs: ${error.message}` }] };
      }
    });
  },
};

/** The source of preact without what is never used here. */
export function used(source) {
  const cuts = [...UNUSED, ...[...HYDRATION, ...ELEMENTS].map(([place, by]) => [1, place, by])];
  return cuts.reduce((rest, [places, place, by]) => {
    const found = rest.split(place).length - 1;
    // Another version: each place has to be looked at again.
    if (found !== places) throw new Error(`${found} places in preact are like ${place}`);
    return rest.replaceAll(place, by);
  }, source);
}
