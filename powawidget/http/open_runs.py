"""Who still needs a connection that was closed: the runs that are open.

`with connect(...) as pb:` ends under runs that go on, or wait for a decision that is made later.
"""

import threading
from collections.abc import Callable

from powawidget.errors import ConfigurationError


class OpenRuns:
    """Counts the open runs of one connection; on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._is_closed = False
        self._then: Callable[[], object] | None = None

    def check(self) -> None:
        """Refuse what is new where the connection was closed.

        Raises:
            ConfigurationError: If it was.
        """
        if self._is_closed:
            raise ConfigurationError("This connection was closed: connect again.")

    def enter(self) -> None:
        """Let a run in.

        Raises:
            ConfigurationError: If the connection was closed.
        """
        with self._lock:
            self.check()
            self._count += 1

    def leave(self) -> None:
        """Let a run go; after the last one of a closed connection nobody needs that."""
        with self._lock:
            self._count -= 1
            then = None
            if not self._count:
                then, self._then = self._then, None
        if then is not None:
            then()

    def close(self, then: Callable[[], object] | None = None) -> bool:
        """Let nobody in any more.

        Args:
            then: Called when the last run has left, where there is any.

        Returns:
            Whether there is none.
        """
        with self._lock:
            self._is_closed = True
            if self._count and then is not None:
                self._then = then
            return not self._count
