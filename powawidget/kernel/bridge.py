"""Messages of our widgets reach Python while the kernel's main thread is busy.

ipykernel hands a comm message over only between two cells. Ways around that, each guarded: where
one isn't there, plain comms still work, later.

- ipykernel 7 reads the shell channel in a thread of its own: there we look at our comms' messages
  as they pass.
- Every ipykernel answers its control channel while a cell computes: the page may send its clicks
  there as a message type of ours.
- While a cell waits for a run, the waiting code serves what pages ask (`page_requests`).

So one click may arrive more than once and on several threads: whoever is registered must hop to
its own thread and remove duplicates.
"""

import contextvars
import functools
import hmac
from collections.abc import Callable
from typing import Any

from powawidget.kernel import host, page_requests

CONTROL_REQUEST = "powawidget_msg"

Receiver = Callable[[dict[str, Any]], None]
_receivers: dict[str, Receiver] = {}
_installed_in: Any = None


def register(comm_id: str, receive: Receiver) -> None:
    """Have the messages of a comm delivered also while the kernel is busy.

    Args:
        comm_id: The comm's id.
        receive: Called with the message's data, on any thread, perhaps twice for one message.
    """
    # The shell's context travels along: in ipykernel 7.0 a reply sent without it raises.
    context = contextvars.copy_context()
    _receivers[comm_id] = lambda data: context.copy().run(receive, data)
    install()


def unregister(comm_id: str) -> None:
    """Stop delivering a comm's messages."""
    _receivers.pop(comm_id, None)


def install() -> None:
    """Look at the messages that arrive from now on; does nothing where that is done."""
    global _installed_in  # noqa: PLW0603  # one kernel a process
    kernel = host.kernel()
    if kernel is None or kernel is _installed_in:
        return
    _installed_in = kernel
    handlers = getattr(kernel, "control_handlers", None)
    if isinstance(handlers, dict):
        handlers[CONTROL_REQUEST] = _on_control
    thread = getattr(kernel, "shell_channel_thread", None)
    stream = getattr(kernel, "shell_stream", None)
    original = getattr(kernel, "shell_channel_thread_main", None)
    io_loop = getattr(thread, "io_loop", None)
    if stream is None or original is None or io_loop is None:
        return
    skips = page_requests.install(kernel)

    async def tapped(message: list[Any]) -> None:
        try:
            _look_at(kernel, message, skips)
        except Exception:  # whatever is odd here, the kernel must still get it
            kernel.log.debug("powawidget could not read a shell message", exc_info=True)
        await original(message)

    io_loop.add_callback(functools.partial(stream.on_recv, tapped, copy=False))


def _look_at(kernel: Any, message: list[Any], skips: bool) -> None:
    """Look at a message in the shell channel's thread (ipykernel 7), which it passes by."""
    session = kernel.session
    _, parts = session.feed_identities(message, copy=False)
    header = session.unpack(parts[1].bytes)
    kind = header.get("msg_type")
    if kind not in page_requests.KINDS or not _is_signed(session, parts):
        return
    is_comm = kind in page_requests.COMM_MESSAGES
    content = session.unpack(parts[4].bytes) if is_comm else {}
    receive = _receivers.get(str(content.get("comm_id")))
    if receive is not None and kind == "comm_msg":
        receive(content.get("data") or {})
    # A comm's message may be on its way to a subshell; ipykernel 7.4 leads it back to the comm's
    # own shell, the main one for ours.
    if skips and (receive is not None or not header.get("subshell_id")):
        page_requests.note(header["msg_id"], message)


def _is_signed(session: Any, parts: list[Any]) -> bool:
    if session.auth is None:
        return True
    expected = session.sign([bytes(part.bytes) for part in parts[1:5]])
    return hmac.compare_digest(parts[0].bytes, expected)


async def _on_control(_stream: Any, _ident: Any, parent: dict[str, Any]) -> None:
    content = parent.get("content") or {}
    receive = _receivers.get(str(content.get("comm_id")))
    if receive is not None:
        receive(content.get("data") or {})
    # No reply: that the kernel is idle again ends the message for the page.
