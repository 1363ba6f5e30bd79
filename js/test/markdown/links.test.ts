// Whatever stands in a link, and whatever of it is drawn elsewhere or not at all: it says where it leads.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MarkdownView } from "../../src/markdown/index";
import { drawers } from "../../src/markdown/vdom";
import { draw } from "../../src/modules/maths";
import { runs } from "../seeds";

const LEADS = ["https://evil.example/x", "HTTP://evil.example:8080", "mailto:me@evil.example"];
const HOST = /evil\.example/;
const INSIDE = fc.array(
  fc.constantFrom(
    ..."![a](https://i.example)|![](https://i.example)|![evil.example](b.png)|$x$|$\\phantom{x}$|$good.example$"
      .concat(
        "|`c`|good.example|https://good.example|evil.example|<br>|<sub>|</sub>|<kbd>|</kbd>|**|*|~~| |\n",
      )
      .concat(
        "|&nbsp;|&#8203;|\u200b|\u2800|\u3164|\u00ad|\u202e|&amp;|[1]|[^1]|\\ |\\|[b|]|<b>|<https://good.example>",
      )
      .split("|"),
  ),
  { maxLength: 6 },
);
const AROUND = [
  "%",
  "# %",
  "- %",
  "> %",
  "| a |\n|---|\n| % |",
  "**b % c**",
  "x[^1]\n\n[^1]: %",
  "a % b % c",
];

/** The links of what is drawn that don't say where they lead, and how many there are. */
function links(host: HTMLElement): [silent: string[], count: number] {
  const found = [...host.querySelectorAll("a")];
  const silent = found.filter((link) => {
    const text = link.textContent ?? "";
    const { nextSibling: next } = link;
    const isSaid = next instanceof Element && next.className === "pw-link-host";
    const said = isSaid ? (next.textContent ?? "") : "";
    const { host: where, pathname } = new URL(link.href);
    const isOwn = text
      .trim()
      .replace(/^(?:https?:\/\/|mailto:)/i, "")
      .startsWith(where || pathname);
    return !text.trim() || !(isOwn || said === ` (${where || pathname})`);
  });
  return [silent.map(({ href, textContent }) => `${textContent}: ${href}`), found.length];
}

function shown(text: string, size: number): HTMLElement {
  const host = document.createElement("div");
  const view = new MarkdownView(host, {
    drawn: (elements) => {
      for (const el of elements) {
        if (el.matches(".pw-maths") && !drawers.has(el)) draw(el, drawers);
      }
    },
  });
  view.cite(["1"]);
  for (let at = 0; at < text.length; at += size) {
    view.append(text.slice(at, at + size));
    view.paint();
    expect(links(host)[0]).toEqual([]);
  }
  view.finish();
  view.paint();
  return host;
}

test("a link says where it leads", () => {
  fc.assert(
    fc.property(
      INSIDE,
      fc.constantFrom(...LEADS),
      fc.constantFrom(...AROUND),
      fc.constantFrom(1, 5, 1000),
      (inside, lead, around, size) => {
        const text = around.replaceAll("%", () => `[${inside.join("")}](${lead})`);
        const host = shown(text, size);
        const [silent] = links(host);
        expect(silent).toEqual([]);
        expect(host.querySelector("a button, button a")).toBeNull();
        expect(host.textContent).toMatch(HOST);
      },
    ),
    { numRuns: runs(100) },
  );
});

test.each([
  "",
  " ",
  "![a](https://i.example)",
  "<br>",
  "<kbd></kbd>",
  "&nbsp;",
  "![](x.png) ![](y.png)",
])("a link of %j can be followed by its host", (inside) => {
  const [silent, count] = links(shown(`[${inside}](https://evil.example/x)`, 1000));
  expect([silent, count]).toEqual([[], 1]);
});
