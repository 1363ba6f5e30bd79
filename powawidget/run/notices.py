"""What there is to notice of this kernel's runs, while a person may be elsewhere.

A page is told how many runs ask a person, and by ids of this use alone what it may notify of: once
for each request that lasts, and once for an answer that took over a minute. No name, no argument
and no text is among it.
"""

import asyncio
import contextlib
import itertools
import math
import secrets
from typing import Literal, NamedTuple

from powawidget import settings
from powawidget.kernel.worker import in_thread
from powawidget.live.run import Live
from powawidget.run import asking
from powawidget.settings import options
from powawidget.widget import attention
from powawidget.widget.messages import Notice, NoticesMessage

_LASTS = 1.0  # seconds: parallel calls are asked about together, and code may decide at once
_LONG = 60.0  # seconds after which nobody is taken to look at the run any more
_FRESH = 60.0  # seconds for which an answer is news to a page that comes late
_MOST = 100  # notices in one message, the latest ones: each change is told to all pages
Kind = Literal["asks", "ready"]

_SOURCE = secrets.token_hex(8)


# One request of one run: the same may be asked by another.
_Request = tuple[int, str]


class _Noted(NamedTuple):
    """A notice, and what it is about.

    Attributes:
        notice: The notice.
        requests: The requests of a run; empty of an answer.
        until: Until when it is news, by the loop's clock.
    """

    notice: Notice
    requests: frozenset[_Request]
    until: float


class Notices:
    """Knows what there is to notice; on the loop thread.

    Args:
        running: Its loop.
    """

    def __init__(self, running: asyncio.AbstractEventLoop) -> None:
        self.loop = running
        self._numbers = itertools.count(1)
        self._since: dict[_Request, float] = {}  # when each that is open was first seen
        self._noted: list[_Noted] = []
        self._told: NoticesMessage | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_marked = False
        self._making: asyncio.Task[None] | None = None

    def mark(self) -> None:
        """Look again soon."""
        if not self._is_marked:
            self._is_marked = True
            self.loop.call_soon(self._look)

    def note_ready(self) -> None:
        """Note an answer that took long."""
        self._add("ready", frozenset(), self.loop.time() + _FRESH)
        self.mark()

    def message(self) -> NoticesMessage:
        """Say what there is to notice now."""
        is_used, now = options.notices, self.loop.time()
        latest = self._noted[-_MOST:]
        return NoticesMessage(
            source=_SOURCE,
            waiting=len(asking.now()) if is_used else 0,
            notices=[one.notice for one in latest if is_used and now < one.until],
            used=is_used,
        )

    def _look(self) -> None:
        self._is_marked = False
        now, runs = self.loop.time(), _open_requests()
        every = frozenset[_Request]().union(*runs)
        self._since = {one: self._since.get(one, now) for one in every}
        self._noted = [
            one
            for one in self._noted
            if now < one.until and (not one.requests or one.requests & every)
        ]
        new = every.difference(*(one.requests for one in self._noted))
        lasting = {one for one in new if now - self._since[one] >= _LASTS}
        for requests in runs:
            if requests & lasting:
                self._add("asks", requests, math.inf)
        self._look_at(min((self._since[one] + _LASTS for one in new - lasting), default=None))
        self._tell()

    def _look_at(self, due: float | None) -> None:
        """Look when the next request has lasted."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else self.loop.call_at(due, self.mark)

    def _add(self, what: Kind, about: frozenset[_Request], until: float) -> None:
        notice = Notice(id=f"{_SOURCE}-{next(self._numbers)}", what=what)
        self._noted.append(_Noted(notice, about, until))

    def _tell(self) -> None:
        message, model = self.message(), attention.made()
        if model is None:
            if (message.waiting or message.notices) and self._making is None:
                self._making = self.loop.create_task(self._make())
        elif message != self._told:
            self._told = message
            model.tell(message)

    async def _make(self) -> None:
        """Make the model that tells pages; each asks it for all there is."""
        try:
            await in_thread(attention.make)
        finally:
            self._making = None


def _open_requests() -> list[frozenset[_Request]]:
    """List what is open of each run that asks a person."""
    return [
        frozenset((id(task), part.digest) for part in task.decider.requests.pending())
        for task in asking.now()
        if task.decider is not None
    ]


_current: Notices | None = None


def _here() -> Notices:
    global _current  # noqa: PLW0603  # one a process; its loop may be followed by another
    running = asyncio.get_running_loop()
    if _current is None or _current.loop is not running:
        _current = Notices(running)
    return _current


def note_end(live: Live) -> None:
    """Note the end of a run that a person has started; on the loop thread."""
    state = live.state
    if state.status != "completed" or state.started is None or state.ended is None:
        return
    if state.ended - state.started > _LONG:
        _here().note_ready()


def _mark() -> None:
    _here().mark()


def _mark_switched() -> None:
    """Tell pages that notices were switched on or off; on any thread."""
    attention.begin()
    if _current is not None:
        with contextlib.suppress(RuntimeError):  # at the interpreter's end there is no loop
            _current.loop.call_soon_threadsafe(_current.mark)


asking.hear(_mark)
settings.hear("notices", _mark_switched)
attention.told_by(lambda: _here().message())
