"""Refusals on demand: what a busy or broken service answers, for demos and tests.

Rules: docs/protocol.md#refusals. Only code that holds the server can order them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import HTMLResponse, Response

from powawidget.local.http.error_pages import page
from powawidget.local.http.responses import Refused, answer

_BODIES: dict[int, dict[str, Any]] = {
    402: {
        "error": "Insufficient credits",
        "error_code": "insufficient_credits",
        "balance": 12,
        "estimated_cost": 2000,
        "renews_at": "2026-12-01T00:00:00+00:00",
    },
    429: {"error": "Rate limit exceeded. Try again later."},
    503: {"error": "The service is busy. Retry shortly."},
}
_LOWEST, _HIGHEST = 400, 599


@dataclass
class Fault:
    """An answer that some requests get instead of their own.

    Args:
        status: The HTTP status.
        times: How many requests are still to get it.
        ending: How the paths of those requests end.
        retry_after: The Retry-After header, if there is one.
        html: Whether the body is an HTML page, as a gateway's, instead of JSON.
    """

    status: int
    times: int
    ending: str
    retry_after: float | str | None = None
    html: bool = False

    def response(self) -> Response:
        """Write the answer."""
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after}"}
        phrase = HTTPStatus(self.status).phrase
        if self.html:
            return HTMLResponse(page(self.status, phrase), self.status, headers)
        return answer(_BODIES.get(self.status, {"error": phrase}), self.status, headers)


class Faults:
    """The faults that are ordered; they are met in their order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # ordered in one thread, met in another
        self._ordered: list[Fault] = []

    def order(self, fault: Fault) -> None:
        """Order a fault.

        Raises:
            ValueError: Its status isn't that of an error, or it would never be met.
        """
        known = {status.value for status in HTTPStatus}
        if fault.status not in known or not _LOWEST <= fault.status <= _HIGHEST:
            raise ValueError(f"status is {fault.status!r}; use that of an error, such as 429.")
        if fault.times < 1:
            raise ValueError(f"times is {fault.times!r}; use 1 or more.")
        with self._lock:
            self._ordered.append(fault)

    def meet(self, path: str) -> None:
        """Refuse the request to a path, where a fault is ordered for it.

        Raises:
            Refused: With the fault's answer.
        """
        with self._lock:
            fault = next((f for f in self._ordered if path.endswith(f.ending)), None)
            if fault is None:
                return
            fault.times -= 1
            if not fault.times:
                self._ordered.remove(fault)
        raise Refused(fault.response())
