"""Refusals to order: what a busy or broken service answers.

Rules: docs/protocol.md#refusals.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, Response

from powawidget.local.http.error_pages import page
from powawidget.local.http.responses import Answer

if TYPE_CHECKING:
    from starlette.requests import Request

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


@dataclass
class Refusal:
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
        headers = {} if self.retry_after is None else {"Retry-After": f"{self.retry_after}"}
        phrase = HTTPStatus(self.status).phrase
        if self.html:
            return HTMLResponse(page(self.status, phrase), self.status, headers)
        return Answer(_BODIES.get(self.status, {"error": phrase}), self.status, headers)


class Refusals:
    """The refusals that are ordered; they are met in their order."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # ordered in one thread, met in another
        self._ordered: list[Refusal] = []

    def order(self, refusal: Refusal) -> None:
        with self._lock:
            self._ordered.append(refusal)

    def meet(self, request: Request) -> Response | None:
        """Answer a request, where a refusal is ordered for it."""
        path = request.scope["path"]
        with self._lock:
            refusal = next((one for one in self._ordered if path.endswith(one.ending)), None)
            if refusal is None:
                return None
            refusal.times -= 1
            if not refusal.times:
                self._ordered.remove(refusal)
        return refusal.response()
