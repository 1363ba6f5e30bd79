"""What a transcript in HTML may hold, read by a strict reader and by a browser's."""

import html
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import nh3

from powawidget.transcript import style

# What GitHub lets through of a notebook's HTML, as far as it matters here: no style, no class.
GITHUB_TAGS = {
    "h1", "h2", "h3", "h4", "h5", "h6", "br", "b", "i", "strong", "em", "a", "pre", "code", "tt",
    "div", "ins", "del", "sup", "sub", "p", "ol", "ul", "table", "thead", "tbody", "tfoot",
    "blockquote", "dl", "dt", "dd", "kbd", "q", "samp", "var", "hr", "li", "tr", "td", "th", "s",
    "strike", "summary", "details", "caption", "figure", "figcaption", "abbr", "bdo", "cite",
    "dfn", "mark", "small", "span", "time", "wbr",
}  # fmt: skip
GITHUB_ATTRIBUTES = {"align", "colspan", "dir", "open", "start", "title", "rowspan", "type"}

_TAGS = {
    "div", "h3", "h4", "h5", "h6", "p", "blockquote", "br", "hr", "strong", "em", "del", "code",
    "pre", "span", "q", "a", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td",
    "details", "summary", "sub", "sup", "kbd", "img",
}  # fmt: skip
_VOID = {"br", "hr", "img"}
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[\w+/=]+", re.ASCII)
_PRINT = f"<style>{style.PRINT}</style></div>"
_ATTRIBUTES = {
    "div": {"class", "data-powawidget-transcript"},
    "a": {"href", "rel", "target"},
    "th": {"scope", "align"},
    "td": {"align", "colspan"},
    "ol": {"start"},
    "li": {"type"},
    "details": {"open"},
    "img": {"src", "alt"},
}
_EVERYWHERE = {"style", "dir"}
_STYLE = re.compile(r"[a-z-]+:[\w\s.,#%()'-]+(;[a-z-]+:[\w\s.,#%()'-]+)*")
_PROPERTIES = re.compile(
    r"(margin|padding|border|font|text|flex|min|max|overflow|white|vertical|letter|line|list|table)"
    # No `background`: the pattern that JupyterLab checks it by takes a page 40 ms to compile.
    r"(-[a-z-]+)?|background-color|color|opacity|width|display|gap|align-items|cursor"
    r"|page-break-inside"
)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.problems: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.problems.append(f"<{tag}>")
        for name, value in attrs:
            if name not in _ATTRIBUTES.get(tag, set()) | _EVERYWHERE:
                self.problems.append(f"<{tag} {name}={value!r}>")
            if name == "style":
                self._read_style(value or "")
            if name == "src" and not _PICTURE.fullmatch(value or ""):
                self.problems.append(f"a picture from {value!r}")
            if name == "href":
                self.links.append(value or "")
        if tag == "a" and dict(attrs).get("rel") != "noopener noreferrer nofollow":
            self.problems.append("a link that tells where it comes from")
        if tag not in _VOID:
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.problems.append(f"</{tag}> where it doesn't belong")

    def _read_style(self, style: str) -> None:
        if _STYLE.fullmatch(style) is None or "url" in style:
            self.problems.append(f"style {style!r}")
        for declared in style.split(";"):
            if _PROPERTIES.fullmatch(declared.split(":")[0]) is None:
                self.problems.append(f"property {declared!r}")

    def handle_comment(self, data: str) -> None:
        self.problems.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.problems.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.problems.append(f"<?{data}>")


def problems(document: str) -> list[str]:
    """All that a transcript holds and may not."""
    # The one rule that is no attribute stands at the end, as it is.
    document = document.removesuffix(_PRINT) + "</div>" * document.endswith(_PRINT)
    reader = _Reader()
    reader.feed(document)
    reader.close()
    bad = [url for url in reader.links if urlsplit(url).scheme not in {"http", "https", "mailto"}]
    left = [f"<{tag}> left open" for tag in reader.stack]
    return reader.problems + left + [f"link to {url!r}" for url in bad] + _unlike(document)


def _unlike(document: str) -> list[str]:
    """Where a browser's parser, which mends what is wrong, comes to another document."""
    tags = {tag: set(_ATTRIBUTES.get(tag, set()) | _EVERYWHERE) for tag in _TAGS}
    schemes = {"http", "https", "mailto", "data"}
    mended = nh3.clean(document, tags=_TAGS, attributes=tags, url_schemes=schemes, link_rel=None)
    ours, theirs = _canonical(document), _canonical(mended)
    if ours == theirs:
        return []
    at = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), -1)
    return [f"a browser reads {theirs[at - 60 : at + 60]!r} for {ours[at - 60 : at + 60]!r}"]


def _canonical(document: str) -> str:
    """The same document written one way: the order of attributes and of entities is free."""

    def tag(found: re.Match[str]) -> str:
        told = re.findall(r'([\w-]+)="([^"]*)"', found[2])
        return f"<{found[1]} {sorted((name, html.unescape(value)) for name, value in told)}>"

    said = re.sub(r"<([a-z]\w*)((?:\s[^<>]*)?)>", tag, document)
    return said.replace("&nbsp;", "\xa0").replace("\r", "\n")


def github(document: str) -> str:
    """The document as GitHub shows it."""
    attributes = {"*": GITHUB_ATTRIBUTES, "a": {"href"} | GITHUB_ATTRIBUTES}
    schemes = {"http", "https", "mailto"}
    return nh3.clean(
        document, tags=GITHUB_TAGS, attributes=attributes, url_schemes=schemes, link_rel=None
    )


_APART = r"br|p|div|h\d|li|tr|td|th|pre|blockquote|summary|details"


def seen(document: str) -> str:
    """The text of a document, on one line."""
    document = document.replace(f"<style>{style.PRINT}</style>", "")
    spaced = re.sub(
        r"<(?:br|/?(?:p|div|h\d|li|tr|td|th|pre|blockquote|summary|details))\b", r" \g<0>", document
    )
    return " ".join(html.unescape(re.sub(r"<[^<>]*>", "", spaced)).split())
