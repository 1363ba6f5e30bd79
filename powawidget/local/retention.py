"""What is remembered, and for how long: the latest, within a bound."""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from powawidget.local import limits
from powawidget.local.http import bodies

if TYPE_CHECKING:
    from collections.abc import Callable


class Over:
    """Which of a store's entries are over: beyond the bound, the oldest of them are dropped.

    What is under way isn't in here, so that it is never dropped; nor is the latest.

    Args:
        drop: Takes an entry out of its store, by its id.
    """

    def __init__(self, drop: Callable[[str], object]) -> None:
        self._drop = drop
        self._weights: OrderedDict[str, int] = OrderedDict()
        self._weight = 0

    def add(self, entry_id: str, value: Any) -> None:
        """Note that an entry is over.

        Args:
            entry_id: Its id.
            value: What is kept of it.
        """
        weight = weigh(value)
        self._weights[entry_id] = weight
        self._weight += weight
        while len(self._weights) > 1 and self._is_full():
            oldest, weight = self._weights.popitem(last=False)
            self._weight -= weight
            self._drop(oldest)

    def _is_full(self) -> bool:
        return len(self._weights) > limits.KEPT or self._weight > limits.KEPT_BYTES


def weigh(value: Any) -> int:
    """Tell about how many bytes a JSON value takes in memory."""
    weight, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        weight += sys.getsizeof(one)
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one
    return weight


class Requests:
    """The latest requests, without their headers. Read in one thread and written in another."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: list[tuple[str, str, bytes]] = []
        self._weight = 0

    def add(self, method: str, path: str, raw: bytes) -> None:
        """Remember a request."""
        with self._lock:
            self._latest.append((method, path, raw))
            self._weight += len(path) + len(raw)
            while len(self._latest) > limits.REQUESTS or self._weight > limits.REQUEST_BYTES:
                _, path, raw = self._latest.pop(0)
                self._weight -= len(path) + len(raw)

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
