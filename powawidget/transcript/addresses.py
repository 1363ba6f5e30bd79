"""Addresses that stand bare in a text, as the page finds them."""

import re
import unicodedata
from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

from powawidget.transcript.cjk import CJK

# Each ends where a text without blanks begins, and at a mark that isn't of ASCII: a quotation's, a
# dash, the comma of another script. What stands in an address of such is written by its number.
_MARKS = [
    chr(code) for code in range(0xA0, 0x3000) if unicodedata.category(chr(code)).startswith("P")
]
_IN = rf"[^\s<>\"`{''.join(_MARKS)}{CJK}]"
_WEB = re.compile(rf"(?P<web>https?://{_IN}+)", re.IGNORECASE)
_ANY = re.compile(
    rf"{_WEB.pattern}|(?P<www>www\.(?=[\w-]+\.){_IN}+)"
    r"|(?P<mail>(?a:[\w.+-]+@[\w-]+(?:\.[\w-]*[^\W_])+(?![-_])))",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"https?$", re.IGNORECASE)
_ESCAPED = re.compile(r"\\|&(?:#|\w+;)")
# How much of an address is kept from being markup, and how many marks before it are looked at: a
# text of many addresses without blanks takes time by its length.
_LONGEST, _LATEST = 500, 50
_WITHIN = re.compile(r"(?:https?://|www\.)[^/]", re.IGNORECASE)


def add(parser: MarkdownIt) -> None:
    """Have a parser of markdown take an address as text: what looks like markup in it is none."""
    parser.inline.ruler.before("formula", "address", _address)


def _address(state: StateInline, silent: bool) -> bool:  # as the library calls it
    # In the text of a link nothing is one, and brackets are only counted.
    if silent or state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    scheme = _SCHEME.search(state.pending[-5:])
    if scheme is None:
        return False
    begin = state.pos - len(scheme[0])
    found = _WEB.match(state.src, begin, min(begin + _LONGEST, state.posMax))
    shown = "" if found is None else _trimmed(_ESCAPED.split(found[0], 1)[0])
    # It ends before a mark of emphasis that began before it.
    for mark, width in ((ord("*"), 1), (ord("~"), 2)):
        around = [each for each in state.delimiters[-_LATEST:] if each.marker == mark]
        if sum(each.open for each in around) > sum(each.close for each in around):
            shown = _trimmed(shown.partition(chr(mark) * width)[0])
    end = begin + len(shown)
    if end <= state.pos:
        return False
    state.pending += state.src[state.pos : end]
    state.pos = end
    return True


def addresses(text: str, *, every: bool = False) -> Iterator[tuple[int, str, str]]:
    """Find the addresses in a text.

    Args:
        text: The text.
        every: Whether those without `http` are found too.

    Yields:
        Where each begins, the address, and where it leads.
    """
    for found in (_ANY if every else _WEB).finditer(text):
        shown = found[0] if found.lastgroup == "mail" else _trimmed(found[0])
        if found.lastgroup == "mail":
            yield found.start(), shown, f"mailto:{shown}"
        elif _WITHIN.match(shown):
            yield found.start(), shown, f"http://{shown}" if found.lastgroup == "www" else shown


def _trimmed(url: str) -> str:
    """A URL without the marks that end a sentence, and without a bracket that opened before it."""
    unpaired = url.count(")") - url.count("(")
    end = len(url)
    while end:
        last = url[end - 1]
        if last == ")" and unpaired > 0:
            unpaired -= 1
        elif last not in "?!.,:;*_~']}":
            break
        end -= 1
    return url[:end]
