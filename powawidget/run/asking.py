"""The runs of this kernel that ask a person for a decision, in the order in which they began to.

It is a list of them, and no second store: how a request stands is read from its run, and it is
decided on by that run's decider.
"""

import contextlib
import logging
import traceback
from collections.abc import Callable
from typing import Protocol

from powawidget.approvals.decider import Decider
from powawidget.kernel.cells import Place
from powawidget.live.run import Live
from powawidget.live.subscribers import log


class Asks(Protocol):
    """A run that may ask: `powawidget.run.task.RunTask`."""

    @property
    def live(self) -> Live:
        """Its state while it changes."""

    @property
    def decider(self) -> Decider | None:
        """What decides on its requests, where there can be any."""

    @property
    def place(self) -> Place:
        """The cell that has started it."""


Hearer = Callable[[], None]

# With the requests on which a person was asked: while one of them is open, the run still asks, also
# where its policy looks at a further one.
_asking: dict[int, tuple[Asks, frozenset[str]]] = {}
_hearers: list[Hearer] = []


def now() -> list[Asks]:
    """List the runs that ask a person now; on the loop thread."""
    return [task for task, _ in _asking.values()]


def look(task: Asks) -> None:
    """Look whether a run asks a person, and tell the hearers; on the loop thread.

    They are told of each change of a run that asks, and when it comes to ask or asks no more. A run
    whose policy still decides asks nobody.
    """
    decider, key = task.decider, id(task)
    _, asked = _asking.get(key, (task, frozenset[str]()))
    pending = frozenset[str]()
    if decider is not None and not task.live.ended:
        pending = frozenset(part.digest for part in decider.requests.pending())
    by_person = pending if decider is not None and decider.asks_person else pending & asked
    if by_person:
        _asking[key] = task, by_person
    elif asked:
        del _asking[key]
    else:
        return
    _tell(task.live)


def hear(hearer: Hearer) -> Callable[[], None]:
    """Call a function on the loop thread when any of this changes; it takes no time.

    Args:
        hearer: Called under the lock of the run that has changed: it may note that something has,
            and reads it later.

    Returns:
        What ends that.
    """
    _hearers.append(hearer)

    def end() -> None:
        with contextlib.suppress(ValueError):
            _hearers.remove(hearer)

    return end


def _tell(live: Live) -> None:
    for hearer in tuple(_hearers):
        try:
            hearer()
        except Exception:  # noqa: BLE001  # the run goes on, and the others are told
            text = live.redact(traceback.format_exc())
            log(logging.ERROR, "powawidget failed while it told who asks\n%s", text)
