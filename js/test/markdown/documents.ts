import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Documents that between them use every construct, each with the line that makes it hard. */
export const documents: Record<string, string> = {
  empty: "",
  blank: "\n\n  \n",
  paragraph: "Hello there, world.",
  twoParagraphs: "One\ntwo\n\nThree\n",
  headings: "# One\n## Two ##\n### Three\n\n#### 4\n##### 5\n###### 6\n####### not\n#not\n",
  setext: "Title\n===\n\nSub\ntitle\n---\ntext\n- - -\nmore\n***\n",
  setextLate: "a paragraph\nof two lines\n====\nnext\n----------\n",
  emphasis:
    "a *b* **c** ***d*** _e_ __f__ ~~g~~ *i **j** k* snake_case_name 2 * 3 * 4 **un closed\n",
  emphasisHard:
    "**a*b*c** *a**b**c* __x_y__ **bold\nover lines** a*b*c *foo [bar*](/x) `*code*`*\n",
  emphasisOpen: "some **bold and `code and [link](http://exa",
  strikethrough: "~a~ ~~b~~ ~~c~ 3~5, 6~7 ~~（d）~~e ~~~f~~~ ~~g\n",
  emphasisCjk:
    "**注意（重要）：**请先。这是**“引用”**的 *「a」*b **c**。**d。**e __（f）__g a**。**b **（x\n",
  autolinksCjk:
    "见https://a.example/x。然后www.b.example/ü）和me@c.example，http://d.example/（e） https://世.example www.f.example&lt;\n",
  lineEnds: `one\ntwo\n\n${"wrapped words ".repeat(6)}\n${"and more of them ".repeat(5)}\nthe end\n\n${"long lines ".repeat(7)}\n${"kept ends ".repeat(8)}\nshort\nend\n\n- ${"in an item ".repeat(7)}\n  ${"in an item ".repeat(6)}\n  end\n\n${"two lines are kept ".repeat(4)}\nend\n\n• ${"a list by signs ".repeat(5)}\n• ${"a list by signs ".repeat(5)}\n• end\n`,
  htmlTags:
    "H<sub>2</sub>O x<SUP>2</sup> <kbd>*Ctrl*</kbd><br>a<br/> \nb<br />\n\n<br>\n<sub>low</sub> **<sup>b**</sup> <sub>open </kbd> <kbd><kbd><kbd><kbd><kbd>deep</kbd></kbd></kbd></kbd></kbd> <sub a=1>c</sub>\n\n| a<br>b |\n|---|\n| <sub>c</sub> |\n",
  footnotes:
    "A claim.[^1] Another[^b], `[^1]` ![^1] [^none] [x][^1] [[^1]](https://a.example)\n[^1]: The *first* note.\n[^b]: The second,\n    in two lines [^1].\n\n    code\n\ntext\n[^c]: # c\n- item[^c]\n  [^d]: in it[^d]\n\n> [^e]: e\n\nend[^e] [^B]\n[^1]: again\n\n[^f]:\n[^g]: |\n[^h]: ```\nx\n",
  alerts:
    "> [!WARNING]\n> Take *care*.\n\n> [!note]\n>\n> - a\n\n> [!TIP]\n\n> [!Tip] not\n\n> [!OTHER]\n> x\n\n> [!CAUTION]  \n> # h\n> > [!IMPORTANT]\n> > [a]\n\n[a]: https://a.example\n",
  codeSpans: "`a` ``b ` c`` ` ` `` ` `` `unclosed\nline` end `open",
  escapes: "\\*not\\* \\# \\\\ \\` \\[x\\](y) \\& a\\\nb \\a",
  entities:
    "&amp; &lt;b&gt; &copy; &#65; &#x1F600; &nosuch; &amp;lt; &#0; AT&T & &#38;lt; `&amp;`\n",
  hardBreaks: "one  \ntwo\\\nthree\nfour  \n\nfive  ",
  links:
    '[a](https://a.example/x "t") [b](<https://b.example/with space>) [c](/rel) [d](javascript:alert(1)) [](https://e.example)\n',
  linksNested:
    "[a [b] c](https://a.example) [![alt](https://i.example/x.png)](https://l.example) [x [y](https://y.example) z](https://z.example)\n",
  autolinks:
    "https://a.example/x?y=1&z=2. www.b.example, <https://c.example> me@d.example <me@e.example> (https://f.example/(g)) ftp://h.example\n",
  images:
    "![a](https://i.example/a.png) ![*b*](data:image/png;base64,AAAA) ![c](javascript:x) ![d][ref]\n\n[ref]: https://i.example/d.png\n",
  referenceEarly: "[a]: https://a.example\n\nsee [a], [text][a], [A][], [nope]\n",
  referenceLate:
    "see [a] and [b][A] and [c]\n\n- item [a]\n- x\n\n| h [a] |\n|---|\n| c [a] |\n| d |\n\n> q [a]\n\n# h [a]\n\n[a]: https://a.example 'title'\n\nend [a]\n",
  referenceTwice: "[x]\n\n[x]: https://one.example\n[x]: https://two.example\n\n[x]\n",
  referenceTitleLine:
    '[x]: https://one.example\n"the\ntitle"\n\n[y]: https://two.example\n"not closed\n\n[x] [y]\n',
  referenceOpenTitle: '[x]: https://one.example "never\n\nclosed [x]\n\n"\n',
  referenceInItem:
    "[deep]\n\n- a\n\n  [deep]: https://deep.example\n\n- b [deep]\n\n> [q]: https://q.example\n\n[q]\n",
  referenceNotOne: "[x]\n\n[x]: https://one.example tail\n\n[x]: <broken\n\ntext\n",
  referenceOpenBracket: "[ok]\n\n[fo\no]: /url\n\n[ok]: https://ok.example\n",
  listTight: "- a\n- b\n- c\n",
  listLoose: "- a\n\n- b\n\n- c\n",
  listTurnsLoose: "- a\n- b\n- c\n- d\n\n- e\n- f\n",
  listLooseInside: "- a\n- b\n\n  second\n- c\n",
  listNested: "- a\n  - b\n    - c\n      d\n  - e\n- f\n\n    g\n",
  listOrdered: "3. a\n4. b\n1) c\n2) d\n\n10. e\n",
  listMarkers: "- a\n+ b\n* c\n- - d\n- * e\n-\n- f\n",
  listLazy: "- a\nlazy\n  more\n- b\n\nnot lazy\n",
  listEmpty: "-\n- a\n-\n\n- b\n1.\n2. c\n",
  listInterrupts: "text\n- a\n- b\ntext\n1. c\ntext\n2. d\n",
  listThenCode: "- a\n\n      code\n\n- b\n\n    still b\n\n        code\nafter\n",
  listFence: "1. a\n   ```py\n   x = 1\n\n   y = 2\n   ```\n2. b\n   ~~~\n   open\n",
  listQuote: "- > a\n  > b\n- c\n  > d\n\n  > - e\n",
  listTable: "- | a | b |\n  |---|---|\n  | 1 | 2 |\n- c\n",
  listHeading: "- # a\n  text\n- b\n  ---\n- c\n\n# out\n",
  listHr: "- a\n- - -\n- b\n***\n* c\n",
  tasks: "- [ ] a\n- [x] b\n- [X] **c**\n- [] d\n- [ ]\n  e\n\n1. [x] f\n",
  tasksLoose: "- [ ] a\n\n- [x] b\n\n  c\n- d\n",
  listThenList: "- a\n\n\n- b\n\n1. c\n\n- d\n  1. e\n  2. f\n",
  listTabs: "-\ta\n\t- b\n\t\tc\n- \td\n",
  fence: "```\ncode\n```\n",
  fenceLanguage: '```python title="x"\nprint("**no**")\n\n\n# no heading\n```\nafter\n',
  fenceLong: "````md\n```\ninner\n```\n````\n~~~~ x\n~~~\n~~~~~\ntext",
  fenceOpen: "text\n```js\nlet a = 1;\n\n\n",
  fenceEmpty: "```\n```\n\n```\n\n```\n```\n\n\n```\n```x\n",
  fenceIndented: "  ```\n  a\n    b\n c\n  ```\n   ~~~\n   x\n   ~~~   \nend",
  fenceNotClosed: "```\na\n    ```\n``\n```x\n```\t\nb\n```\n",
  fenceHidden: "```\na\u202eb\n\u200bc\nd\u200b\ne\n```\n",
  codeIndented: "    a\n\n    b\n\ttab\ntext\n    not code\n\n\n    c\n\n\n",
  quote: "> a\n> b\nlazy\n\n> c\n\nd\n",
  quoteNested: "> a\n>> b\n> > c\n> d\n>\n> e\n",
  quoteBlocks: "> # h\n> - a\n> - b\n>\n> ```\n> code\n> ```\n> | a |\n> |---|\n> | 1 |\nend\n",
  quoteLazyEnds: "> ```\nnot code\n\n> # h\ntext\n> - a\nlazy\n> ---\nx\n===\n",
  quoteSetext: "> a\n---\n> b\n===\n> c\n> ---\n",
  quoteTabs: ">\ta\n>\t\tcode\n> \tb\n",
  table: "| a | b | c |\n|:--|:-:|--:|\n| 1 | 2 | 3 |\n| 4 | 5 |\n| 6 | 7 | 8 | 9 |\n\nafter\n",
  tableBare: "a | b\n--|--\n1 | 2\n3\n> quote\n",
  tableAfterText: "text\n| a | b |\n|---|---|\n| **1** | `x\\|y` |\ntext is a row\n# heading\n",
  tableOne: "| a |\n|---|\n\n| b |\n| not |\n\na\n:-:\n",
  tableNot: "| a | b |\n|---|\n| 1 | 2 |\n\n| a\n| - b\n",
  tableTabs: "| a | b |\n|---|---|\n\t\n| 1 | 2 |\n\t\n",
  tableInterrupted:
    "| a |\n|---|\n| 1 |\n- list\n\n| a |\n|---|\n| 1 |\n```\ncode\n```\n| a |\n|---|\n<div>\n",
  htmlBlock: "<div>\n**not bold**\n\n</div>\n\n<p>x</p> y\ntext\n<span>\n",
  htmlComment: "<!-- a\n\nb -->\n\ntext <!-- c --> d\n\n<!-- open\n\ntext\n",
  htmlScript: "<script>\nalert(1)\n\n**x**\n</script>\ntext\n\n<style>\n\n\n",
  htmlInline:
    'a <b>bold</b> <a href="x">https://l.example</a> <img src=x onerror=alert(1)> <code>&#65;</code> <br/> < b\n',
  htmlOpenAnchor: "a <a href='x'> b\n\nhttps://after.example\n\n- https://item.example\n",
  htmlAfterText: "text\n<b>\nmore\n\n<b>\n- x\n\n<custom-tag a='b'>\n\ntext\n",
  htmlOther: "<?php\n\n?>\n<!DOCTYPE html>\n<![CDATA[\n\n]]>\ntext\n",
  crlf: "# a\r\n\r\ntext\r\n- b\r\n- c\r\rd\r\n```\r\ncode\r\n```\r\n",
  tabs: "\ta\n\n \tb\n\n- \tc\n\n\td\n",
  rules: "---\n***\n_ _ _\n--\n* * *\ntext\n\n--- -\n",
  hidden:
    "a\u202eb \u200bzero\u200d 👩‍👩‍👧 ❤️ نمی‌خواهم क्‍ष \u{e0041} [\u202ex](https://h.example) `\ufeff` \ud83d\n",
  emoji: "😀 **😀** a😀\n- 👍🏽\n",
  rtl: "مرحبا **بالعالم**\n\n- שלום\n",
  proto: "[__proto__] [constructor]\n\n[__proto__]: https://p.example\n\n[constructor][toString]\n",
  mixed:
    "# Report\n\nIntro **text** with `code` and [link](https://a.example).\n\n1. First:\n   - sub *one*\n   - sub two\n\n   para\n2. Second\n\n| k | v |\n|---|--:|\n| a | 1 |\n\n```sql\nSELECT 1;\n```\n\n> quote\n> - list\n\nDone.\n",
  trailing: "text \n \n  \n\t\nmore   \n   ",
  deep: `${"> ".repeat(45)}deep\n\n${"*a **b ".repeat(30)}\n`,
  mathsInline:
    "Let $a_1 * b_2$ be *the $x*y$ norm*, \\(c_*\\) and \\[ d^* \\] in **bold $e**$ f**.\n",
  mathsPrices:
    "From $5 to $10, or $5-$10, US$20 and 30$; $ 5$ is none, nor is $5 $, \\$6$ nor 5$, then 6$ more.\n",
  mathsCode: "`$a$` and $`b`$ and ``$ ` *c*`` $d$ `$` *e* `$`\n",
  mathsBlock:
    "text\n$$\n- a_1\n+ b\n= c\n\\begin{x}\n> d\n# e\n|f|\n$$\nmore\n\n\\[\na\n===\nb\n\\].\nend\n\n$$ g $$\n\n$$h$$ and $$i$$ in a line\n",
  mathsOpenBlock: "text\n$$\n- a\n\n- b\n\n$$\nnever *closed*\n\n\\[ x\n- y\n\nend $z *w*\n",
  mathsInList:
    "1. Formula:\n   $$\n   - x\n   $$\n2. $a$ and\n\n   \\[\n   b\n   \\]\n\n> $$c_1\n> - d$$ and\n> $e$\n\n| $f$ | g |\n|---|---|\n| \\(h\\) | $i |\n",
  mathsAfterHeadings: "text\n$$\na\n=\nb\n$$\n---\n\n# $h$\n\ntitle $t$\n===\n\n    $$ code $$\n",
  mathsEscapes: "\\\\(a\\\\) \\$b$ \\\\[c\\\\] \\[x\\](y) $d\\$ e$ $$\\$$$ \\(f\n",
  mathsEnvironments:
    "We get\n\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}\n\nwith $A = \\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}$, \\begin{cases} a*b \\\\ c*d \\end{cases} and \\begin{x} never\n\n\\begin{y}\nopen\n\n\\end{y}\n",
  mathsFences:
    "```math\n\\frac{a}{b}\n```\n\n- x\n\n  ~~~math\n  a\n\n  b\n  ~~~\n\n> ```math\n> c\n> ```\n\n$`x^2`$ and 5$`y`$ and $`z\n\n```math\nopen\n",
  mathsGlued:
    "It decomposes as$$\n\\mathbf{6} = \\mathbf{3}\n$$with prose. Revenue ($) and cost ($).\n\n- as$$\n  x*y*\n  $$with\n- b$$\n  c\n\n5$$ is odd\n$$\nx\n$$\n\nas `$$` so\n$$\ny\n$$\n",
  mathsBehindCode: "Use $old and `$new`, \\( or `\\)`, $$ and `$$`; ($5) is (US$), [$] or {$}.\n",
  citations:
    "Tides [1] and sun [2][1], not [3], `[1]`, [1](https://a.example), [see [1]](https://b.example) ![1] \\[1] [1]\n\n- item [2]\n\n| a [1] |\n|---|\n| b [2] |\n\n# h [1]\n\n> q [1]\n\n[2]: https://two.example\n",
  citationsOpen: "a [1] **b [2] c** [1\n\n[1] [2\n",
  ...long(),
};

