"""Keeps what the notebook's file says of a request for approval true, while its run goes on."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from powawidget.kernel import loop
from powawidget.live.subscribers import Rest
from powawidget.state.ops import Op, PathKey

# Seconds: a request that a policy answers at once is over by then, and isn't worth a transcript.
_LASTS = 1.0
# The share of the time in which transcripts are written of a run that asks again and again.
_SHARE = 0.1


class Asking(Protocol):
    """A run or a chat, of which a person may be asked something; it changes under `lock`."""

    lock: threading.RLock

    @property
    def is_waiting(self) -> bool:
        """Whether a person is waited for."""


class Waits:
    """Has the transcript written once for each wait for a person that lasts, and once after it.

    Whoever reads a saved notebook elsewhere may have nothing but the transcript: of a run that came
    to wait after it was shown it would say that the run goes on, and of one that was decided
    hours ago that it waits.

    Args:
        live: The run or the chat.
        write: Gives what writes the transcript; None where none is shown.
        report: Logs and shows what fails.
    """

    def __init__(
        self,
        live: Asking,
        write: Callable[[], Rest | None],
        report: Callable[[Exception], object],
    ) -> None:
        self._live = live
        self._write = write
        self._report = report
        self._is_written = False
        self._is_following = False

    def note_written(self) -> None:
        """Note that the transcript is written now: before it is, so that no change is missed."""
        with self._live.lock:
            self._is_written = self._live.is_waiting

    def changed(self, ops: Sequence[Op]) -> None:
        """Look at changes; on the loop thread, under the lock."""
        if not any(verb == "set" and _is_status(path) for verb, path, _ in ops):
            return
        if self._is_due() and not self._is_following:
            self._is_following = True
            loop.submit(self._follow())

    def _is_due(self) -> bool:
        return self._live.is_waiting != self._is_written

    async def _follow(self) -> None:
        """Write until the file says how it is."""
        pause = _LASTS
        try:
            while True:
                await asyncio.sleep(pause)
                rest = self._write() if self._is_due() else None
                if rest is None:
                    return
                began = time.monotonic()
                await rest
                pause = max(_LASTS, (time.monotonic() - began) / _SHARE)
        except Exception as error:  # noqa: BLE001  # nobody awaits this: it would be lost
            self._report(error)
        finally:
            self._is_following = False


def _is_status(path: Sequence[PathKey]) -> bool:
    """Whether a path leads to the status of a run, or of a turn of a chat."""
    match tuple(path):
        case ("status",) | ("turns", _, "status"):
            return True
    return False
