"""The runs of this process: what each came to, without holding it."""

import threading
import weakref
from collections import deque
from dataclasses import dataclass
from typing import Any

from powawidget.kernel import cells
from powawidget.live.run import Live
from powawidget.live.subscribers import Rest
from powawidget.state.ops import Op
from powawidget.state.tokens import tokens_of

_MOST = 100_000

NAMES = (
    *("agent", "status", "tokens", "seconds", "cell"),
    *("kind", "origin", "started", "run_id"),
)


@dataclass(eq=False)
class Known:
    """What is known of one run; it subscribes to it, and keeps its figures once it is over.

    Attributes:
        cell: The number of the cell that started it, as it stands beside it.
        facts: Its figures as they were told last.
    """

    doing = "noted what the run came to"

    live: "weakref.ref[Live]"
    cell: int | None
    facts: dict[str, Any]

    def changed(self, ops: list[Op]) -> None:
        """Do nothing: what is asked for is read then."""

    def ended(self) -> Rest | None:
        """Keep what the run came to.

        Returns:
            Nothing is left to do.
        """
        self.row()
        return None

    def recovered(self) -> Rest | None:
        """Keep what was found out.

        Returns:
            Nothing is left to do.
        """
        self.row()
        return None

    def row(self) -> dict[str, Any]:
        """Read the run's figures, by their names."""
        live = self.live()
        if live is not None:
            with live.lock:
                self.facts = _facts_of(live, self.cell)
        return self.facts


_lock = threading.Lock()
_known: "deque[Known]" = deque(maxlen=_MOST)


def note(live: Live) -> None:
    """Note a run of this process; on the thread that begins it."""
    known = Known(weakref.ref(live), cells.number(), {})
    with live.lock:
        known.facts = _facts_of(live, known.cell)
        live.subscribers.append(known)
    with _lock:
        _known.append(known)


def rows() -> list[dict[str, Any]]:
    """List the runs, the oldest first."""
    with _lock:
        every = list(_known)
    return [one.row() for one in every]


def _facts_of(live: Live, cell: int | None) -> dict[str, Any]:
    state = live.state
    ended = live.clock() if state.ended is None and not live.ended else state.ended
    seconds = None
    if state.started is not None and ended is not None:
        seconds = max(0.0, round(ended - state.started, 3))
    told = (state.name, state.status, tokens_of(state), seconds, cell)
    return dict(
        zip(NAMES, (*told, state.kind, state.origin, state.started, state.run_id), strict=True)
    )
