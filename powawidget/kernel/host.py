"""The Jupyter kernel that this process runs in, and its running cell; it may be in none."""

import logging
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

_log = logging.getLogger("powawidget")

_latest_parent: dict[str, Any] = {}
# The request of the running cell; None between two cells.
_running: str | None = None
_followed: Any = None
# What the next cell is to send again.
_unheeded: deque[Callable[[], object]] = deque()


def kernel() -> Any | None:
    """Find the running ipykernel.

    Returns:
        The kernel object, or None in plain Python and in an IPython terminal.
    """
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython  # noqa: PLC0415  # never import IPython where nobody has

    return getattr(get_ipython(), "kernel", None)


def cell() -> tuple[str | None, str | None]:
    """Tell which cell is running, and which execution of it.

    Returns:
        The cell's id, where the front end sends one, and the id of the execute request.
    """
    parent = request()
    metadata, header = parent.get("metadata") or {}, parent.get("header") or {}
    return metadata.get("cellId"), header.get("msg_id")


def session() -> str | None:
    """Tell which session of a front end has sent the running cell: a notebook on a page has one."""
    found = (request().get("header") or {}).get("session")
    return found if isinstance(found, str) else None


def follow_cells() -> None:
    """Note the running cell from now on, for threads that can't ask; on the main thread."""
    global _followed  # noqa: PLW0603  # one shell a process
    shell = getattr(kernel(), "shell", None)
    _note_parent()
    if shell is not None and shell is not _followed:
        shell.events.register("pre_execute", _note_parent)
        shell.events.register("post_execute", _note_end)
        _followed = shell


def publish(
    kind: str, content: dict[str, Any], topic: bytes, parent: dict[str, Any] | None = None
) -> None:
    """Send a message as one of the running cell, or of the last one; on any thread.

    `display` and comms name the cell that made the thread they are used on. nbclient heeds what
    names the cell that it is running, and nothing else. `follow_cells` must have been called.

    Args:
        kind: The message's type.
        content: Its content.
        topic: By which subscribers pick messages.
        parent: The request of another cell, where it is one of that.

    Raises:
        Exception: If it can't be written as a message.
    """
    host = kernel()
    if host is None:
        return
    import zmq  # noqa: PLC0415  # there is a kernel, so there is zmq

    try:
        host.session.send(
            host.iopub_socket, kind, content, parent=parent or _latest_parent, ident=topic
        )
    except (AttributeError, zmq.ZMQError):  # at the kernel's end its sockets may be gone
        _log.debug("A message could not be sent", exc_info=True)


def send_heeded(send: Callable[[], object]) -> None:
    """Send something by `publish` so that nbclient and papermill heed it; on any thread.

    They heed no message that comes between two cells, or after the end of the cell that it names:
    it is sent again by the next cell then.

    Args:
        send: Sends what is newest when it is called, which may be several times.
    """
    is_sent = False
    while not is_sent:
        running = _running
        send()
        if running is None and _followed is not None and send not in _unheeded:
            _unheeded.append(send)
        # A cell that has ended meanwhile, or begun, may have passed the message by.
        is_sent = running == _running


def _note_parent() -> None:
    global _latest_parent, _running  # noqa: PLW0603  # replaced as a whole: other threads read it
    _latest_parent = request()
    _running = cell()[1] if is_in_cell() else None
    # After that is set: `send_heeded` adds to them first, then looks whether a cell runs.
    while _running is not None and _unheeded:
        _unheeded.popleft()()


def _note_end() -> None:
    global _running  # noqa: PLW0603  # likewise
    _running = None


def has_front_end() -> bool:
    """Tell whether the running cell was sent by a front end that people sit at.

    JupyterLab, Notebook and VS Code name the cell in their requests; nbclient and papermill
    don't.
    """
    return cell()[0] is not None


def request() -> dict[str, Any]:
    """Give the message that is being handled.

    Returns:
        The request of the running cell, or a page's message to a widget; empty where there is none.
    """
    host = kernel()
    return _parent(host) if host is not None else {}


def is_in_cell() -> bool:
    """Tell whether a cell is running, and not only a callback of a widget.

    Returns:
        Whether what is displayed now becomes an output of a cell, unless a widget takes it.
    """
    header = request().get("header") or {}
    return header.get("msg_type") == "execute_request"


def _parent(host: Any) -> dict[str, Any]:
    try:
        parent = host.get_parent("shell")
    except Exception:  # noqa: BLE001  # ipykernel 7.0 raises LookupError outside a request
        return {}
    return parent if isinstance(parent, dict) else {}
