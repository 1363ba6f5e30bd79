"""The cookies of one run.

A load balancer in front of several server processes keeps a client at one of them by a cookie, and
a decision is taken only by the process that streams its run (docs/protocol.md#decision-process).
"""

import re
from email.message import Message
from http.cookiejar import Cookie, CookieJar
from typing import Any
from urllib.parse import urlsplit

# What browsers keep as well: with more than that a request is refused.
_LONGEST = 4096
_MOST = 50
# Attributes that browsers ignore, and for which Python refuses the whole cookie.
_ODD = re.compile(
    r";\s*(?:max-age\s*=(?!\s*-?\d{1,30}\s*(?:;|$))|port\s*(?=[=;]|$)|domain\s*=?\s*(?=;|$))[^;]*",
    re.IGNORECASE,
)
_DOMAIN = re.compile(r";\s*domain\s*=\s*\.?([^;]*?)\s*(?=;|$)", re.IGNORECASE)


class Jar(CookieJar):
    """The cookies that the answer to a run's start has set, within limits; its repr shows none."""

    def set_cookie(self, cookie: Cookie) -> None:
        """Keep a cookie that a request can carry; any other is left out."""
        text = f"{cookie.name}={cookie.value or ''}"
        is_known = cookie.name in {one.name for one in self}
        fits = len(text) <= _LONGEST and text.isascii() and text.isprintable()
        if fits and (is_known or len(self) < _MOST):
            super().set_cookie(cookie)

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Keep the cookies that an answer sets, one header line after the other.

        Read together, a line that can't be parsed loses the others, and one that deletes a cookie
        is applied before the one that sets it.
        """
        for line in response.info().get_all("set-cookie", []):
            read = _own_domain_out(_ODD.sub("", line), urlsplit(request.get_full_url()).hostname)
            super().extract_cookies(_Line(read), request)  # type: ignore[arg-type]  # what is used

    def __repr__(self) -> str:
        return "<cookies>"

    __str__ = __repr__


class _Line:
    """An answer with one line that sets a cookie."""

    def __init__(self, line: str) -> None:
        self._headers = Message()
        self._headers["Set-Cookie"] = line

    def info(self) -> Message:
        return self._headers


def _own_domain_out(line: str, host: str | None) -> str:
    """Leave out a domain that is the host itself: Python refuses one without a dot in it."""
    return _DOMAIN.sub(lambda found: "" if found[1].lower() == host else found[0], line)


def joined(given: str, own: str) -> str:
    """Join the cookies of a connection's own header with those of a run.

    Args:
        given: The header that the person set.
        own: What the server has set, which holds where both name the same.
    """
    names = {_name(pair) for pair in own.split(";")}
    kept = [pair.strip() for pair in given.split(";") if _name(pair) not in names]
    return "; ".join(pair for pair in (own, *kept) if pair)


def _name(pair: str) -> str:
    return pair.partition("=")[0].strip()
