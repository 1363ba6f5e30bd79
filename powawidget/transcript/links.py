"""Links that say where they lead, as the live view has them (`js/src/markdown/inline.ts`)."""

import re
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_HOST = re.compile(r"[\w.-]+|[\da-f:.]+", re.ASCII)
_LONGEST_HOST = 60
# Of an address that isn't followed, perhaps a picture's data, as much as says what it is.
_LONGEST_ADDRESS = 100


class Link(NamedTuple):
    """Where a link leads, and what the reader should know of that: a host or an address."""

    href: str
    host: str


def add(parser: MarkdownIt) -> None:
    """Have a parser say of each link where it leads: tokens of the type `aside`."""
    # Every address as it is written: which of them are followed is decided here.
    vars(parser).update(validateLink=lambda _: True, normalizeLink=lambda url: url)
    parser.core.ruler.after("tag", "aside", _say)


def target(href: str) -> Link | None:
    """Tell where a link may lead: http, https or mailto; None for what stays text."""
    try:
        url = normalizeLink(href)
        parts = urlsplit(url)
        host = _host(parts)
    except ValueError:
        return None
    return Link(url, host) if host and url.isascii() and url.isprintable() else None


def _host(parts: SplitResult) -> str:
    if parts.scheme in {"http", "https"}:
        known = {"http": 80, "https": 443}[parts.scheme]
        port = f":{parts.port}" if parts.port not in {None, known} else ""
        # With a bracket in it no browser takes it for one.
        return f"{parts.hostname}{port}" if _HOST.fullmatch(parts.hostname or "") else ""
    return parts.path if parts.scheme == "mailto" else ""


def href(token: Token) -> str:
    """What a link's token says of where it leads."""
    return str(token.attrs.get("href", ""))


def image(token: Token) -> str:
    """What stands in place of an image, which is never fetched: its text, and where it is."""
    written = str(token.attrs.get("src", ""))
    link = target(written)
    where = _begin(written) if link is None else link.href
    return f"Image: {_shown(token.children or []).strip() or 'image'}{where and f' at {where}'}"


def _say(state: StateCore) -> None:
    for token in state.tokens:
        if any(child.type == "link_open" for child in token.children or []):
            token.children = _with_asides(token.children or [])


def _with_asides(children: list[Token]) -> list[Token]:
    written: list[Token] = []
    begin = -1
    for index, token in enumerate(children):
        if token.type == "link_open":
            begin = index
        elif token.type == "link_close":
            written += _linked(children[begin], children[begin + 1 : index], token)
            begin = -1
        elif begin < 0:
            written.append(token)
    return written


def _linked(opening: Token, inside: list[Token], closing: Token) -> list[Token]:
    """What is in a link as one that says where it leads.

    An image stands before or behind the link: it has an address of its own. A link that leaves no
    text has its host for one.
    """
    written, link = href(opening), target(href(opening))
    if link is None:
        is_said = not written or _shown(inside) == written
        return inside if is_said else [*inside, _text("aside", f" ({_begin(written)})")]
    tokens: list[Token] = []
    is_linked = False
    for run in _apart(inside):
        text = _shown(run)
        if _holds_image(run) or not text.strip():
            tokens += run
            continue
        is_linked = True
        tokens += [opening, *run, closing]
        if not _shows(text, link.host):
            tokens.append(_text("aside", f" ({_short(link.host)})"))
    if is_linked:
        return tokens
    blank = [_text("text", " ")] if tokens else []
    return [*tokens, *blank, opening, _text("text", _short(link.host)), closing]


def _apart(tokens: list[Token]) -> list[list[Token]]:
    """What holds an image, and what stands between."""
    runs: list[list[Token]] = []
    depth, begin = 0, 0
    was_image = True
    for index, token in enumerate(tokens):
        depth += token.nesting
        if depth:
            continue
        node, begin = tokens[begin : index + 1], index + 1
        is_image = _holds_image(node)
        if is_image or was_image:
            runs.append(node)
        else:
            runs[-1] += node
        was_image = is_image
    return runs


def _holds_image(tokens: list[Token]) -> bool:
    return any(token.type == "image" for token in tokens)


def _text(kind: str, content: str) -> Token:
    return Token(kind, "", 0, content=content)


def _shown(tokens: list[Token]) -> str:
    """What is read of inline tokens."""
    lines = {"softbreak": "\n", "hardbreak": "\n", "tag_break": "\n"}
    silent = {"tag_open", "tag_close"}
    return "".join(
        _shown(token.children or [])
        if token.type == "image"
        else lines.get(token.type) or ("" if token.type in silent else token.content)
        for token in tokens
    )


def _shows(text: str, host: str) -> bool:
    """Whether the text of a link tells its host already."""
    shown = re.sub(r"^(?:https?://|mailto:)", "", text.strip().lower())
    rest = shown[len(host) :]
    return shown.startswith(host.lower()) and re.fullmatch(r"(?:[/?#]\S*)?", rest) is not None


def _short(host: str) -> str:
    """The end of a host says whom it belongs to, so a long one loses its front."""
    return host if len(host) <= _LONGEST_HOST else f"…{host[-_LONGEST_HOST + 1 :]}"


def _begin(written: str) -> str:
    return written[:_LONGEST_ADDRESS]
