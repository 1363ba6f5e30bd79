"""Who can decide on what a run asks, and whether anybody can."""

import contextlib
import time
from collections.abc import Iterator, Sequence

from powawidget.kernel import host
from powawidget.run.task import RunTask
from powawidget.state.model import ApprovalPart
from powawidget.widget.output import CellOutput

_GRACE = 2.0
_GRACE_FOR_A_PAGE = 30.0
_GRACE_FOR_CODE = 30.0


class Approvers:
    """Who can decide on the requests of one run: its policy, code, or a person at a page.

    Attributes:
        outputs: What shows the run where a person can click.
    """

    def __init__(self, task: RunTask) -> None:
        self.outputs: list[CellOutput] = []
        self._task = task
        self._listening = 0
        self._handed_over = float("-inf")

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Count code that waits for a request as somebody who can decide."""
        self._listening += 1
        try:
            yield
        finally:
            self._listening -= 1

    def note_handed_over(self) -> None:
        """Note that code has been given a request, on which it may decide."""
        self._handed_over = time.monotonic()

    def are_missing(self) -> bool:
        """Tell whether the run waits for a decision that nobody can make."""
        decider = self._task.decider
        if decider is None or not self._task.is_asking() or not decider.asks_person:
            return False
        if self._listening or time.monotonic() - self._handed_over < _GRACE_FOR_CODE:
            return False
        return nobody_clicks(self.outputs)

    def missing(self) -> str | None:
        """Say what the run waits for where nobody can decide on it; None where somebody can."""
        if not self.are_missing() or self._task.decider is None:
            return None
        with self._task.live.lock:
            latest = self._task.decider.requests.latest
        return "something" if latest is None else _subject(latest)


def nobody_clicks(outputs: Sequence[CellOutput]) -> bool:
    """Tell whether no page shows any of these, where a person could click."""
    if host.kernel() is None:
        return True
    shown = [(one.made, one.shown_at) for one in outputs if one.is_shown]
    if not shown or any(widget.greeted for widget, _ in shown):
        return not shown
    # A page says hello once it has loaded the front end; where no front end has sent the cell,
    # there is no page to wait for.
    grace = _GRACE_FOR_A_PAGE if host.has_front_end() else _GRACE
    now = time.monotonic()
    return all(at is not None and now - at > grace for _, at in shown)


def _subject(request: ApprovalPart) -> str:
    """Say what a request is about."""
    subjects = {"call": repr(request.tool_name), "answer": "its answer", "start": "its start"}
    return subjects[request.covers]
