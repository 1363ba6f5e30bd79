"""Addresses that stand bare in a text, as the page finds them (`js/src/markdown/lex.ts`)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from powawidget.transcript.cjk import CJK

# Each ends where a text without blanks begins, and at a mark that isn't of ASCII: a quotation's, a
# dash, the comma of another script. What stands in an address of such is written by its number.
_MARKS = "".join(
    chr(code)
    for part in (range(0xA0, 0x3000), range(0xA000, 0xAC00), range(0xFB00, 0xFF00))
    for code in part
    if unicodedata.category(chr(code)).startswith("P")
)
# A mark of what isn't seen is in it, but where that is a space or the end of a line.
_UNSEEN = r"⟦U\+(?!000[BCD]|202[89]|FEFF)[0-9A-F]{4,6}(?: ×[0-9]{1,4})?⟧"  # noqa: RUF001  # times
_IN = rf"(?:{_UNSEEN}|[^\s<>\"`{_MARKS}{CJK}])"
_WEB = re.compile(rf"(?i:https?|ftp)://[A-Za-z0-9-]{_IN}*")
_OF_MAIL = r"[A-Za-z0-9.!#$%&'*+/=?_`{|}~-]"
_MAIL = (
    r"(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]+"
    r"@[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*[A-Za-z0-9])+(?![A-Za-z0-9_-])"
)
_ANY = re.compile(
    rf"(?P<web>{_WEB.pattern})"
    rf"|(?P<www>(?:(?<![^\s*_~(])|(?<!{_OF_MAIL})(?={_OF_MAIL}+@))www\.[A-Za-z0-9-]{_IN}*)"
    rf"|(?<![A-Za-z0-9])(?:(?P<mailto>mailto:{_MAIL})|(?P<other>xmpp:{_MAIL}(?:/[A-Za-z0-9@.]+)?))"
    rf"|(?P<mail>{_MAIL})"
)
_BEFORE = {"www": "http://", "mail": "mailto:"}
_SCHEME = re.compile(r"https?$", re.IGNORECASE)
_ESCAPED = re.compile(r"\\|&(?:#|\w+;)")
# How much of an address is kept from being markup, and how many marks before it are looked at: a
# text of many addresses without blanks takes time by its length.
_LONGEST, _LATEST = 500, 50
# What stands for a character that was written by its name, or by its number: no text has these.
_NAMED, _NUMBERED = "\0", "\1"
# The marks that end a sentence, and a bracket that opened before the address.
_LAST = "?!.,:;*_'\"~)" + _NAMED
_KEPT = re.compile(rf"(?:[^({_LAST}]+|\([^)]*\)|[{_LAST}]+(?=[^{_LAST}]))+")
_BRACKETS = re.compile(r"[\]}]+[?!.,:;*_~']*$")


class Address(NamedTuple):
    """Where an address begins and ends in a text, and what a browser would be asked for."""

    begin: int
    end: int
    kind: str


def add(parser: MarkdownIt) -> None:
    """Have a parser take an address for a link: what looks like markup in it is none."""
    parser.inline.ruler.before("formula", "address", _address)
    parser.core.ruler.after("tag", "address", _link)


def _address(state: StateInline, silent: bool) -> bool:  # as the library calls it
    # In the text of a link nothing is one, and brackets are only counted.
    if silent or state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.pending[-5:])
    if scheme is None:
        return False
    begin = state.pos - len(scheme[0])
    found = _WEB.match(state.src, begin, min(begin + _LONGEST, state.posMax))
    shown = "" if found is None else _trimmed(_ESCAPED.split(found[0], 1)[0], ends=True)
    # It ends before a mark of emphasis that began before it.
    for mark, width in ((ord("*"), 1), (ord("~"), 2)):
        around = [each for each in state.delimiters[-_LATEST:] if each.marker == mark]
        if sum(each.open for each in around) > sum(each.close for each in around):
            shown = _trimmed(shown.partition(chr(mark) * width)[0], ends=True)
    end = begin + len(shown)
    if end <= state.pos:
        return False
    state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def addresses(text: str) -> Iterator[Address]:
    """Find the addresses in a text: of the web, with `www` alone, and of mail."""
    at = 0
    while found := _ANY.search(text, at):
        begin, at = found.span()
        kind = found.lastgroup or ""
        if kind in {"web", "www"}:
            following = text[at : at + 1]
            # A backslash that escapes nothing stands before what ends the address.
            url = found[0].removesuffix("\\")
            at = begin + len(_trimmed(url, ends=not following or following.isspace()))
        yield Address(begin, at, kind)


def asked(address: Address, shown: str) -> str:
    """What is asked for by an address, of which so much is shown."""
    return _BEFORE.get(address.kind, "") + shown


def _trimmed(url: str, *, ends: bool) -> str:
    """A URL without what belongs to the sentence; `ends` where that ends, or a word does."""
    shown = _BRACKETS.sub("", url) if ends else url
    length = -1
    while length != len(shown):
        length = len(shown)
        kept = _KEPT.match(shown)
        shown = "" if kept is None else kept[0]
    return shown


def _link(state: StateCore) -> None:
    for token in state.tokens:
        if token.children:
            token.children = list(_linked(token.children))


def _linked(children: Iterable[Token]) -> Iterator[Token]:
    """Make links of the addresses that stand outside of links."""
    depth = 0
    for is_text, some in groupby(children, lambda token: token.type in {"text", "text_special"}):
        run = list(some)
        if is_text and not depth:
            yield from _divided(run)
            continue
        depth += sum(token.nesting for token in run if token.type.startswith("link_"))
        yield from run


def _divided(run: list[Token]) -> Iterator[Token]:
    """A run of text, divided at its addresses; what was written by a name or number has no part."""
    shown: list[str] = []
    numbers: dict[int, str] = {}
    for token in run:
        if token.markup.startswith("&#") and _is_reference(token):
            numbers[len(shown)] = token.markup
        shown += [token.content] if _is_reference(token) else token.content
    shape = "".join(
        (_NUMBERED if token.markup.startswith("&#") else _NAMED)
        if _is_reference(token)
        else token.content
        for token in run
    )
    end, left = 0, ""
    for found in addresses(shape):
        number = numbers.get(found.end - 1)
        if number is not None:
            # As on GitHub: its semicolon ends the sentence, and so no number is left.
            shown[found.end - 1] = number.removesuffix(";")
        text = "".join(shown[found.begin : found.end])
        opening = Token("link_open", "a", 1, attrs={"href": asked(found, text)}, markup=found.kind)
        yield _text(left + "".join(shown[end : found.begin]))
        yield from (opening, _text(text), Token("link_close", "a", -1))
        end, left = found.end, "" if number is None else ";"
    if end:
        run = [_text(left + "".join(shown[end:]))]
    yield from run


def _is_reference(token: Token) -> bool:
    return token.type == "text_special" and token.info == "entity" and len(token.content) == 1


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)
