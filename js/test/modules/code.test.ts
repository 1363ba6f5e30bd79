import { beforeEach, describe, expect, test, vi } from "vitest";
import { MarkdownView } from "../../src/markdown";
import { drawers } from "../../src/markdown/vdom";
import { draw } from "../../src/modules/code";
import { grammar } from "../../src/modules/code/languages";

let host: HTMLElement;
beforeEach(() => {
  host = document.createElement("div");
  document.body.replaceChildren(host);
});

/** A text whose listings are drawn by the module from the start. */
const view = (): MarkdownView =>
  new MarkdownView(host, {
    drawn: (elements) => {
      for (const el of elements) if (!drawers.has(el)) draw(el, drawers);
    },
  });

const fence = (language: string, code: string) => `\`\`\`${language}\n${code}\n\`\`\`\n`;

/** What the page shows of the code: `[kind:text]` for each coloured piece. */
function shown(): string {
  const codes = host.querySelectorAll("code");
  const all = [...codes].flatMap((code) =>
    [...code.children].flatMap((part) => [...part.childNodes]),
  );
  return all
    .map((node) => {
      const kind = node instanceof HTMLElement ? node.className.replace("pw-t-", "") : "";
      return kind === "" ? node.textContent : `[${kind}:${node.textContent}]`;
    })
    .join("");
}

function drawn(text: string, size = text.length): string {
  host.replaceChildren();
  const markdown = view();
  for (let at = 0; at < text.length; at += size) {
    markdown.append(text.slice(at, at + size));
    markdown.paint();
  }
  markdown.finish();
  markdown.paint();
  return shown();
}

describe("what is coloured", () => {
  test.each([
    [
      "python",
      "def f(x):\n    return 'a' # b",
      "[keyword:def] [def:f](x):\n    [keyword:return] [string:'a'] [comment:# b]",
    ],
    [
      "sql",
      "SELECT count(*) FROM t WHERE a = 'x' -- c",
      "[keyword:SELECT] [type:count](*) [keyword:FROM] t [keyword:WHERE] a = [string:'x'] [comment:-- c]",
    ],
    ["json", '{"a": [1, null, "b"]}', '{[property:"a"]: [[number:1], [atom:null], [string:"b"]]}'],
    ["js", "const a = `x`; // b", "[keyword:const] [def:a] = [string:`x`]; [comment:// b]"],
    ["ts", "let a: string;", "[keyword:let] [def:a]: [type:string];"],
    [
      "bash",
      'for f in *; do echo "$f"; done',
      '[keyword:for] f [keyword:in] *; [keyword:do] [builtin:echo] [string:"][def:$f][string:"]; [keyword:done]',
    ],
    ["r", "f <- function(x) TRUE # c", "f <- [keyword:function](x) [atom:TRUE] [comment:# c]"],
    [
      "yaml",
      "a: 'b' # c\nd: &e true",
      "[property:a][meta:: ][string:'b'] [comment:# c]\n[property:d][meta:: ]&e true",
    ],
    ["html", "<a href='b'>c</a>", "<[keyword:a] [property:href]=[string:'b']>c</[keyword:a]>"],
    ["diff", "+ a\n- b\n c", "[inserted:+ a]\n[deleted:- b]\n c"],
  ])("%s", (language, code, wanted) => {
    expect(drawn(fence(language, code))).toBe(wanted);
  });
});

