import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type MarkdownOptions, MarkdownView } from "../../src/markdown/index";
import { shape } from "./reference";

let host: HTMLElement;
beforeEach(() => {
  host = document.createElement("div");
  document.body.appendChild(host);
});
afterEach(() => host.remove());

function show(text: string, options?: MarkdownOptions): MarkdownView {
  const view = new MarkdownView(host, options);
  view.append(text);
  view.finish();
  view.paint();
  return view;
}

function feed(view: MarkdownView, ...pieces: string[]): void {
  for (const piece of pieces) {
    view.append(piece);
    view.paint();
  }
}

describe("what has been painted", () => {
  test("append only buffers", () => {
    const view = new MarkdownView(host);
    view.append("text");
    expect(host.childNodes).toHaveLength(0);
    view.paint();
    expect(host.textContent).toBe("text");
  });

  test("text grows in the same node", () => {
    const view = new MarkdownView(host);
    feed(view, "Hello");
    const node = host.querySelector("p")?.firstChild;
    feed(view, " there", ", world", " **bold");
    expect(host.querySelector("p")?.firstChild).toBe(node);
    expect(node?.nodeValue).toBe("Hello there, world ");
  });

  test.each([
    ["a listing", "```\n", "line of code\n", "code span"],
    ["a paragraph", "start ", "some more words here ", "p"],
  ])("%s grows in the same node however long it gets", (_, head, piece, selector) => {
    const view = new MarkdownView(host);
    feed(view, head, piece);
    const node = host.querySelector(selector)?.firstChild;
    for (let i = 0; i < 150; i++) feed(view, piece);
    expect(host.querySelector(selector)?.firstChild).toBe(node);
    expect(node?.nodeValue?.length).toBeGreaterThan(150 * piece.length - 20);
  });

  const line = `${"some words that fill a line ".repeat(3).trim()}\n`;

  test.each([
    ["short lines", "one\ntwo\nthree\n", 0],
    ["two long lines", line + line, 0],
    ["long lines that look wrapped", line.repeat(5), 1],
    ["long lines, one of which is short", `${line}short\n${line}`, 0],
  ])("%s change how they flow %s", (_, text, times) => {
    const view = new MarkdownView(host);
    let changes = 0;
    let last = "";
    for (const char of text) {
      feed(view, char);
      const now = host.querySelector("p")?.className ?? "";
      changes += Number(now !== last);
      last = now;
    }
    expect(changes).toBe(times);
  });

  test("settled blocks are never touched again", async () => {
    const view = new MarkdownView(host);
    feed(view, "# Title\n\nfirst *paragraph*\n\n- a\n- b\n- c\n\nopen");
    const settled = Array.from(host.children).slice(0, 2);
    const items = Array.from(host.querySelectorAll("li")).slice(0, 2);
    const seen: MutationRecord[] = [];
    const observer = new MutationObserver((records) => seen.push(...records));
    for (const node of [...settled, ...items]) {
      observer.observe(node, { subtree: true, childList: true, characterData: true });
    }
    for (let i = 0; i < 50; i++) feed(view, ` more\n\n## ${i}\n\nand`);
    await Promise.resolve();
    observer.disconnect();
    expect(seen).toEqual([]);
    expect(Array.from(host.children).slice(0, 2)).toEqual(settled);
  });

  test("a late definition paints exactly the texts that use its label", () => {
    const view = new MarkdownView(host);
    feed(view, "uses [one]\n\nuses [two]\n\n- item [one]\n- other\n\n", "end\n\n");
    const [one, two] = Array.from(host.querySelectorAll("p"), (p) => p.firstChild);
    feed(view, "[one]: https://one.example\n\n", "x");
    expect(host.querySelectorAll("a")).toHaveLength(2);
    expect(host.querySelectorAll("p")[0]?.firstChild).not.toBe(one);
    expect(host.querySelectorAll("p")[1]?.firstChild).toBe(two);
  });

  test("a list that turns loose keeps its items", () => {
    const view = new MarkdownView(host);
    feed(view, "- a\n- b\n- c\n");
    const items = Array.from(host.querySelectorAll("li"));
    feed(view, "\n- d\n", "- e\n");
    expect(host.querySelector("ul")?.className).toBe("pw-loose");
    expect(Array.from(host.querySelectorAll("li")).slice(0, 3)).toEqual(items);
  });

  test("reset shows the new text and forgets definitions", () => {
    const view = show("[a]\n\n[a]: https://a.example");
    view.reset("[a] again");
    view.paint();
    expect(host.childNodes).toHaveLength(1);
    const [only] = host.children;
    expect([only?.tagName, only?.textContent]).toEqual(["P", "[a] again"]);
    expect(host.querySelector("a")).toBeNull();
  });

  test("destroy leaves nothing behind", () => {
    const view = show("# text\n\n```\ncode\n```");
    view.destroy();
    expect(host.childNodes).toHaveLength(0);
    expect(host.className).toBe("");
  });

  test("text may go on after finish", () => {
    const view = show("one");
    feed(view, "\n\ntwo");
    expect(host.textContent).toContain("two");
  });
});

