"""The runs that this process has started: what is theirs at the server is nobody else's."""

import threading
import weakref
from collections.abc import Iterable
from typing import Protocol

from powawidget.http.secret import Secret
from powawidget.state.model import RunState


class Named(Protocol):
    """A run, with its id once that is known; the runs of one connection share its key."""

    state: RunState
    secret: Secret | None


_runs: "weakref.WeakSet[Named]" = weakref.WeakSet()
_lock = threading.Lock()  # runs are made on any thread


def note(run: Named) -> None:
    """Note a run; it is forgotten with the last who holds it."""
    with _lock:
        _runs.add(run)


def unnamed(ids: Iterable[str], but: Named) -> list[str]:
    """Leave out the ids that are those of other runs.

    Args:
        ids: Ids of stored runs.
        but: The run that may be one of them.
    """
    with _lock:
        # Two servers may give the same id.
        live = [one.state for one in _runs if one is not but and one.secret is but.secret]
    # One that was looked up later, or replayed, may be this very run.
    others = {state.run_id for state in live if state.origin == "live"}
    return [each for each in ids if each not in others]
