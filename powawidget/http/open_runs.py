"""The open runs of a connection: they may go on after it was closed.

`with connect(...) as pb:` may end while a run goes on, or waits for a decision. What the connection
needs, such as the embedded server, is stopped after the last run.
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
        """Refuse a new request of a connection that was closed.

        Raises:
            ConfigurationError: If it was.
        """
        if self._is_closed:
            raise ConfigurationError("This connection was closed: connect again.")

    def enter(self) -> None:
        """Count a run that begins.

        Raises:
            ConfigurationError: If the connection was closed.
        """
        with self._lock:
            self.check()
            self._count += 1

    def leave(self) -> None:
        """Count a run that is over; after the last one of a closed connection, call `then`."""
        with self._lock:
            self._count -= 1
            then = None
            if not self._count:
                then, self._then = self._then, None
        if then is not None:
            then()

    def close(self, then: Callable[[], object] | None = None) -> bool:
        """Refuse new requests from now on.

        Args:
            then: Called once after the last open run; not at all where no run is open.

        Returns:
            Whether no run is open.
        """
        with self._lock:
            self._is_closed = True
            if self._count and then is not None:
                self._then = then
            return not self._count
