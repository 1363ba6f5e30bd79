"""Markdown of a model: read without any HTML, and where its links may lead."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from powawidget.transcript import addresses, formulas, notes, tags
from powawidget.transcript.cjk import Inline
from powawidget.transcript.entities import entity
from powawidget.transcript.visible import readable

_TASK = re.compile(r"\[([ xX])\][ \t]")
_HOST = re.compile(r"[\w.-]+|[\da-f:.]+", re.ASCII)
_LONGEST_HOST = 60
# A text longer than this is shown as it is written: reading it would take seconds.
LONGEST = 1_000_000


def _with_rules() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    parser.enable(["table", "strikethrough"])
    for rules in (formulas, addresses, notes, tags):
        rules.add(parser)
    parser.inline.ruler.at("entity", entity)
    parser.inline = Inline(parser.inline)
    parser.core.ruler.push("marks", _marks)
    return parser


def _marks(state: StateCore) -> None:
    """Mark what a reference to a character stands for and nobody would see."""
    pending = list(state.tokens) if "&" in state.src else []
    while pending:
        token = pending.pop()
        pending += token.children or []
        if token.type == "text":
            token.content = readable(token.content)


_parser = _with_rules()


class Link(NamedTuple):
    """Where a link leads, and what the reader should know of that: a host or an address."""

    href: str
    host: str


def read(text: str) -> Iterable[Token]:
    """Read markdown, that of GitHub, with HTML as plain text.

    Returns:
        Tokens; inline ones are children of those of the type `inline`.
    """
    return _parser.parse(text)


def target(href: str) -> Link | None:
    """Tell where a link may lead: http, https or mailto; None for what stays text."""
    try:
        url = _parser.normalizeLink(href)
        parts = urlsplit(url)
        host = _host(parts)
    except ValueError:
        return None
    return Link(url, host) if host and url.isascii() and url.isprintable() else None


def _host(parts: SplitResult) -> str:
    if parts.scheme in {"http", "https"}:
        port = f":{parts.port}" if parts.port is not None else ""
        # With a bracket in it no browser takes it for one.
        return f"{parts.hostname}{port}" if _HOST.fullmatch(parts.hostname or "") else ""
    return parts.path if parts.scheme == "mailto" else ""


def href(token: Token) -> str:
    """What a link's token says of where it leads."""
    return str(token.attrs.get("href", ""))


def aside(text: str, written: str, link: Link | None) -> str:
    """What the reader should know of a link whose text doesn't show it, in brackets.

    Args:
        text: The link's text.
        written: Where it leads, as it was written.
        link: Where it may lead; None where it stays text.

    Returns:
        The host, or what was written; an empty string where the text shows it.
    """
    if link is None:
        return f" ({written})" if written and written != text else ""
    shown = re.sub(r"^(?:https?://|mailto:)", "", text.strip().lower())
    rest = shown[len(link.host) :]
    if shown.startswith(link.host.lower()) and re.fullmatch(r"(?:[/?#]\S*)?", rest):
        return ""
    host = link.host
    return f" ({host if len(host) <= _LONGEST_HOST else f'…{host[-_LONGEST_HOST + 1 :]}'})"


def image(token: Token) -> tuple[str, Link | None]:
    """What stands in place of an image, which is never fetched: its text, and where it is."""
    alt = "".join(child.content for child in token.children or []) or "image"
    return alt, target(str(token.attrs.get("src", "")))


def with_links(text: str, *, every: bool = False) -> Iterator[tuple[str, Link | None]]:
    """Divide a text at the addresses that stand in it; `every` finds those without `http` too."""
    end = 0
    for start, shown, where in addresses.addresses(text, every=every):
        link = target(where)
        if link is None:
            continue
        yield text[end:start], None
        yield shown, link
        end = start + len(shown)
    yield text[end:], None


def task(token: Token) -> tuple[str, str]:
    """The box of a task at the start of an item: its sign and what follows it."""
    found = _TASK.match(token.content)
    if found is None:
        return "", token.content
    return ("☐ " if found[1] == " " else "☑ "), token.content[found.end() :]


def is_task(tokens: list[Token], index: int) -> bool:
    """Whether an inline token is the first of a list's item."""
    return (
        index > 1
        and tokens[index - 1].type == "paragraph_open"
        and tokens[index - 2].type == "list_item_open"
    )


def language(token: Token) -> str:
    """The language of a fence, as the model calls it: the first word of what is said there."""
    return next(iter(token.info.split(maxsplit=1)), "")
