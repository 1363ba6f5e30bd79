"""How many executions a minute are allowed."""

from __future__ import annotations

import time
from collections import deque

_WINDOW = 60.0  # seconds


class Quota:
    """A sliding window of one minute (docs/protocol.md#execution-rate).

    Args:
        most: How many are allowed in it; None allows any number.
    """

    def __init__(self, most: int | None) -> None:
        self.most = most
        self._taken: deque[float] = deque()

    def take(self) -> bool:
        """Take one, if one is left."""
        now = time.monotonic()
        while self._taken and now - self._taken[0] >= _WINDOW:
            self._taken.popleft()
        if self.most is not None and len(self._taken) >= self.most:
            return False
        self._taken.append(now)
        return True
