import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { MarkdownView } from "../../src/markdown";
import { drawers } from "../../src/markdown/vdom";
import { draw } from "../../src/modules/maths";
import { mathsCss } from "../../src/modules/maths/style";
import { modest, typeset } from "../../src/modules/maths/typeset";

let host: HTMLElement;
beforeEach(() => {
  host = document.createElement("div");
  document.body.replaceChildren(host);
});

const view = (): MarkdownView =>
  new MarkdownView(host, {
    drawn: (elements) => {
      for (const el of elements) {
        if (el.matches(".pw-maths") && !drawers.has(el)) draw(el, drawers);
      }
    },
  });

function drawn(...pieces: string[]): HTMLElement {
  host.replaceChildren();
  const markdown = view();
  for (const piece of pieces) {
    markdown.append(piece);
    markdown.paint();
  }
  markdown.finish();
  markdown.paint();
  return host;
}

const every = (root: Element): Element[] => [root, ...root.querySelectorAll("*")];

test("lines have no numbers, which each formula would count from one", () => {
  expect(mathsCss).toContain(".tml-");
  expect(mathsCss).not.toContain("counter");
});

describe("what is typeset", () => {
  test.each([
    ["$x^2$", "msup"],
    ["$$\\frac{a}{b}$$", "mfrac"],
    ["\\(\\sqrt{x}\\)", "msqrt"],
    ["\\[\\sum_{i=1}^n i\\]", "munderover"],
    ["$$\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}$$", "mtable"],
    ["$\\text{price: 5 \\$}$", "mtext"],
    ["$\\ce{H2O}$", "msub"],
  ])("%s", (source, tag) => {
    const math = drawn(`text ${source} more`).querySelector("math");
    expect(math?.namespaceURI).toBe("http://www.w3.org/1998/Math/MathML");
    expect(math?.querySelector(tag)).not.toBeNull();
  });

  test("marks in a formula are none of the text around it", () => {
    drawn("*the $x*y$ norm* and **bold $e**$ f**, `$` *g* `$`");
    expect(
      [...host.querySelectorAll("em, strong")].map((el) => el.querySelectorAll("math").length),
    ).toEqual([1, 1, 0]);
    expect(host.querySelectorAll("math")).toHaveLength(2);
  });

  test("a block, with the sign that ends the sentence", () => {
    drawn("so\n$$\na = b\n$$.\n\nend");
    expect(host.querySelector("div.pw-display math")?.textContent).toBe("a=b.");
  });

  test.each([
    "a price of $5",
    "from $5 to $10, or $5-$10",
    "`$x$`",
    "```\n$x$\n```",
    "\\$x$",
    "$ x $",
    "5$, then 6$ more",
  ])("%s is text", (text) => {
    drawn(text);
    expect(host.querySelector("math, .pw-maths")).toBeNull();
  });

  test("the source stays to be copied and read", () => {
    const formula = drawn("so $a_1$.").querySelector<HTMLElement>(".pw-maths");
    expect(formula?.title).toBe("$a_1$");
    expect(formula?.querySelector(".pw-tex")?.textContent).toBe("$a_1$");
  });

  test.each([
    "$\\frac{a$",
    "$\\unknowncommand x$",
    "$$\\begin{x}$$",
    "$a\u202eb$",
    `$${"x".repeat(6000)}$`,
  ])("%s stays its source", (source) => {
    drawn(source);
    expect(host.querySelector("math")).toBeNull();
    expect(host.textContent).toBe(source.replace("\u202e", "U+202E"));
  });
});

describe("while it streams", () => {
  test("a formula shows its source until it is whole, without emphasis in it", () => {
    const markdown = view();
    const seen: string[] = [];
    for (const piece of "let $a_1*b_2*c$ be".match(/.{1,2}/g) ?? []) {
      markdown.append(piece);
      markdown.paint();
      expect(host.querySelector("em")).toBeNull();
      seen.push(host.querySelector("math") ? "typeset" : (host.textContent ?? ""));
    }
    expect(seen.filter((text) => text.includes("$a")).at(-1)).toBe("let $a_1*b_2*c");
    expect(seen.at(-1)).toBe("typeset");
  });

  test("what is typeset isn't drawn again by what follows", () => {
    const markdown = view();
    const feed = (piece: string) => {
      markdown.append(piece);
      markdown.paint();
    };
    feed("so $x$ is");
    const math = host.querySelector("math");
    for (let i = 0; i < 20; i++) feed(` more and $y_${i}$`);
    feed("\n\nand more\n\n");
    expect(math).not.toBeNull();
    expect(host.querySelector("math")).toBe(math);
  });

  test("a formula that turns out to be a price is text again", () => {
    expect(drawn("from $x$", "5 on").textContent).toBe("from $x$5 on");
    expect(host.querySelector("math")).toBeNull();
  });

  test("a block is typeset as it closes, and what was settled is left alone", () => {
    const markdown = view();
    markdown.append("# Title\n\ntext\n$$\n- a\n\\\\\n- b");
    markdown.paint();
    const title = host.querySelector("h1");
    expect(host.querySelector(".pw-maths")?.textContent).toBe("$$\n- a\n\\\\\n- b");
    expect(host.querySelector("ul")).toBeNull();
    markdown.append("\n$$\n\nend");
    markdown.paint();
    expect(host.querySelectorAll("math")).toHaveLength(1);
    expect(host.querySelector("h1")).toBe(title);
  });
});

