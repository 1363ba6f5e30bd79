"""How a page learns that somebody is waited for while nobody looks: a model without a view.

There is one a kernel, made with the first run, chat or batch, be it shown or not: `js/src/notices`
puts the number of waiting runs before the page's title, and notifies. Where a person asks for it,
its view is the line by which the browser is allowed to.
"""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from powawidget.kernel import host
from powawidget.live.subscribers import log
from powawidget.settings import options
from powawidget.widget.messages import NoticesMessage

if TYPE_CHECKING:
    from powawidget.widget.attention_model import Attention

_making = threading.Lock()
_shared: "Attention | None" = None
_gives: list[Callable[[], NoticesMessage]] = []


def told_by(give: Callable[[], NoticesMessage]) -> None:
    """Say what tells a page what there is to notice now; it is called on the loop thread."""
    _gives[:] = [give]


def message() -> NoticesMessage | None:
    """Give what a page is told; on the loop thread. None where nothing can be noticed."""
    return _gives[0]() if _gives else None


def made() -> "Attention | None":
    """Give the kernel's model; None where there is none."""
    return None if _shared is None or _shared.comm is None else _shared


def shared() -> "Attention":
    """Give the kernel's model, made when it is first asked for.

    Raises:
        FileError: The front end isn't built.
    """
    from powawidget.widget.attention_model import Attention  # noqa: PLC0415  # a batch needs none

    global _shared  # noqa: PLW0603  # one a process
    with _making:
        if _shared is None or _shared.comm is None:
            _shared = Attention()
        return _shared


def begin() -> None:
    """Make the model where people sit at a page; whatever fails, runs go on and are shown."""
    if made() is not None or not options.notices:
        return
    try:
        if host.kernel() is not None and host.has_front_end():
            shared()
    except Exception as error:  # noqa: BLE001  # without it a view is what it was
        log(logging.DEBUG, "powawidget couldn't make the model of notices: %r", error)
