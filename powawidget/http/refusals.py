"""The text of a refusal, in whatever form the server sends it.

JSON for most refusals, HTML pages for some (docs/protocol.md#refusal-json and #refusal-html).
"""

import contextlib
import html.parser
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from powawidget.protocol.characters import harmless
from powawidget.protocol.database_errors import database_error, without_sql
from powawidget.protocol.events import as_json, decode
from powawidget.protocol.times import time_of_header

SHOWN = 500
_READ = 64 * 1024
_SECONDS = re.compile(r"[0-9]{1,9}(?:\.[0-9]+)?", re.ASCII)


class Words(NamedTuple):
    """A refusal's text, its code, and the whole body where that was a JSON object."""

    text: str
    code: str | None
    details: Mapping[str, Any] | None


def words_of(content: str) -> Words:
    """Read the body of a refusal.

    Args:
        content: The body, without anything secret.

    Returns:
        At most 500 characters of what it says.
    """
    try:
        details = decode(content)
    except (ValueError, RecursionError):
        details = None
    if not isinstance(details, dict):
        return Words(harmless(readable(content)), None, None)
    value = details.get("error") or details.get("message") or details.get("detail") or ""
    text = without_sql(value if isinstance(value, str) else as_json(value))
    code = details.get("error_code") or details.get("code")
    if not isinstance(code, str) or database_error(code) is not None:
        code = None
    return Words(text[:SHOWN], code and code[:SHOWN], details)


def readable(content: str) -> str:
    """Find what a person would read in a body.

    Returns:
        At most 500 characters of it, in one line, without a database's SQL.
    """
    text = content[:_READ].strip()
    if text[:1] == "<":
        page = _PageText()
        page.feed(text)
        text = page.text()
    return " ".join(without_sql(text).split())[:SHOWN]


def seconds_to_wait(retry_after: str | None, now: float) -> float | None:
    """Read a Retry-After header: seconds, or a date (RFC 9110, 10.2.3).

    Returns:
        How long to wait, in seconds; None where it says nothing that can be read.
    """
    text = (retry_after or "").strip()[:100]
    if _SECONDS.fullmatch(text):
        return float(text)
    with contextlib.suppress(OverflowError, OSError):
        date = time_of_header(text)
        return None if date is None else max(0.0, date.timestamp() - now)
    return None


class _PageText(html.parser.HTMLParser):
    """The text of an HTML error page: its paragraphs, else its title."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._inside: list[str] = []
        self._paragraphs: list[str] = []
        self._other: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in {"p", "title", "script", "style"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        where = self._inside[-1] if self._inside else ""
        if where == "p":
            self._paragraphs.append(data)
        elif where not in {"script", "style"}:
            self._other.append(data)

    def text(self) -> str:
        return "".join(self._paragraphs).strip() or " ".join(self._other).strip()
