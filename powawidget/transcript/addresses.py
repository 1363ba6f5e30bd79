"""Addresses that stand bare in a text, as the page finds them."""

import re
from collections.abc import Iterator

from powawidget.transcript.cjk import CJK

# Each ends where a quotation mark or a text without blanks begins.
_WEB = re.compile(rf"(?P<web>https?://[^\s<>\"“”`⟦⟧{CJK}]+)", re.IGNORECASE)
_ANY = re.compile(
    rf"{_WEB.pattern}|(?P<www>www\.(?=[\w-]+\.)[^\s<>\"“”`⟦⟧{CJK}]+)"
    r"|(?P<mail>(?a:[\w.+-]+@[\w-]+(?:\.[\w-]*[^\W_])+(?![-_])))",
    re.IGNORECASE,
)
_WITHIN = re.compile(r"(?:https?://|www\.)[^/]", re.IGNORECASE)


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