describe("what a hostile formula can't do", () => {
  const hostile = [
    "\\href{javascript:alert(1)}{x}",
    "\\url{https://x.example}",
    "\\includegraphics{https://x.example/a.png}",
    "\\htmlClass{pw-button}{x}",
    "\\class{pw-button}{x}",
    "\\style{position:fixed}{x}",
    "\\id{a}{x}",
    "\\data{a=b}{x}",
    "\\label{a}\\ref{a}",
    "\\def\\a{\\a\\a}\\a",
    "\\def\\a#1{#1#1#1#1#1#1#1#1}\\a{\\a{\\a{\\a{\\a{\\a{x}}}}}}",
    "{".repeat(2400) + "}".repeat(2400),
    "\\text{<img src=x onerror=alert(1)>}",
    "\\rule{1000em}{1000em}\\hspace{1000em}x\\kern-100em y\\raisebox{100em}{z}",
    "\\mathllap{\\rule{90em}{90em}}",
    "\\color{white}hidden\\colorbox{red}{x}",
    "\\text{</math><script>alert(1)</script>}",
    "\\unicode{x202e}",
    '\\char"202E',
  ];

  test.each(hostile)("%s", (tex) => {
    const math = typeset(`$$${tex}$$`);
    const found = math === null ? [] : every(math);
    for (const el of found) {
      expect(["http://www.w3.org/1998/Math/MathML", "http://www.w3.org/1999/xhtml"]).toContain(
        el.namespaceURI,
      );
      expect(el.localName).toMatch(/^(?:m[a-z]+|span)$/);
      for (const { name, value } of el.attributes) {
        expect(name).not.toMatch(/^(?:on|href|src|id|data|xlink)|color|background/);
        expect(value).not.toMatch(/url|:\/\/|script|pw-/);
        for (const [size] of value.matchAll(/-?[\d.]+(?=em|width)/g)) {
          expect(Number(size)).toBeGreaterThanOrEqual(-2);
          expect(Number(size)).toBeLessThanOrEqual(20);
        }
      }
    }
    expect(found.length).toBeLessThanOrEqual(4001);
  });

  test.each(['\\char"202E x', "\\text{\\char`\\x}\\char8238"])(
    "%s doesn't turn letters around",
    (tex) => {
      expect(typeset(`$a${tex}$`)?.textContent ?? "").not.toContain("\u202e");
    },
  );

  test("of styles, modest room and lines get through", () => {
    const asked = {
      padding: "3pt",
      borderRight: "0.06em solid",
      paddingLeft: "0em",
      width: "100%",
    };
    const not = {
      color: "#ff0000",
      position: "absolute",
      marginLeft: "-100em",
      paddingTop: "900px",
      borderBottom: "url(x)",
    };
    expect(modest({ ...asked, ...not })).toEqual(asked);
  });
});

const FILE = join(import.meta.dirname, "../../../tests/formulas.json");
const kinds: Record<string, [string, string, string | null][]> = JSON.parse(
  readFileSync(FILE, "utf8"),
);

describe.each(Object.entries(kinds))("%s", (_, cases) => {
  test.each(cases)("%s is %s", (source, page) => {
    const math = typeset(source);
    // of what is drawn here, only a box begins with the size of a line
    const isFramed = math?.querySelector("mrow[scriptlevel], [notation=box]");
    expect(math === null ? "source" : isFramed ? "framed" : "drawn").toBe(page);
    expect(math?.querySelector("[linethickness='12.8571em']") ?? null).toBeNull();
  });
});

test("a high formula isn't cut off", () => {
  expect(mathsCss).not.toContain("max-height");
});

test("a text that nobody draws leaves nothing to the next one", () => {
  const quiet = new MarkdownView(document.createElement("div"));
  quiet.append("a $x$ b\n\n");
  quiet.paint();
  const told: HTMLElement[] = [];
  const view = new MarkdownView(host, { drawn: (elements) => told.push(...elements) });
  view.append("c $y$ [1]\n\n");
  view.paint();
  expect(told.map(({ textContent }) => textContent)).toEqual(["$y$"]);
  view.cite(["1"]);
  expect(told.map(({ textContent }) => textContent)).toEqual(["$y$", "$y$"]);
});