/** Long enough that lists, tables, listings and paragraphs settle and are drawn in parts. */
function long(): Record<string, string> {
  const times = (count: number, make: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => make(i)).join("");
  const words = (count: number) =>
    times(count, (i) => (i % 9 ? `word${i} ` : `**bold ${i}** and `));
  return {
    longList: `${times(90, (i) => `${i + 5}. item ${i} [a]\n`)}\n100. loose\n\n[a]: https://a.example\n`,
    longNested: times(40, (i) => `- item ${i}\n  1. sub\n  2. sub *x*\n`),
    longTable: `| n | v |\n|---|--:|\n${times(230, (i) => `| ${i} [a] | ${"x".repeat(i % 60)} |\n`)}end\n\n[a]: https://a.example\n`,
    longTableExact: `a | b\n--|--\n${times(100, (i) => `${i} | x\n`)}`,
    longFence: `\`\`\`js\n${times(400, (i) => `const value${i} = "${i}\u200b";\n${i % 7 ? "" : "\n"}`)}\`\`\`\nend\n`,
    longFenceOpen: `  ~~~\n${times(300, (i) => `  line ${i} of it\n`)}\n\n`,
    longFenceBlank: `\`\`\`\n${times(2, () => `${"x".repeat(2047)}\n`)}\n  \`\`\`\nend\n`,
    longLine: `\`\`\`\n${words(900)}\nnext\n${words(700)}\n`,
    longCodeLine: `\`\`\`\n${"x = 1;".repeat(100)}\n${"y = 22; ".repeat(4500)}\n${"z\n".repeat(2000)}\`\`\`\nend\n`,
    longParagraph: `${words(400)}\n${words(300)} [a] and **more\n${words(90)}\n\n[a]: https://a.example\n`,
    longHeading: `${words(70)}\n${words(20)}\n===\n${words(100)}\n---\n`,
    longNoHeading: `${words(300)}\n${words(20)}\n===\n${words(150)}\n---\n`,
    longHeader: `${words(300)}\n${words(100)}\n:---\nrow\n`,
    longText: `${times(50, (i) => `## ${i}\n\ntext [a]\n\n${i % 5 ? "" : "- x\n"}`)}[a]: https://a.example\n`,
    longMaths: `${times(60, (i) => `word ${i} and $x_{${i}}*y$ with **bold** text, `)}\n\n${times(40, (i) => `$$\na_${i}\n$$\n`)}end\n`,
    longWrapped: times(
      3,
      (k) =>
        `${times(60, (i) => `${k ? "wrapped" : "lines kept"} ${i} of ${"some more words ".repeat(3 + ((i * 7) % 3) / 2)}\n`)}end\n\n`,
    ),
    longNotes: `${times(30, (i) => `word[^${i}] and ${"more ".repeat(8)}`)}\n\n${times(30, (i) => `[^${i}]: note ${i}\n`)}`,
    longQuote: times(300, (i) => `> line ${i} *x*\n`),
  };
}

const HOSTILE = join(import.meta.dirname, "../../../tests/hostile");

/** The short ones of the hostile texts: what a model writes to deceive is markdown too. */
export const hostile: Record<string, string> = Object.fromEntries(
  readdirSync(HOSTILE)
    .filter((file) => file.endsWith(".json"))
    .flatMap((file) => JSON.parse(readFileSync(join(HOSTILE, file), "utf8")))
    .filter(({ text, where }) => where === "answer" && typeof text === "string")
    .map(({ name, text }) => [name, text.replaceAll(/%URL%|%HOST%/g, "http://h.example")])
    .filter(([, text]) => text.length <= 200),
);
