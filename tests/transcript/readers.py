"""Readers of markdown, each as it lets most through, and what is live in what they make."""

import functools
import html
import json
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import cmarkgfm
import commonmark
import pypandoc
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from nbconvert.filters.markdown_mistune import markdown2html_mistune
from selectolax.lexbor import LexborHTMLParser

HERE = Path(__file__).parent
_GFM = ["table", "strikethrough", "autolink", "tasklist"]


class _Process:
    """A reader of another language, one process for all texts."""

    def __init__(self, *command: str) -> None:
        self._process = subprocess.Popen(
            command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self, texts: Sequence[str], **options: str) -> list[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"texts": list(texts), **options}) + "\n")
        self._process.stdin.flush()
        told: list[str] = json.loads(self._process.stdout.readline())
        assert len(told) == len(texts)
        return told

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


@functools.cache
def _process(name: str) -> _Process:
    if name == "marked":
        return _Process("node", "marked.mjs")
    return _Process(pypandoc.get_pandoc_path(), "lua", "pandoc.lua")


def end() -> None:
    """End the processes of readers."""
    for name in ("marked", "pandoc"):
        _process(name).end()
    _process.cache_clear()


def _markdown_it() -> MarkdownIt:
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": True, "maxNesting": 100})
    assert reader.linkify is not None
    reader.linkify.set({"fuzzy_link": True, "fuzzy_email": True})
    return reader


def _myst() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True, "maxNesting": 100}).enable("table")
    reader.use(dollarmath_plugin, allow_digits=True, double_inline=True).use(amsmath_plugin)
    return reader.use(myst_role_plugin)


def _each(read: Callable[[str], str]) -> Callable[[Sequence[str]], list[str]]:
    return lambda texts: [read(text) for text in texts]


def _pandoc(form: str) -> Callable[[Sequence[str]], list[str]]:
    return lambda texts: _process("pandoc").read(texts, format=form)


READERS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "marked": lambda texts: _process("marked").read(texts),
    "nbconvert": _each(markdown2html_mistune),
    "markdown-it": _each(_markdown_it().render),
    "myst": _each(_myst().render),
    "commonmark": _each(commonmark.commonmark),
    "cmark-gfm": _each(
        lambda text: cmarkgfm.markdown_to_html_with_extensions(
            text, options=Options.CMARK_OPT_UNSAFE, extensions=_GFM
        )
    ),
    "pandoc, GitHub's": _pandoc("gfm"),
    # Without what makes quotation marks and dashes of a text round and long.
    "pandoc, CommonMark": _pandoc("commonmark_x-smart"),
    "pandoc": _pandoc("markdown+autolink_bare_uris-smart"),
}

# What our own markdown comes to in a reader: no element that loads, runs, styles or sends.
_TAGS = (
    "a", "b", "blockquote", "br", "code", "col", "colgroup", "del", "div", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table",
    "tbody", "td", "th", "thead", "tr", "ul",
)  # fmt: skip
_OTHER = f":not({', '.join(('html', 'head', 'body', *_TAGS))})"
_ATTRIBUTES = {"href", "id", "class", "align", "start", "style", "type", "title", "rel", "tabindex"}
# Marks of readers: where text became a diagram, or a role or a directive of MyST.
_COMMANDS = (".mermaid", ".language-mermaid", "[class*=jp-]", ".myst-role")
_LINK = re.compile(r"https?://|mailto:|#", re.IGNORECASE)
_STYLE = re.compile(r"text-align: ?(left|right|center);?|width: ?\d+(\.\d+)?%;?")


def live(document: str) -> list[str]:
    """All in a document that acts, loads, is styled or leads anywhere odd."""
    tree = LexborHTMLParser(document)
    found = [f"<{node.tag}>" for node in tree.css(_OTHER)]
    found += [f"{node.html}"[:80] for command in _COMMANDS for node in tree.css(command)]
    for node in tree.css("body *"):
        for name, value in node.attributes.items():
            said = value or ""
            if name not in _ATTRIBUTES and not name.startswith(("data-", "aria-")):
                found.append(f"{node.tag} {name}={said!r}")
            if name == "href" and _LINK.match(said) is None:
                found.append(f"link to {said!r}")
            if name == "style" and _STYLE.fullmatch(said) is None:
                found.append(f"style {said!r}")
    return found


# What MathJax takes for a formula in the text of a page, and where it doesn't look.
_TYPESET = re.compile(
    r"(?<!\\)\$\$([^$].*?)\$\$|(?<![\\$])\$(?!\$)(.+?)\$|\\\((.+?)\\\)|\\\[(.+?)\\\]"
    r"|(\\begin\{(\w+\*?)\}.*?\\end\{\6\})",
    re.DOTALL,
)
_APART = re.compile(r"<(code|pre)\b.*?</\1>|</?(?:p|li|td|th|h\d|div|blockquote)\b", re.DOTALL)
_MARKS = re.compile(r"\\\((.*)\\\)|\\\[(.*)\\\]", re.DOTALL)


def typeset(reader: str, document: str) -> set[str]:
    """The formulas that a reader finds, without blanks; for nbconvert's those that MathJax does."""
    if reader == "nbconvert":
        runs = re.split(r"\0", _APART.sub("\0", document))
        shown = (html.unescape(re.sub(r"<[^<>]*>", "", run)) for run in runs)
        found = [match for run in shown for match in _TYPESET.finditer(run)]
        inner = [next(filter(None, match.groups())) for match in found]
    else:
        texts = [node.text() for node in LexborHTMLParser(document).css(".math")]
        marked = [(_MARKS.fullmatch(each.strip()), each) for each in texts]
        inner = [(match[1] or match[2] or "") if match else each for match, each in marked]
    return {"".join(each.split()) for each in inner}


def text(document: str) -> str:
    """The text of a document as a person reads it, on one line."""
    body = LexborHTMLParser(document).body
    return "" if body is None else " ".join(body.text().split())
