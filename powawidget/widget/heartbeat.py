"""A sign of life for the page, about once a second."""

import asyncio
from collections.abc import Callable

_SECONDS = 1.0


class Heartbeat:
    """Calls something once a second on the loop thread, for as long as it wants to be called.

    Attributes:
        is_beating: Whether it goes on; read on the loop thread.

    Args:
        loop: The loop thread's loop.
        beat: Called with the number of the second, from 0; returns whether there is to be a next.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, beat: Callable[[int], bool]) -> None:
        self._loop = loop
        self._beat = beat
        self.is_beating = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, where it isn't beating; on any thread."""
        self._loop.call_soon_threadsafe(self._begin)

    def stop(self) -> None:
        """End; on any thread.

        Raises:
            RuntimeError: At the interpreter's end, when the loop is gone, and its timers with it.
        """
        self._loop.call_soon_threadsafe(self._stop)

    def _begin(self) -> None:
        if not self.is_beating:
            self._next(0)

    def _next(self, second: int) -> None:
        self._timer = None
        self.is_beating = self._beat(second)
        if self.is_beating:
            self._timer = self._loop.call_later(_SECONDS, self._next, second + 1)

    def _stop(self) -> None:
        self.is_beating = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
