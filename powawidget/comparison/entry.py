"""One run of a comparison: how it stands, and who is told when that changes."""

from collections.abc import Callable

from powawidget.comparison.moment import Checked, Facts
from powawidget.comparison.steps import steps_of
from powawidget.run.run import Run
from powawidget.run.task import RunTask
from powawidget.state.model import ENDED, RunState
from powawidget.state.ops import Op
from powawidget.state.tokens import tokens_of
from powawidget.state.values import decoded, seconds_of, text_of
from powawidget.transcript.summary import one_line

_LONGEST_ERROR = 400


class Entry:
    """One run of a side. A subscriber of it; it changes nothing of it.

    Attributes:
        run: The run.
        is_own: Whether the comparison starts it, and so may stop it.
        checks: What the checks say of it, once they were asked.
        is_judged: Whether they are asked, or were.

    Args:
        run: The run.
        is_own: Whether the comparison starts it.
        changed: Called when something of it has changed, on the loop thread and under its lock.
    """

    doing = "followed a run of a comparison"

    def __init__(self, run: Run, *, is_own: bool, changed: Callable[[], object]) -> None:
        self.run = run
        self.is_own = is_own
        self.checks: dict[str, Checked] | None = None
        self.is_judged = False
        self._changed = changed
        live = self.task.live
        with live.lock:
            live.subscribers.append(self)

    @property
    def task(self) -> RunTask:
        """What is behind the run."""
        return self.run._task  # noqa: SLF001  # a comparison reads runs as a batch does

    def facts(self) -> Facts:
        """Read how it stands; on any thread."""
        live = self.task.live
        with live.lock:
            state = live.state
            is_left = self.is_own and not self.task.is_started and state.status not in ENDED
            # A recorded stream is read at another pace than it came at.
            is_timed = self.task.plan.origin != "replay"
            error = state.error
            return Facts(
                standing="left" if is_left else state.status,
                text=text_of(state),
                is_data=_is_data(state),
                steps=steps_of(state),
                tokens=tokens_of(state),
                started=state.started,
                seconds=seconds_of(state) if is_timed else None,
                error="" if error is None else _told(error.title, error.message),
                checks=self.checks or {},
            )

    def changed(self, ops: list[Op]) -> None:
        """Note a change."""
        del ops
        self._changed()

    def ended(self) -> None:
        """Note the end."""
        self._changed()

    def recovered(self) -> None:
        """Note what became known after the end."""
        self._changed()

    def leave(self) -> None:
        """Follow it no more."""
        live = self.task.live
        with live.lock:
            if self in live.subscribers:
                live.subscribers.remove(self)


def _is_data(state: RunState) -> bool:
    if state.kind != "workflow" or state.output is None:
        return False
    return not isinstance(decoded(state.output), str | None)


def _told(title: str, message: str) -> str:
    return one_line(f"{title}: {message}" if message else title, _LONGEST_ERROR)
