"""The latest requests: what tests and demonstrations look up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from powawidget.local import limits
from powawidget.local.http import bodies

if TYPE_CHECKING:
    from starlette.requests import Request


class RequestLog:
    """The latest requests, without their headers. Read in one thread and written in another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: list[tuple[str, str, bytes]] = []
        self._bytes = 0

    def add(self, request: Request, raw: bytes) -> None:
        """Keep a request.

        Args:
            request: The request.
            raw: Its body.
        """
        path: str = request.scope["path"]
        with self._lock:
            self._latest.append((request.method, path, raw))
            self._bytes += len(path) + len(raw)
            while len(self._latest) > limits.REQUESTS or self._bytes > limits.REQUEST_BYTES:
                _, path, raw = self._latest.pop(0)
                self._bytes -= len(path) + len(raw)

    def all(self) -> list[tuple[str, str, Any]]:
        """List them in their order: method, path, body."""
        with self._lock:
            latest = list(self._latest)
        # Parsed only here: a parsed body takes many times the memory of its text.
        return [(method, path, _body(raw)) for method, path, raw in latest]


def _body(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return bodies.parse(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")
