"""Markdown of a model, read without any HTML."""

import re
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from powawidget.transcript import addresses, bars, formulas, links, notes, tags, urls
from powawidget.transcript.cjk import Inline
from powawidget.transcript.entities import entity
from powawidget.transcript.visible import readable

_TASK = re.compile(r"\[([ xX])\][ \t]")
# A text longer than this is shown as it is written: reading it would take seconds.
LONGEST = 1_000_000


def _with_rules() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20})
    parser.enable(["table", "strikethrough"])
    for rules in (formulas, notes, tags, addresses, links, bars):
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


def read(text: str) -> Iterable[Token]:
    """Read markdown, that of GitHub, with HTML as plain text.

    Returns:
        Tokens; inline ones are children of those of the type `inline`.
    """
    return _parser.parse(text)


def with_links(text: str) -> Iterator[tuple[str, urls.Url | None]]:
    """Divide a plain text at the addresses of the web that stand in it; each tells its host."""
    end = 0
    for found in addresses.addresses(text):
        shown = text[found.begin : found.end]
        link = urls.read(shown) if found.kind == "web" else None
        if link is None:
            continue
        yield text[end : found.begin], None
        yield shown, link
        yield links.aside(shown, link), None
        end = found.end
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
