"""Long work on threads that hold up nothing: neither the loop thread nor the interpreter's end.

`asyncio.to_thread` has an executor, for whose threads the interpreter waits at its end, however
long they take.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")


async def in_thread(work: Callable[..., _T], *args: Any) -> _T:
    """Call a function on a thread of its own, and wait for what it returns.

    Who is cancelled waits no more; the function goes on until it returns or the process ends.

    Args:
        work: The function.
        *args: What to call it with.

    Returns:
        What it returns.

    Raises:
        Exception: What it raises. In place of what would end the loop, or what no future takes, a
            RuntimeError that names it: an exit, an interrupt, the end of an iteration.
    """
    running = asyncio.get_running_loop()
    over: asyncio.Future[_T] = running.create_future()

    def settle(settled: Callable[[], None]) -> None:
        if not over.done():
            settled()

    def call() -> None:
        settled: Callable[[], None]
        try:
            result = context.run(work, *args)
        except BaseException as error:  # noqa: BLE001  # raised where it is awaited
            raised = _passable(error)
            settled = lambda: over.set_exception(raised)  # noqa: E731  # one of two
        else:
            settled = lambda: over.set_result(result)  # noqa: E731  # one of two
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            running.call_soon_threadsafe(settle, settled)

    # As the caller has it: ipykernel looks the cell that something belongs to up in the context.
    context = contextvars.copy_context()
    threading.Thread(target=call, name="powawidget-worker", daemon=True).start()
    return await over


def _passable(error: BaseException) -> Exception:
    """Make of what was raised what a future passes on, and a loop outlives."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    said = RuntimeError(f"{type(error).__name__} was raised: {error}".removesuffix(": "))
    said.__cause__ = error
    return said
