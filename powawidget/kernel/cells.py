"""Which runs belong to which cell: a cell that is run again closes its earlier ones.

Two notebooks on one kernel may share their cells' ids, as a copy does: neither stops the other's
runs, which somebody pays for. Only the session of a request tells them apart. A page that is loaded
again has a new session too: what its cells began before that goes on to its end.
"""

import contextlib
import contextvars
import logging
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol, TypeVar
from weakref import WeakKeyDictionary

from powawidget.kernel import host, loop

_log = logging.getLogger("powawidget")


class Closable(Protocol):
    """Something that a cell has started."""

    def close(self) -> None:
        """Stop it and free what it holds."""


_Thing = TypeVar("_Thing", bound=Closable)
# What one execution of a cell has started, with what tells each that it is about to be closed. What
# nobody holds any more is gone from there by itself: a cell may start thousands.
_Started = WeakKeyDictionary[Closable, Callable[..., object]]

_lock = threading.Lock()
# By the session of the front end and the cell's id.
_Cell = tuple[str | None, str]
_by_cell: dict[_Cell, tuple[str | None, _Started]] = {}


def adopt(thing: _Thing, tell: Callable[[_Thing], object] = lambda _: None) -> None:
    """Tie something to the running cell, and close what earlier executions of it have left.

    All of that is told at once, and then waited for together. Siblings (a list of runs made by one
    execution) stay.

    Args:
        thing: What the cell has started.
        tell: Tells it that it is about to be closed, without waiting; it holds the thing itself by
            no reference.
    """
    cell_id, execution = host.cell()
    if cell_id is None:
        return
    cell = (host.session(), cell_id)
    with _lock:
        latest, started = _by_cell.get(cell, (execution, _Started()))
        earlier = [] if latest == execution else list(started.items())
        if latest != execution:
            started = _Started()
        started[thing] = tell
        _by_cell[cell] = execution, started
    for old, tell_old in earlier:
        _try(tell_old, old)
    for old, _ in earlier:
        _try(type(old).close, old)


def release(thing: Closable) -> None:
    """Tie something to no cell any more, as where another execution shows it too."""
    with _lock:
        for _, started in _by_cell.values():
            started.pop(thing, None)


class Place(NamedTuple):
    """A cell of a notebook.

    Attributes:
        number: Its number, as it stands beside it; None where that isn't known.
        cell_id: Its id, where the front end has sent one.
    """

    number: int | None = None
    cell_id: str | None = None


# The cell that work on the loop thread was started by: its tasks have the starter's context.
_place: "contextvars.ContextVar[Place | None]" = contextvars.ContextVar("_place", default=None)


def number() -> int | None:
    """Tell the number of the running cell, as it stands beside it.

    Returns:
        None where no cell runs. On the loop thread it is that of the cell by which the work there
        was started, where `started_by` has said so.
    """
    return place().number


def place() -> Place:
    """Tell which cell is running.

    Returns:
        On the loop thread the cell by which the work there was started, as for `number`.
    """
    if loop.loop_thread().is_current:
        return _place.get() or Place()
    # Not `execution_count`: from IPython 9 on that is the next cell's while one runs.
    inputs = getattr(getattr(host.kernel(), "shell", None), "user_ns", {}).get("In")
    count = len(inputs) - 1 if isinstance(inputs, list) else 0
    return Place(count, host.cell()[0]) if count > 0 and host.is_in_cell() else Place()


@contextlib.contextmanager
def started_by(where: Place) -> Iterator[None]:
    """Have `place` give a cell in all that is started on the loop thread within.

    Not for longer: a kernel runs all its cells in one context, and hears its pages there.

    Args:
        where: The cell.
    """
    token = _place.set(where)
    try:
        yield
    finally:
        _place.reset(token)


def _try(close: Callable[..., object], old: Closable) -> None:
    try:
        close(old)
    except Exception:  # noqa: BLE001  # what the cell has started now isn't to blame for it
        _log.exception("powawidget failed while it closed what a cell had started")
