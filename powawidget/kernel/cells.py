"""Which runs belong to which cell: a cell that is run again closes its earlier ones."""

import logging
import threading
import weakref
from typing import Protocol

from powawidget.kernel import host

_log = logging.getLogger("powawidget")


class Closable(Protocol):
    """Something that a cell has started."""

    def close(self) -> None:
        """Stop it and free what it holds."""


_lock = threading.Lock()
_by_cell: dict[str, list[tuple[str | None, "weakref.ReferenceType[Closable]"]]] = {}


def adopt(thing: Closable) -> None:
    """Tie something to the running cell, and close what earlier executions of it have left.

    Siblings (a list of runs made by one execution) stay.
    """
    cell, execution = host.cell()
    if cell is None:
        return
    with _lock:
        entries = _by_cell.get(cell, [])
        earlier = [ref for other, ref in entries if other != execution]
        siblings = [entry for entry in entries if entry[0] == execution]
        _by_cell[cell] = [*siblings, (execution, weakref.ref(thing))]
    for ref in earlier:
        old = ref()
        if old is not None:
            try:
                old.close()
            except Exception:  # noqa: BLE001  # what the cell has started now isn't to blame for it
                _log.exception("powawidget failed while it closed what a cell had started")
