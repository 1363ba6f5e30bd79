"""Keeps the kernel from being taken for idle while something is under way.

jupyter_server stops kernels that are idle (`MappingKernelManager.cull_idle_timeout`), and a hub
whole servers. It counts the messages of comms as activity, and neither outputs nor status: a run
that waits for a person while no page is open is idle to it. So a message goes out now and then, on
a comm that no page knows; pages ignore it. Nothing goes out while nothing is under way.
"""

import asyncio
import contextlib
import functools
import itertools
import logging
import os
import secrets
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from powawidget.kernel import host, loop
from powawidget.live.subscribers import log
from powawidget.settings import options

SECONDS = 20.0  # between two messages

_HOUR = 3600.0
_COMM = secrets.token_hex(16)
_PROCESS = os.getpid()

Tell = Callable[[str], object]


class Timer(Protocol):
    """What calls something later."""

    def cancel(self) -> None:
        """Call it no more."""


class Work:
    """Something that is under way.

    Attributes:
        begun: When it began, by the clock of `Alive`.
        is_told: Whether it was told that nothing is sent for it any more.

    Args:
        tell: Shows a text beside it.
        is_held: Tells whether it hasn't begun after all.
        begun: When it begins.
    """

    def __init__(self, tell: Tell, is_held: Callable[[], bool], begun: float) -> None:
        self.begun = begun
        self.is_told = False
        self.tell = tell
        self.is_held = is_held


class Alive:
    """Sends a message every `SECONDS` while something is under way; on one thread.

    Each thing that is under way counts for `powawidget.options.keep_alive` hours from its start.

    Args:
        send: Sends one.
        later: Calls a function after some seconds.
        clock: Seconds of a clock that is never set back.
    """

    def __init__(
        self,
        send: Callable[[], object],
        later: Callable[[float, Callable[[], None]], Timer],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._later = later
        self._clock = clock
        self._works: dict[int, Work] = {}
        self._numbers = itertools.count()
        self._due = 0.0
        self._timer: Timer | None = None

    @property
    def is_keeping(self) -> bool:
        """Whether messages go out."""
        now, limit = self._clock(), _limit()
        return any(self._counts(work, now, limit) for work in tuple(self._works.values()))

    def begin(self, tell: Tell, is_held: Callable[[], bool] = lambda: False) -> int:
        """Note that something is under way.

        Args:
            tell: Shows a text beside it.
            is_held: Tells whether it hasn't begun after all, as a batch that waits for a page.

        Returns:
            Its number, for `end`.
        """
        number = next(self._numbers)
        self._works[number] = Work(tell, is_held, self._clock())
        self._wait()
        return number

    def end(self, number: int) -> None:
        """Note that it isn't any more; again does nothing."""
        self._works.pop(number, None)
        if not self._works and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _wait(self) -> None:
        if self._timer is not None or not self._works:
            return
        now = self._clock()
        # What follows at once on what has ended goes on with its time: of a hundred short runs, one
        # after the other, none would last until its own message.
        if self._due <= now:
            self._due = now + SECONDS
        self._timer = self._later(self._due - now, self._look)

    def _look(self) -> None:
        self._timer = None
        now, limit = self._clock(), _limit()
        is_keeping = False
        for work in tuple(self._works.values()):
            if self._counts(work, now, limit):
                is_keeping = True
            elif limit > 0 and not work.is_told and not work.is_held():
                work.is_told = True
                _try(functools.partial(work.tell, _left_alone(limit)))
        if is_keeping:
            _try(self._send)
        self._wait()

    @staticmethod
    def _counts(work: Work, now: float, limit: float) -> bool:
        if work.is_held():
            work.begun = now
            return False
        return now - work.begun < limit


def _limit() -> float:
    """For how many seconds something that is under way counts."""
    return float(options.keep_alive or 0.0) * _HOUR


def _left_alone(limit: float) -> str:
    return (
        f"It has gone on for {limit / _HOUR:g} h: the kernel is no longer kept alive for it. Where "
        "a server or a hub stops idle kernels, it may stop this one from now on. "
        "powawidget.options.keep_alive sets the hours."
    )


def _try(act: Callable[[], object]) -> None:
    """Do what nothing that is under way may suffer from."""
    try:
        act()
    except Exception as error:  # noqa: BLE001  # whatever it is: the runs go on, and so does this
        log(logging.DEBUG, "powawidget couldn't say that it is at work: %r", error)


def _send() -> None:
    """Send a message, where this process is a kernel and no fork of one."""
    session = getattr(host.kernel(), "session", None)
    if session is not None and getattr(session, "pid", _PROCESS) == os.getpid():
        content = {"comm_id": _COMM, "data": {}}
        host.publish("comm_msg", content, b"comm-" + _COMM.encode())


# With the loop whose timers it uses: a loop that was closed is followed by another.
_current: tuple[asyncio.AbstractEventLoop, Alive] | None = None


def _here() -> Alive:
    global _current  # noqa: PLW0603  # one a process is the point
    running = asyncio.get_running_loop()
    if _current is None or _current[0] is not running:
        _current = running, Alive(_send, running.call_later)
    return _current[1]


def is_keeping() -> bool:
    """Tell whether the kernel is kept alive, as it is while something is under way."""
    return _current is not None and _current[1].is_keeping


def follow(tell: Tell, is_held: Callable[[], bool]) -> Callable[[], None]:
    """Keep the kernel alive while what goes on elsewhere tells that it does; on any thread.

    Args:
        tell: Shows a text beside it.
        is_held: Tells whether it isn't at work, for now.

    Returns:
        What ends that, on any thread.
    """
    running = loop.loop_thread().loop
    numbers: list[int] = []
    running.call_soon_threadsafe(lambda: numbers.append(_here().begin(tell, is_held)))

    def end_there() -> None:
        for number in numbers:
            _here().end(number)

    def end() -> None:
        with contextlib.suppress(RuntimeError):  # at the interpreter's end there is no loop
            running.call_soon_threadsafe(end_there)

    return end


@contextlib.contextmanager
def work(tell: Tell, is_held: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Keep the kernel alive while something is under way; on the loop thread only.

    Args:
        tell: Shows a text beside it.
        is_held: Tells whether it hasn't begun after all.
    """
    alive = _here()
    number = alive.begin(tell, is_held)
    try:
        yield
    finally:
        alive.end(number)
