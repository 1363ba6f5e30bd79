"""Changes on their way to the page: gathered for a moment, then sent as one message.

jupyter_server drops messages above a rate that all widgets and prints of a kernel share, so a
widget sends at most 20 a second and all widgets together about 300. The interval grows with the
stream's rate: nobody reads 2,000 tokens a second, and each message costs about 1 kB of headers.
"""

import asyncio
import time
from collections.abc import Callable, Sequence

from powawidget.state.ops import Op, merge

# Tokens or other changes a second, and the seconds between two messages from there on.
_INTERVALS = ((0.0, 0.050), (1000.0, 0.100), (1500.0, 0.133))
_PROCESS_GAP = 1 / 300
_EARLY = 0.002  # by which a timer may be early
_TOKEN = 5  # characters; what came at once is one change, whatever it is made of

_next_free = 0.0


class Outbox:
    """The pending changes of one widget.

    `push`, `flush` and `send_due` are called under the run's lock. Only the loop thread handles the
    timer, since asyncio's timers belong to their loop's thread.

    Args:
        loop: The loop thread's loop.
        send: Sends one batch of changes.
        fire: Called on the loop when it is time; it acquires the run's lock and calls `send_due`.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        send: Callable[[list[Op]], None],
        fire: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._send = send
        self._fire = fire
        self._pending: list[Op] = []
        self._is_timed = self._is_closed = False
        self._last = time.monotonic()  # the page has just been given the whole
        self._rate = 0.0

    def push(self, ops: Sequence[Op]) -> None:
        """Queue changes; on the loop thread only."""
        if self._is_closed:
            return
        self._pending += ops
        self._set_timer()

    def _set_timer(self) -> None:
        if self._is_timed or not self._pending:
            return
        self._is_timed = True
        due = max(self._last + self._interval(), _reserve())
        self._loop.call_later(max(0.0, due - time.monotonic()), self._fire)

    def send_due(self) -> None:
        """Send what is pending when its time has come; on the loop thread only."""
        self._is_timed = False
        if time.monotonic() + _EARLY < self._last + self._interval():
            self._set_timer()  # what it was set for went meanwhile
        else:
            self.flush()

    def flush(self) -> None:
        """Send what is pending now; on any thread."""
        if not self._pending:
            return
        now = time.monotonic()
        elapsed = max(now - self._last, _INTERVALS[0][1])
        self._rate = sum(map(_weight, self._pending)) / elapsed
        self._last = now
        pending, self._pending = self._pending, []
        self._send(merge(pending))

    def close(self) -> None:
        """Drop what is pending and what will come; on any thread."""
        self._is_closed = True
        self._pending.clear()

    def _interval(self) -> float:
        return max(interval for rate, interval in _INTERVALS if self._rate >= rate)


def _weight(op: Op) -> float:
    verb, _, value = op
    return max(1.0, len(value) / _TOKEN) if verb == "append" else 1.0


def _reserve() -> float:
    """Return the next number in the process-wide queue of messages."""
    global _next_free  # noqa: PLW0603  # the limit is the process's
    _next_free = max(_next_free + _PROCESS_GAP, time.monotonic())
    return _next_free
