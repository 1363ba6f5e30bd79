"""A sign of life for the page, about once a second."""

import asyncio
from collections.abc import Callable

_SECONDS = 1.0


class Heartbeat:
    """Calls something once a second on the loop thread, for as long as it wants to be called.

    Args:
        loop: The loop thread's loop.
        beat: Called with the number of the second, from 0; returns whether there is to be a next.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, beat: Callable[[int], bool]) -> None:
        self._loop = loop
        self._beat = beat
        self._second = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; on any thread."""
        self._loop.call_soon_threadsafe(self._next)

    def stop(self) -> None:
        """End; on any thread.

        Raises:
            RuntimeError: At the interpreter's end, when the loop is gone, and its timers with it.
        """
        self._loop.call_soon_threadsafe(self._stop)

    def _next(self) -> None:
        self._timer = None
        if self._beat(self._second):
            self._second += 1
            self._timer = self._loop.call_later(_SECONDS, self._next)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
