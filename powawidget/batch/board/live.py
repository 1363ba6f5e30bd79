"""A batch as what a widget shows while it changes.

To a widget, a batch is a run: what runs, how it stands, since when, Stop. What a board has beside
that, its figures and rows, is read anew a few times a second, on a thread of its own: going through
ten thousand rows takes a while, and the loop thread has their streams to follow.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from powawidget.batch.board.figures import BatchStatus, Figures, figures_of
from powawidget.batch.board.moment import Content, Moment
from powawidget.kernel.worker import in_thread
from powawidget.live.read_model import RunModel
from powawidget.live.subscribers import do_left
from powawidget.state.model import RunState, RunStatus
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


class LiveBoard(RunModel):
    """A batch while it changes; changed on the loop thread only.

    Attributes:
        content: Its rows, and what it runs.
        figures: How it stands.
        look: Called with each moment at which something was looked at, on the loop thread.

    Args:
        content: Its rows, and what it runs.
        read: Reads how they stand; on any thread but the loop's.
    """

    def __init__(self, content: Content, read: Callable[[], Moment]) -> None:
        self.content = content
        self.look: Callable[[Moment, Figures], Awaitable[None]] | None = None
        self._read = read
        self._ended_with: Figures | None = None  # what the notebook's file says of the end
        moment = read()
        self.figures = figures_of(content, moment)
        name = one_line(content.redact(content.target), 120)
        state = RunState(kind=content.kind, name=f"{name} · {content.size}", on_stop=_ON_STOP)
        for field, value in _fields(self.figures).items():
            setattr(state, field, value)
        super().__init__(state, content.redact, GAP, "a batch")
        if self.finished:
            self._ended_with = self.figures
            self.published.set()

    def read(self) -> Moment:
        """Read how the rows stand; on any thread but the loop's."""
        return self._read()

    def note_trouble(self, text: str) -> None:
        """Say what couldn't be done; on any thread."""
        self._trouble = self.content.redact(text)
        self.note_change()

    async def _look(self) -> float | None:
        moment, figures = await in_thread(self._seen)
        self.figures = figures
        if self.look is not None:
            await self.look(moment, figures)
        with self.lock:
            self._publish(self._changed(figures))
            has_ended = self.finished and figures != self._ended_with
            self._ended_with = figures if self.finished else None
            left = self.subscribers.publish_end() if has_ended else []
        await do_left(left, self.report)
        if self.finished and not self._dirty.is_set():
            self.published.set()
        return _LOOK if moment.is_driven else None

    def _seen(self) -> tuple[Moment, Figures]:
        moment = self._read()
        return moment, figures_of(self.content, moment)

    def _changed(self, figures: Figures) -> list[Op]:
        ops: list[Op] = []
        for name, value in _fields(figures).items():
            if getattr(self.state, name) != value:
                setattr(self.state, name, value)
                ops.append(("set", (name,), value))
        return ops


def _fields(figures: Figures) -> dict[str, Any]:
    """What changes seldom: each change is a message beside that of the figures."""
    return {
        "status": _STATUS[figures.status],
        "started": figures.begun,
        "ended": figures.ended,
    }
