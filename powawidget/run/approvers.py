"""Who can decide on what a run asks, and whether anybody can."""

import contextlib
import time
import weakref
from collections.abc import Callable, Iterator, Sequence

from powawidget.kernel import host
from powawidget.run.task import RunTask
from powawidget.state.model import ApprovalPart
from powawidget.widget.output import CellOutput

_GRACE = 2.0
_GRACE_FOR_A_PAGE = 30.0
_GRACE_FOR_CODE = 30.0

# What shows every run that asks, where a person can click.
everywhere: list[CellOutput] = []
# What sends nothing before a page is there at which a person can decide: told once one is.
_held: "list[weakref.WeakMethod[Callable[[], object]]]" = []


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
    shown = [(one.made, one.shown_at) for one in (*outputs, *everywhere) if one.is_shown]
    if not shown or any(widget.greeted for widget, _ in shown):
        return not shown
    # A page says hello once it has loaded the front end; where no front end has sent the cell,
    # there is no page to wait for.
    grace = _GRACE_FOR_A_PAGE if host.has_front_end() else _GRACE
    now = time.monotonic()
    return all(at is not None and now - at > grace for _, at in shown)


def is_seen_everywhere() -> bool:
    """Tell whether a page shows every run that asks."""
    return any(one.is_shown and one.made.greeted for one in everywhere)


def when_page(tell: Callable[[], object]) -> None:
    """Call a method once a page shows every run that asks, as long as anybody has its object.

    Args:
        tell: The method; it is called at once where such a page is there.
    """
    _held[:] = [one for one in _held if one() is not None]
    method = weakref.WeakMethod(tell)
    if method not in _held:
        _held.append(method)
    if is_seen_everywhere():
        tell()


def note_page() -> None:
    """Tell what waits for it that a page shows every run that asks."""
    for method in tuple(_held):
        tell = method()
        if tell is not None:
            tell()


def _subject(request: ApprovalPart) -> str:
    """Say what a request is about."""
    subjects = {"call": repr(request.tool_name), "answer": "its answer", "start": "its start"}
    return subjects[request.covers]
