"""A batch as what a widget shows while it changes.

To a widget, a batch is a run: what runs, how it stands, since when, Stop. What a board has beside
that, its figures and rows, is read anew a few times a second, on a thread of its own: going through
ten thousand rows takes a while, and the loop thread has their streams to follow.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from powawidget.batch.board.figures import BatchStatus, Figures, figures_of
from powawidget.batch.board.moment import Content, Moment
from powawidget.kernel import loop
from powawidget.kernel.worker import in_thread
from powawidget.live.subscribers import Subscribers, Troubles, do_left
from powawidget.state.model import ENDED, RunState, RunStatus, plain
from powawidget.state.ops import Op
from powawidget.transcript.summary import one_line

GAP = 0.34  # seconds between two looks, so that a page gets three messages a second
_LOOK = 1.0  # seconds; what a person is waited for changes without a word
_STATUS: dict[BatchStatus, RunStatus] = {
    "ready": "stopped",
    "held": "running",
    "running": "running",
    "waiting": "waiting",
    "stopping": "running",
    "stopped": "stopped",
    "opened": "stopped",
    "done": "completed",
}
_ON_STOP = "Nothing new starts. What runs goes on to its end, and its result is kept."


class LiveBoard:
    """A batch while it changes; changed on the loop thread only.

    Attributes:
        content: Its rows, and what it runs.
        state: How it stands, as a run's.
        lock: Guards the state.
        subscribers: Who receives its changes.
        published: Set while all that stands in the notebook is up to date with an end.
        look: Called with each moment at which something was looked at, on the loop thread.

    Args:
        content: Its rows, and what it runs.
        read: Reads how they stand; on any thread but the loop's.
    """

    def __init__(self, content: Content, read: Callable[[], Moment]) -> None:
        self.content = content
        self.lock = threading.RLock()
        self.look: Callable[[Moment, Figures], Awaitable[None]] | None = None
        self.published = threading.Event()
        self._troubles = Troubles(content.redact)
        self.subscribers = Subscribers(self._troubles)
        self._read = read
        self._dirty = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._trouble = ""
        self._has_looked_in_vain = False
        self._ended_with: Figures | None = None  # what the notebook's file says of the end
        moment = read()
        self.figures = figures_of(content, moment)
        name = one_line(content.redact(content.target), 120)
        self.state = RunState(kind=content.kind, name=f"{name} · {content.size}", on_stop=_ON_STOP)
        for field, value in _fields(self.figures).items():
            setattr(self.state, field, value)
        if self.finished:
            self._ended_with = self.figures
            self.published.set()

    @property
    def last_sign(self) -> float:
        """When the server last gave a sign: each row's run tells that for itself."""
        return time.monotonic()

    @property
    def is_kept_alive(self) -> bool:
        """Whether nothing but keepalives comes; as `last_sign`."""
        return False

    @property
    def finished(self) -> bool:
        """Whether nothing is under way."""
        return self.state.status in ENDED

    @property
    def trouble(self) -> str:
        """What couldn't be done, in words."""
        return self._trouble

    def clock(self) -> float:
        """Tell the time, in seconds since the epoch."""
        return time.time()

    def snapshot(self) -> Any:
        """Return the state as plain JSON values."""
        with self.lock:
            return plain(self.state)

    def read(self) -> Moment:
        """Read how the rows stand; on any thread but the loop's."""
        return self._read()

    def note_change(self) -> None:
        """Look again soon; on any thread."""
        self.published.clear()
        loop.call_soon(self._mark)

    def note_trouble(self, text: str) -> None:
        """Say what couldn't be done; on any thread."""
        self._trouble = self.content.redact(text)
        self.note_change()

    def report(self, doing: str, error: BaseException) -> None:
        """Log and show what has failed beside the batch; on the loop thread only."""
        with self.lock:
            self._troubles.note(doing, error)
        self._tell_troubles()

    def _tell_troubles(self) -> None:
        for text in self._troubles.pop_reports():
            self._trouble = text

    def _mark(self) -> None:
        self._dirty.set()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def _go_on(self) -> None:
        """Look until nothing is under way and nothing has changed since."""
        try:
            while True:
                self._dirty.clear()
                is_driven = await self._look_once()
                await asyncio.sleep(GAP)
                if self._dirty.is_set():
                    continue
                if not is_driven:
                    return
                try:
                    await asyncio.wait_for(self._dirty.wait(), _LOOK - GAP)
                except TimeoutError:
                    continue
        finally:
            self._task = None

    async def _look_once(self) -> bool:
        try:
            moment, figures = await in_thread(self._seen)
            self.figures = figures
            if self.look is not None:
                await self.look(moment, figures)
            with self.lock:
                self._publish(figures)
                has_ended = self.finished and figures != self._ended_with
                self._ended_with = figures if self.finished else None
                left = self.subscribers.publish_end() if has_ended else []
            await do_left(left, self.report)
            if self.finished and not self._dirty.is_set():
                self.published.set()
        except Exception as error:  # noqa: BLE001  # the next look may go well; rows go on
            self.report("looked at a batch", error)
            self._has_looked_in_vain = True
            return not self.finished
        if self._has_looked_in_vain:
            self._has_looked_in_vain = False
            self.note_trouble("")  # it is over
        return moment.is_driven

    def _seen(self) -> tuple[Moment, Figures]:
        moment = self._read()
        return moment, figures_of(self.content, moment)

    def _publish(self, figures: Figures) -> None:
        ops: list[Op] = []
        for name, value in _fields(figures).items():
            if getattr(self.state, name) != value:
                setattr(self.state, name, value)
                ops.append(("set", (name,), value))
        if ops:
            self.subscribers.publish(ops)
            self._tell_troubles()


def _fields(figures: Figures) -> dict[str, Any]:
    """What changes seldom: each change is a message beside that of the figures."""
    return {
        "status": _STATUS[figures.status],
        "started": figures.begun,
        "ended": figures.ended,
    }