describe("an unfinished end", () => {
  const painted = (text: string): string => {
    feed(new MarkdownView(host), text);
    return shape(host)
      .replace(/ dir="\w+"/g, "")
      .slice(5, -3);
  };

  test.each([
    ["a **bold", "<p>a <strong>bold</></>"],
    ["a **bold*", "<p>a <strong>bold</></>"],
    ["a **bold**", "<p>a <strong>bold</></>"],
    ["a **bold** and *it", "<p>a <strong>bold</> and <em>it</></>"],
    ["a **bold *both", "<p>a <strong>bold <em>both</></></>"],
    ["a **", "<p>a </>"],
    ["a ***both", "<p>a <em><strong>both</></></>"],
    ["a _it", "<p>a <em>it</></>"],
    ["snake_case", "<p>snake_case</>"],
    ["2 * 3", "<p>2 * 3</>"],
    ["a `code", "<p>a <code>code</></>"],
    ["a `", "<p>a </>"],
    ["a ~~gone", "<p>a <del>gone</></>"],
    ["a [link](https://exa", "<p>a link</>"],
    ["a [link", "<p>a link</>"],
    ["a ![alt](https://exa", "<p>a alt</>"],
    ["see [1", "<p>see [1</>"],
    ["- a\n- **b", "<ul><li><p>a</></><li><p><strong>b</></></></>"],
    ["- a\n-", "<ul><li><p>a</></></>"],
    ["text\n-", "<p>text</>"],
    ["text\n==", "<p>text</>"],
    ["- [ ", ""],
    ["> **q", "<blockquote><p><strong>q</></></>"],
    ["# **h", "<h1><strong>h</></>"],
    ["done **x\n\n", "<p>done **x</>"],
    ["H<sub>2", "<p>H<sub>2</></>"],
    ["H<su", "<p>H</>"],
    ["a <kbd>b</", "<p>a <kbd>b</></>"],
    ["so \\begin{x} a*b", "<p>so \\begin{x} a*b</>"],
  ])("%j", (text, wanted) => {
    expect(painted(text)).toBe(wanted);
  });

  test.each(["| a | b", "| a | b |\n", "| a | b |\n|", "| a | b |\n|--", "| a | b |\n|---|:-"])(
    "%j is a table at once",
    (text) => {
      expect(painted(text)).toContain("<th>b</>");
      expect(host.querySelectorAll("td, p")).toHaveLength(0);
    },
  );

  test("a fence is a code block from its first line", () => {
    expect(painted("```py\nx = 1\n``")).toContain("x = 1</>");
    expect(host.querySelector("code")?.textContent).toBe("x = 1");
  });

  test("what looks like a table row in a listing stays as it is", () => {
    painted("```\n| a | b |");
    expect(host.querySelector("code")?.textContent).toBe("| a | b |");
  });
});

