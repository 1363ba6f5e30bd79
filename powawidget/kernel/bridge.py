"""Messages of our widgets reach Python while the kernel's main thread is busy.

ipykernel hands a comm message over only between two cells. Three ways around that, each guarded:
where one isn't there, plain comms still work, later.

- ipykernel 7 reads the shell channel in a thread of its own: there we look at our comms' messages
  as they pass, and while a cell waits for a run that thread serves the requests that a page
  reload needs.
- ipykernel 6 queues messages on the main thread: while a cell waits for a run, the waiting code
  takes those requests out of the queue and puts all others back in order.
- Every ipykernel answers its control channel while a cell computes: the page may send its clicks
  there as a message type of ours.

So one click may arrive more than once and on several threads: whoever is registered must hop to
its own thread and remove duplicates.
"""

import asyncio
import contextlib
import contextvars
import functools
import hmac
import inspect
import threading
from collections.abc import Callable, Iterator
from typing import Any

from powawidget.kernel import host

CONTROL_REQUEST = "powawidget_msg"
CONTROL_REPLY = "powawidget_reply"
_SERVED = frozenset(
    {"comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request"}
)

Receiver = Callable[[dict[str, Any]], None]
_receivers: dict[str, Receiver] = {}
_waiting: list[contextvars.Context] = []
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
    _install()


def unregister(comm_id: str) -> None:
    """Stop delivering a comm's messages."""
    _receivers.pop(comm_id, None)


@contextlib.contextmanager
def serving() -> Iterator[Callable[[], None]]:
    """While a cell waits: serve what a page needs.

    Yields:
        A function that the waiting code calls often; it handles what ipykernel 6 has queued.
    """
    _install()
    context = contextvars.copy_context()
    _waiting.append(context)
    kernel = host.kernel()
    queued = (
        kernel is not None
        and getattr(kernel, "shell_channel_thread", None) is None
        and hasattr(kernel, "msg_queue")
        and threading.current_thread() is threading.main_thread()
    )
    try:
        yield functools.partial(_serve_queued, kernel) if queued else _nothing
    finally:
        _waiting.remove(context)


def _nothing() -> None:
    pass


def _install() -> None:
    global _installed_in  # noqa: PLW0603  # one kernel a process
    kernel = host.kernel()
    if kernel is None or kernel is _installed_in:
        return
    _installed_in = kernel
    handlers = getattr(kernel, "control_handlers", None)
    if isinstance(handlers, dict):
        handlers[CONTROL_REQUEST] = functools.partial(_on_control, kernel)
    thread = getattr(kernel, "shell_channel_thread", None)
    stream = getattr(kernel, "shell_stream", None)
    original = getattr(kernel, "shell_channel_thread_main", None)
    io_loop = getattr(thread, "io_loop", None)
    if stream is None or original is None or io_loop is None:
        return

    async def tapped(message: list[Any]) -> None:
        try:
            if _pass_by(kernel, message):
                return
        except Exception:  # whatever is odd here, the kernel must still get it
            kernel.log.debug("powawidget could not read a shell message", exc_info=True)
        await original(message)

    io_loop.add_callback(functools.partial(stream.on_recv, tapped, copy=False))


def _pass_by(kernel: Any, message: list[Any]) -> bool:
    """Look at a message in the shell channel's thread (ipykernel 7).

    Returns:
        Whether it is dealt with and must not go on to the main thread.
    """
    session = kernel.session
    idents, msg_list = session.feed_identities(message, copy=False)
    header = session.unpack(msg_list[1].bytes)
    kind = header.get("msg_type")
    if kind not in _SERVED or header.get("subshell_id"):
        return False
    if kind == "comm_msg":
        content = session.unpack(msg_list[4].bytes)
        receive = _receivers.get(content.get("comm_id"))
        if receive is not None and _signed(session, msg_list):
            receive(content.get("data") or {})
    if not _waiting:
        return False
    _waiting[-1].copy().run(_handle, kernel, idents, _deserialized(session, msg_list))
    return True


def _signed(session: Any, msg_list: list[Any]) -> bool:
    if session.auth is None:
        return True
    expected = session.sign([bytes(part.bytes) for part in msg_list[1:5]])
    return hmac.compare_digest(msg_list[0].bytes, expected)


def _deserialized(session: Any, msg_list: list[Any]) -> Any:
    """Unpack a message; this checks its signature."""
    return session.deserialize(msg_list, content=True, copy=False)


def _handle(kernel: Any, idents: Any, message: Any) -> None:
    """Do what the kernel's own dispatch would, without touching the running cell's state."""
    kernel._publish_status("busy", "shell", parent=message)  # noqa: SLF001  # no public way
    try:
        handler = kernel.shell_handlers[message["header"]["msg_type"]]
        result = handler(kernel.shell_stream, idents, message)
        if inspect.iscoroutine(result):
            # These handlers never really wait: one step runs them to their end.
            with contextlib.suppress(StopIteration):
                result.send(None)
    except Exception:  # as the kernel's dispatch does: log, and go on
        kernel.log.exception("powawidget could not serve a message")
    finally:
        kernel._publish_status("idle", "shell", parent=message)  # noqa: SLF001  # no public way


def _serve_queued(kernel: Any) -> None:
    """Handle the queued requests of a page now; leave all others queued, in order."""
    import zmq  # noqa: PLC0415  # there is a kernel, so there is zmq

    kernel.shell_stream.flush(zmq.POLLIN)
    queue = kernel.msg_queue
    waiting: list[Any] = []
    while not queue.empty():
        waiting.append(queue.get_nowait())
    served = []
    for item in waiting:
        message = None
        try:
            message = _page_request(kernel, item)
        except Exception:
            kernel.log.debug("powawidget could not read a queued message", exc_info=True)
        if message is None:
            queue.put_nowait(item)
        else:
            served.append(message)
    for idents, message in served:
        _handle(kernel, idents, message)


def _page_request(kernel: Any, item: Any) -> tuple[Any, Any] | None:
    arguments = item[2]
    message = arguments[0] if arguments else None
    if not isinstance(message, list):
        return None
    idents, msg_list = kernel.session.feed_identities(message, copy=False)
    header = kernel.session.unpack(msg_list[1].bytes)
    if header.get("msg_type") not in _SERVED:
        return None
    return idents, _deserialized(kernel.session, msg_list)


async def _on_control(kernel: Any, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
    content = parent.get("content") or {}
    receive = _receivers.get(str(content.get("comm_id")))
    if receive is not None:
        receive(content.get("data") or {})
    reply = {"status": "ok", "known": receive is not None}
    kernel.session.send(stream, CONTROL_REPLY, reply, parent, ident=ident)
    await asyncio.sleep(0)
