"""What a page asks of the kernel is answered while a cell waits for a run.

A page that is loaded again asks what the kernel is and which comms there are, and opens some; a
slider calls its callbacks. ipykernel hands all of that over between two cells. So the code that
waits on the main thread looks at what has come, also before it began to wait, and handles it there
and then, each message once. Nothing runs beside a cell that computes: while the main thread does
anything else, ipykernel handles the messages itself, as if we weren't there.

- ipykernel 7 reads them in a thread of its own: there each is noted as it passes by, and what was
  handled here is skipped when its turn comes on the main thread.
- ipykernel 6 queues them on the main thread: the requests are taken out of its queue, and all
  others are put back in order.
"""

import asyncio
import contextlib
import contextvars
import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any

from powawidget.kernel import host

COMM_MESSAGES = frozenset({"comm_open", "comm_msg", "comm_close"})
KINDS = COMM_MESSAGES | {"comm_info_request", "kernel_info_request"}
Start = Callable[[Coroutine[Any, Any, None]], None]
_MOST = 1000  # a request whose turn never comes, as at an unknown subshell, must not stay for ever

# ipykernel 7: the requests that have passed by and weren't handled, and those that were handled
# here before their turn; by the ids of their messages.
_passed: OrderedDict[str, list[Any]] = OrderedDict()
_handled: OrderedDict[str, None] = OrderedDict()
_lock = threading.Lock()
_waits: list[object] = []
_going_on: set[asyncio.Task[None]] = set()


def are_served() -> bool:
    """Tell whether code on the main thread waits, and so handles what a page asks."""
    return bool(_waits)


@contextlib.contextmanager
def serving(*, is_loop_running: bool) -> Iterator[Callable[[], None]]:
    """While code waits: serve what a page needs, where that is the main thread.

    Args:
        is_loop_running: Whether the thread's loop goes on meanwhile.

    Yields:
        A function that the waiting code calls often; it handles what has come.
    """
    kernel = host.kernel()
    serve: Callable[..., None] | None = None
    if kernel is not None and threading.current_thread() is threading.main_thread():
        if getattr(kernel, "shell_channel_thread", None) is not None:
            serve = _serve_passed
        elif hasattr(kernel, "msg_queue"):
            serve = _serve_queued
    if serve is None:
        yield _nothing
        return
    wait = object()
    _waits.append(wait)
    try:
        yield functools.partial(serve, kernel, _begin if is_loop_running else _step)
    finally:
        _waits.remove(wait)


def install(kernel: Any) -> bool:
    """Have the main thread of ipykernel 7 skip what was handled here.

    Returns:
        Whether that could be done; only then may requests be noted.
    """
    dispatch = getattr(kernel, "dispatch_shell", None)
    if dispatch is None:
        return False

    async def skipping(message: Any, /, *args: Any, **options: Any) -> None:
        if not ((_passed or _handled) and _was_handled(kernel, message)):
            await dispatch(message, *args, **options)

    kernel.dispatch_shell = skipping
    return True


def note(request: str, message: list[Any]) -> None:
    """Note a request that passes by on its way to the main thread (ipykernel 7).

    Args:
        request: The id of its message.
        message: The message as it came, whose signature was checked.
    """
    with _lock:
        _passed[request] = message
        while len(_passed) > _MOST:
            _passed.popitem(last=False)


def _was_handled(kernel: Any, message: Any) -> bool:
    try:
        _, parts = kernel.session.feed_identities(message, copy=False)
        request = kernel.session.unpack(parts[1].bytes).get("msg_id")
    except Exception:  # noqa: BLE001  # ipykernel's own signals, and what it can't read either
        return False
    with _lock:
        _passed.pop(request, None)
        return _handled.pop(request, "no") is None


def _nothing() -> None:
    pass


def _serve_passed(kernel: Any, start: Start) -> None:
    while True:
        with _lock:
            if not _passed:
                return
            request, message = _passed.popitem(last=False)
            _handled[request] = None
            while len(_handled) > _MOST:
                _handled.popitem(last=False)
        stream = kernel.shell_channel_thread.manager.get_subshell_to_shell_channel_socket(None)
        idents, parts = kernel.session.feed_identities(message, copy=False)
        start(_handle(kernel, stream, idents, _deserialized(kernel, parts)))


def _serve_queued(kernel: Any, start: Start) -> None:
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
        start(_handle(kernel, kernel.shell_stream, idents, message))


def _page_request(kernel: Any, item: Any) -> tuple[Any, Any] | None:
    arguments = item[2]
    message = arguments[0] if arguments else None
    if not isinstance(message, list):
        return None
    idents, parts = kernel.session.feed_identities(message, copy=False)
    header = kernel.session.unpack(parts[1].bytes)
    if header.get("msg_type") not in KINDS:
        return None
    return idents, _deserialized(kernel, parts)


def _deserialized(kernel: Any, parts: list[Any]) -> Any:
    """Unpack a message; this checks its signature."""
    return kernel.session.deserialize(parts, content=True, copy=False)


async def _handle(kernel: Any, stream: Any, idents: Any, message: Any) -> None:
    """Do what the kernel's own dispatch would, without touching the running cell's state."""
    kernel._publish_status("busy", "shell", parent=message)  # noqa: SLF001  # no public way
    try:
        with _answering(kernel, message):
            result = kernel.shell_handlers[message["header"]["msg_type"]](stream, idents, message)
        if inspect.isawaitable(result):
            await result
    except Exception:  # as the kernel's dispatch does: log, and go on
        kernel.log.exception("powawidget could not serve a message")
    finally:
        kernel._publish_status("idle", "shell", parent=message)  # noqa: SLF001  # no public way


@contextlib.contextmanager
def _answering(kernel: Any, message: Any) -> Iterator[None]:
    """Have a widget's state name the message that asked for it: a page waits for no other.

    What callbacks show meanwhile stays with the running cell.
    """
    if (message["content"].get("data") or {}).get("method") != "request_state":
        yield
        return
    parent = getattr(kernel, "_shell_parent", None)
    if isinstance(parent, contextvars.ContextVar):  # ipykernel 7: this is in a context of its own
        token = parent.set(message)
        try:
            yield
        finally:
            parent.reset(token)
        return
    parents = getattr(kernel, "_parents", None)
    if not isinstance(parents, dict):
        yield
        return
    before = parents.get("shell")
    parents["shell"] = message
    try:
        yield
    finally:
        parents["shell"] = before


def _begin(work: Coroutine[Any, Any, None], context: contextvars.Context | None = None) -> None:
    task = asyncio.get_running_loop().create_task(work, context=context)
    _going_on.add(task)
    task.add_done_callback(_going_on.discard)


def _step(work: Coroutine[Any, Any, None]) -> None:
    """Begin at once, for the loop stands still; what really waits goes on when it runs again."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    context = contextvars.copy_context()
    try:
        first = context.run(work.send, None)
    except StopIteration:
        return
    _begin(_rest(work, first), context)


async def _rest(work: Coroutine[Any, Any, None], first: Any) -> None:
    await _Rest(work, first)


class _Rest:
    """What is left of a coroutine that has begun to wait."""

    def __init__(self, work: Coroutine[Any, Any, None], first: Any) -> None:
        self._work = work
        self._first = first

    def __await__(self) -> Generator[Any, Any, None]:
        awaited = self._first
        while True:
            try:
                try:
                    came = yield awaited
                except BaseException as raised:  # noqa: BLE001  # a cancellation, an interrupt
                    awaited = self._work.throw(raised)
                else:
                    awaited = self._work.send(came)
            except StopIteration:
                return
