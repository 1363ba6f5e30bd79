"""How a page learns that somebody is waited for while nobody looks: a model without a view.

There is one a kernel, made when there first is something to notice, be the run shown or not, since
most kernels never have any: `js/src/notices` puts the number of waiting runs before the page's
title, and notifies. Where a person asks for it, its view is the line by which the browser is
allowed to.
"""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from powawidget.kernel import host
from powawidget.live.subscribers import log
from powawidget.widget.messages import NoticesMessage

if TYPE_CHECKING:
    from powawidget.widget.attention_model import Attention

_making = threading.Lock()
_shared: "Attention | None" = None
_has_page = False
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
    """Note that people sit at a page, where they do; whatever fails, runs go on and are shown."""
    global _has_page  # noqa: PLW0603  # one a process
    if _has_page:
        return
    try:
        _has_page = host.kernel() is not None and host.has_front_end()
    except Exception as error:  # noqa: BLE001  # without it a view is what it was
        log(logging.DEBUG, "powawidget couldn't tell whether there is a page: %r", error)


def make() -> None:
    """Make the model, where there is none and people sit at a page; on any thread, for long."""
    if made() is not None or not _has_page:
        return
    try:
        shared()
    except Exception as error:  # noqa: BLE001  # runs go on without it
        log(logging.DEBUG, "powawidget couldn't make the model of notices: %r", error)