describe("safety", () => {
  test.each([
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java&#10;script:alert(1))",
    "[a](data:text/html,x)",
    "[a](vbscript:x)",
    "[a](file:///etc/passwd)",
    "[a](/relative)",
    "[a](//host.example/x)",
    "[a][r]\n\n[r]: javascript:alert(1)",
    "<javascript:alert(1)>",
  ])("%j is no link, and says where it wanted to lead", (text) => {
    show(text);
    expect(host.querySelector("a")).toBeNull();
    expect(host.textContent).toMatch(/script|data|file|rel|host/i);
  });

  test.each([
    ["[https://good.example](https://evil.example)", "evil.example"],
    ["[good.example](https://good.example.evil.example)", "good.example.evil.example"],
    ["[https://good.example@x](https://good.example@evil.example)", "evil.example"],
    ["[https://аpple.com](https://аpple.com)", "xn--pple-43d.com"],
    ["[click](https://evil.example)", "evil.example"],
    ["[me@good.example](mailto:me@evil.example)", "me@evil.example"],
  ])("%s shows %s", (text, wanted) => {
    show(text);
    expect(host.querySelector(".pw-link-host")?.textContent).toBe(` (${wanted})`);
    expect(host.querySelector("a")?.rel).toBe("noopener noreferrer nofollow");
  });

  test.each(["https://a.example/x", "[a.example/x](https://a.example/x)", "<me@a.example>"])(
    "%s needs no host beside it",
    (text) => {
      show(text);
      expect(host.querySelector("a")).not.toBeNull();
      expect(host.querySelector(".pw-link-host")).toBeNull();
    },
  );

  test("HTML is text", () => {
    const text =
      '<img src=x onerror=alert(1)>\n\na <b style="x">b</b> <script>x</script>\n\n<iframe src=x>\n';
    show(text);
    expect(host.querySelectorAll("img, b, script, iframe")).toHaveLength(0);
    expect(host.textContent).toContain("<img src=x onerror=alert(1)>");
  });

  test("an image loads only when asked for", () => {
    show("![a cat](https://i.example/cat.png)");
    expect(host.querySelector("img")).toBeNull();
    expect(host.querySelector(".pw-img-chip")?.textContent).toBe("a cati.example" + "Load image");
    host.querySelector<HTMLElement>(".pw-img-load")?.click();
    const image = host.querySelector("img");
    expect(image?.getAttribute("src")).toBe("https://i.example/cat.png");
    expect(image?.getAttribute("referrerpolicy") ?? image?.referrerPolicy).toBe("no-referrer");
  });

  test.each(["javascript:x", "data:image/svg+xml,<svg>", "/x.png", "ftp://x.example/y"])(
    "an image from %s can't be loaded",
    (href) => {
      show(`![x](<${href}>)`);
      expect(host.querySelector("button")).toBeNull();
    },
  );

  test("nesting has an end, and its text stays", () => {
    show(
      `${"> ".repeat(3000)}deep\n\n${"- ".repeat(2000)}low\n\n${"*a ".repeat(300)}x${"*".repeat(300)}`,
    );
    let depth = 0;
    for (let node = host.querySelector("blockquote"); node; depth++)
      node = node.querySelector("blockquote");
    expect(depth).toBeLessThanOrEqual(40);
    expect(host.textContent).toContain("deep");
    expect(host.textContent).toContain("low");
  });

  test.each([200, 201])("a table of %i columns", (columns) => {
    show(`${"|a".repeat(columns)}|\n${"|-".repeat(columns)}|\n`);
    expect(host.querySelectorAll("th")).toHaveLength(columns > 200 ? 0 : columns);
    expect(host.textContent?.match(/a/g)).toHaveLength(columns);
  });

  test("a table has an end: what would be more cells is text", () => {
    show(`${"|a".repeat(200)}|\n${"|-".repeat(200)}|\n${"b\n".repeat(300)}`);
    expect(host.querySelectorAll("td")).toHaveLength(40_000);
    expect(host.textContent?.match(/b/g)).toHaveLength(300);
  });

  test.each([1, 7, 1000])("a text has an end, which says what is left out: by %i", (size) => {
    const view = new MarkdownView(host);
    const text = `${"!".repeat(99_990)}${"ab".repeat(90)}${"!".repeat(20)}`;
    const at = 99_980;
    feed(view, text.slice(0, at), ...(text.slice(at).match(new RegExp(`.{1,${size}}`, "g")) ?? []));
    const note = "19 more characters not shown: read them in Python.";
    expect(host.lastElementChild?.textContent).toBe(note);
    expect(host.textContent).toHaveLength(99_990 + 180 + 1 + note.length);
    feed(view, "more");
    expect(host.lastElementChild?.textContent).toBe(note.replace("19", "23"));
    view.reset("again");
    view.paint();
    expect(host.textContent).toBe("again");
  });

  test("the language of a listing is text of limited length", () => {
    show(`\`\`\`${"x".repeat(500)}" onclick="y\n1\n\`\`\``);
    expect(host.querySelector(".pw-code-lang")?.textContent).toBe("x".repeat(32));
  });

  test("an image in a link keeps its button out of it", () => {
    show(
      "[![alt](https://i.example/x.png)](https://l.example) [a **b ![c](https://j.example)**](https://k.example)",
    );
    expect(host.querySelector("a button, button a")).toBeNull();
    const links = Array.from(host.querySelectorAll("a"), ({ href, textContent }) => [
      href,
      textContent,
    ]);
    expect(links).toEqual([
      ["https://l.example/", "l.example"],
      ["https://k.example/", "a "],
    ]);
    host.querySelector<HTMLElement>(".pw-img-load")?.click();
    expect(host.querySelector("img")?.alt).toBe("alt");
    expect(host.querySelector("a img")).toBeNull();
  });

  test("an alert looks like no other thing of its name", () => {
    const kinds = ["note", "tip", "important", "warning", "caution"];
    show(`a[^1]\n\n[^1]: b\n\n${kinds.map((kind) => `> [!${kind}]\n> c`).join("\n\n")}`);
    const alerts = Array.from(host.querySelectorAll("blockquote"), ({ className }) => className);
    expect(alerts).toEqual(kinds.map((kind) => `pw-alert pw-is-${kind}`));
    expect(host.querySelectorAll(".pw-note").length).toBe(1);
  });

  test("tasks are no form controls", () => {
    show("- [x] done\n- [ ] open");
    expect(host.querySelectorAll("input, button")).toHaveLength(0);
    expect(host.querySelector("[aria-label=done]")).not.toBeNull();
  });

  test("hidden characters are marked, also in code and links", () => {
    show("a\u202eb `c\u200bd` [e\u2066f](https://x.example)\n\n```\ng\u{e0041}h\n```");
    expect(Array.from(host.querySelectorAll(".pw-hidden-char"), (e) => e.textContent)).toEqual([
      "U+202E",
      "U+200B",
      "U+2066",
      "U+E0041",
    ]);
  });
});

test("references to characters are decoded once, unknown ones stay", () => {
  show("&copy;&#10;&AMP;amp; &nosuch; &#x1F600; &lt;b&gt;", {});
  expect(host.textContent).toBe("©\n&amp; &nosuch; 😀 <b>");
});

test("a table stands at the side of its first letter", () => {
  show("| אזור | late |\n|---|---|\n| a | 1 |");
  expect(host.querySelector(".pw-table")?.getAttribute("dir")).toBe("rtl");
});

describe("the copy button", () => {
  test("copies the characters as they were written", async () => {
    const copy = vi.fn();
    show("```js\na\u200bb\n\nc\n```", { copy });
    const button = host.querySelector<HTMLElement>(".pw-code-copy");
    button?.click();
    expect(copy).toHaveBeenCalledWith("a\u200bb\n\nc");
    await Promise.resolve();
    expect(button?.textContent).toBe("Copied");
  });

  test("says so when it can't", async () => {
    show("```\nx\n```", { copy: () => Promise.reject(new Error("denied")) });
    const button = host.querySelector<HTMLElement>(".pw-code-copy");
    button?.click();
    await new Promise((resolve) => setTimeout(resolve));
    expect(button?.textContent).toBe("Select and copy by hand");
  });
});
