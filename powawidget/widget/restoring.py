"""What a page that is loaded again asks of ipywidgets: the state of all widgets at once.

ipywidgets answers in one message, which may be larger than a proxy lets through. Then its comm is
closed in place of an answer, and the page asks each widget for itself: so ipywidgets' page does
where a kernel has no such comm. The core, which is large, isn't in that answer at all.
"""

import contextvars
from collections.abc import Sequence
from typing import Any

import ipywidgets

from powawidget.widget.pieces import MOST, size

_of_all: contextvars.ContextVar[bool] = contextvars.ContextVar("_of_all", default=False)
# Private to ipywidgets: where it isn't there, the page is told as ever.
_HANDLER = "_handle_control_comm_msg"


def is_of_all() -> bool:
    """Tell whether a state is read to be told with those of all widgets."""
    return _of_all.get()


class _Limited:
    """The comm of such questions, closed where the answer is too large.

    Args:
        comm: ipywidgets' own.
    """

    def __init__(self, comm: Any) -> None:
        self._comm = comm

    def send(self, data: Any, *, buffers: Sequence[Any] = ()) -> None:
        """Send an answer, where it is small enough."""
        if size(data) + sum(memoryview(each).nbytes for each in buffers) <= MOST:
            self._comm.send(data, buffers=buffers)
        else:
            self._comm.close()


def install() -> None:
    """Answer such questions from now on; does nothing where that is done."""
    original = getattr(ipywidgets.Widget, _HANDLER, None)
    function = getattr(original, "__func__", None)
    if function is None or getattr(function, "is_ours", False):
        return

    def handle(widgets: Any, message: Any) -> None:
        comm = widgets._control_comm  # noqa: SLF001  # no public way
        token = _of_all.set(True)
        try:
            widgets._control_comm = comm and _Limited(comm)  # noqa: SLF001  # likewise
            function(widgets, message)
        finally:
            widgets._control_comm = comm  # noqa: SLF001  # likewise
            _of_all.reset(token)

    handle.is_ours = True  # type: ignore[attr-defined]  # a mark on a function
    setattr(ipywidgets.Widget, _HANDLER, classmethod(handle))
