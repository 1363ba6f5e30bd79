"""How long what is over stays stored: the latest, within a bound."""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from powawidget.local import limits

if TYPE_CHECKING:
    from collections.abc import Callable


class Retention:
    """Which of a store's entries are over: beyond the bound, the oldest of them are dropped.

    What is under way isn't in here, so that it is never dropped; nor is the latest.

    Args:
        drop: Takes an entry out of its store, by its id.
    """

    def __init__(self, drop: Callable[[str], object]) -> None:
        self._drop = drop
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._size = 0

    def add(self, entry_id: str, value: Any) -> None:
        """Note that an entry is over.

        Args:
            entry_id: Its id.
            value: What is stored of it.
        """
        size = memory_of(value)
        self._sizes[entry_id] = size
        self._size += size
        while len(self._sizes) > 1 and self._is_full():
            oldest, size = self._sizes.popitem(last=False)
            self._size -= size
            self._drop(oldest)

    def _is_full(self) -> bool:
        return len(self._sizes) > limits.KEPT or self._size > limits.KEPT_BYTES


def memory_of(value: Any) -> int:
    """Estimate how many bytes a JSON value takes in memory."""
    size, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        size += sys.getsizeof(one)
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, (list, tuple)):
            waiting += one
    return size
