"""Tells an interrupt of the cell from other cancellations.

ipykernel and `asyncio.run` answer SIGINT by cancelling the task that awaits: to that task it looks
like any other cancellation, such as the end of `asyncio.wait_for`.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any


class _Watch:
    """One wait that wants to know of an interrupt, and the handler of the cell that waits."""

    def __init__(self, cell: Any) -> None:
        self.cell = cell
        self.is_interrupted = False


_watches: list[_Watch] = []
_before: Any = None


@contextlib.contextmanager
def calling(on_interrupt: Callable[[], object]) -> Iterator[Callable[[], bool]]:
    """Call a function where an interrupt, and nothing else, ends what is awaited inside.

    It must not block: the person's event loop runs here.

    Yields:
        What tells whether an interrupt has come.
    """
    watch = _begin()
    try:
        yield lambda: watch is not None and watch.is_interrupted
    except KeyboardInterrupt:
        on_interrupt()
        raise
    except asyncio.CancelledError:
        if watch is not None and watch.is_interrupted:
            on_interrupt()
        raise
    finally:
        _end(watch)


def _begin() -> _Watch | None:
    global _before  # noqa: PLW0603  # a process has one handler of SIGINT
    if threading.current_thread() is not threading.main_thread():
        return None  # signals arrive in the main thread only
    current = signal.getsignal(signal.SIGINT)
    if not callable(current):
        return None
    if current is not _on_sigint:
        # ipykernel sets a handler for each cell that awaits, and takes ours away with it.
        _before = current
        signal.signal(signal.SIGINT, _on_sigint)
    watch = _Watch(_before)
    _watches.append(watch)
    return watch


def _end(watch: _Watch | None) -> None:
    if watch is None:
        return
    _watches.remove(watch)
    if not _watches and signal.getsignal(signal.SIGINT) is _on_sigint:
        signal.signal(signal.SIGINT, _before)


def _on_sigint(number: int, frame: FrameType | None) -> None:
    for watch in _watches:
        # A background task of an earlier cell isn't what the interrupt is for.
        watch.is_interrupted = watch.is_interrupted or watch.cell is _before
    _before(number, frame)