describe("while it streams", () => {
  const python = `"""A text
with 'quotes' # and no comment
"""
def f(x):
    """Says ${"word ".repeat(500)}

    and on
    """
    return f'{x}' + "é\u200b" # end


${"value = call(1, 'a') # note\n".repeat(200)}`;
  const whole = drawnOnce(fence("python", python));

  function drawnOnce(text: string): string {
    host = document.createElement("div");
    document.body.replaceChildren(host);
    return drawn(text);
  }

  test.each([1, 7, 64, 1000])(
    "in pieces of %i it ends as the whole",
    (size) => {
      expect(whole).toContain("[comment:# end]");
      expect(drawn(fence("python", python), size)).toBe(whole);
    },
    60_000,
  );

  test("the text stays what was written, and a mark stands for what can't be seen", () => {
    drawn(fence("python", python), 50);
    const text = host.querySelector("code")?.textContent;
    expect(text).toBe(python.replace("\u200b", "U+200B"));
    expect(host.querySelectorAll(".pw-hidden-char")).toHaveLength(1);
  });

  test("a piece of the open line grows in the same node", () => {
    const markdown = view();
    const feed = (piece: string) => {
      markdown.append(piece);
      markdown.paint();
    };
    feed("```py\nx = 'a");
    const [first, string] = host.querySelector(".pw-code-part")?.childNodes ?? [];
    const node = string?.firstChild;
    feed("bc de");
    feed("f");
    expect(string?.firstChild).toBe(node);
    expect(node?.nodeValue).toBe("'abc def");
    feed("'\ny = 1\n");
    expect(host.querySelector(".pw-code-part")?.firstChild).toBe(first);
  });

  test("a token costs the same however much stands above it", () => {
    const python = grammar("python") as { token: (...args: never[]) => unknown };
    const token = vi.spyOn(python, "token");
    const markdown = view();
    markdown.append("```python\n");
    const costs: number[] = [];
    for (let i = 0; i < 1500; i++) {
      token.mockClear();
      markdown.append("value = call(1, 'a') # note\n");
      markdown.paint();
      costs.push(token.mock.calls.length);
    }
    token.mockRestore();
    // its own line, and the one before it: what ends a listing may yet draw a blank last line along
    expect(Math.max(...costs.slice(1))).toBeLessThan(60);
  });

  test("a listing of an unknown language stays plain", () => {
    expect(drawn(fence("brainfuck", "+[>.<]"))).toBe("+[>.<]");
    expect(host.querySelector(".pw-code-part span")).toBeNull();
  });

  test("a very long line and a very long listing stay plain, what follows the line doesn't", () => {
    expect(drawn(fence("json", `[${"1, ".repeat(2000)}\n2]`))).toContain("\n[number:2]");
    const line = "x = 1 # one of many lines";
    const long = drawn(fence("python", `${line}\n`.repeat(9_600)));
    expect(long.startsWith("x = [number:1] [comment:# one of many lines]\n")).toBe(true);
    expect(long.trimEnd().endsWith(`${line}\n${line}`)).toBe(true);
  }, 60_000);
});

describe("when the module comes late", () => {
  /** Draws a text without the module, and then gives it what was drawn. */
  function late(text: string): void {
    const drawn: HTMLElement[] = [];
    const markdown = new MarkdownView(host, { drawn: (elements) => drawn.push(...elements) });
    markdown.append(text);
    markdown.finish();
    markdown.paint();
    expect(host.querySelector(".pw-code-part span")).toBeNull();
    for (const el of new Set(drawn)) draw(el, drawers);
  }

  test("what stands there is coloured, over the parts of a long listing", () => {
    const text = fence("python", `x = """${"a line of it\n".repeat(300)}"""\ny = 2`);
    late(text);
    const done = shown();
    expect(host.querySelectorAll(".pw-code-part").length).toBeGreaterThan(1);
    host.replaceChildren();
    expect(done).toBe(drawn(text));
    expect(done).toContain('[string:"""]\ny = [number:2]');
  });

  test("a selection stays on the same letters", () => {
    const markdown = new MarkdownView(host);
    markdown.append(fence("python", "first = 1\nsecond = 'two'"));
    markdown.finish();
    markdown.paint();
    const part = host.querySelector(".pw-code-part") as HTMLElement;
    document
      .getSelection()
      ?.setBaseAndExtent(part.firstChild as Node, 6, part.firstChild as Node, 16);
    expect(document.getSelection()?.toString()).toBe("= 1\nsecond");
    draw(part, drawers);
    expect(part.querySelector(".pw-t-string")).not.toBeNull();
    expect(document.getSelection()?.toString()).toBe("= 1\nsecond");
  });
});
