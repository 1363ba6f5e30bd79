"""One daemon thread with one asyncio loop runs every stream of the process.

A task on the kernel's own loop stands still while a cell computes; this one doesn't.
"""

import asyncio
import atexit
import concurrent.futures
import contextvars
import os
import threading
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, TypeVar

_T = TypeVar("_T")

_CLOSING = 3.0  # seconds in which all has to be closed
_GRACE = 1.0  # seconds in which what closes at the end may do so by itself


class LoopThread:
    """A thread that runs an asyncio loop until it is closed."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._pid = os.getpid()
        # Inside a copy of the caller's context: ipykernel 7.0 looks its parent message up in a
        # context variable and raises LookupError in a thread without it.
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._run,), name="powawidget", daemon=True
        )
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    @property
    def alive(self) -> bool:
        """Whether the thread runs, in this process (a fork has none)."""
        return self._pid == os.getpid() and self._thread.is_alive()

    @property
    def is_current(self) -> bool:
        """Whether the caller runs on this thread."""
        return threading.get_ident() == self._thread.ident

    def close(self) -> None:
        """Cancel what runs on the loop and end the thread."""
        if not self.alive:
            return
        closing = asyncio.run_coroutine_threadsafe(cancel_all(), self.loop)
        # What doesn't end in time ends with the process, for this is a daemon thread. An error
        # would be printed, and there is nothing to do about it.
        concurrent.futures.wait([closing], _CLOSING)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_GRACE)
        if not self._thread.is_alive():
            self.loop.close()


async def cancel_all() -> None:
    """Cancel the loop's other tasks, and wait for their end and that of what they start."""
    tasks = _others()
    # One that hasn't begun would leave what it wraps unawaited, and Python would warn of that on
    # somebody's terminal (anyio wraps each try to connect so).
    await asyncio.sleep(0)
    await _cancel(tasks)
    # Generators that a cancelled task has left are closed by tasks of their own.
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.sleep(0)
    if closing := _others():
        await asyncio.wait(closing, timeout=_GRACE)
    await _cancel(closing)


async def _cancel(tasks: Iterable[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


_lock = threading.Lock()
_current: LoopThread | None = None


def loop_thread() -> LoopThread:
    """Return the process's loop thread, starting it at the first call.

    Returns:
        The running thread.
    """
    global _current  # noqa: PLW0603  # one a process is the point
    with _lock:
        if _current is None or not _current.alive:
            _current = LoopThread()
        return _current


def submit(work: Coroutine[Any, Any, _T]) -> "concurrent.futures.Future[_T]":
    """Start a coroutine on the loop thread.

    Returns:
        A future that any thread may wait for.
    """
    return asyncio.run_coroutine_threadsafe(work, loop_thread().loop)


async def run_there(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine on the loop thread for a caller on any loop.

    What interrupts the caller (a cancellation; a KeyboardInterrupt, which Python raises in the main
    thread wherever that is) cancels the work, and finds no frame of it.
    """
    if loop_thread().is_current:
        return await work
    return await asyncio.wrap_future(submit(work))


def call_soon(function: Callable[..., object], *args: Any) -> None:
    """Call a function on the loop thread, soon."""
    loop_thread().loop.call_soon_threadsafe(function, *args)


def refuse_to_wait() -> None:
    """Refuse a call that blocks, on the loop thread.

    Raises:
        RuntimeError: On the loop thread, which would wait for itself for ever.
    """
    if loop_thread().is_current:
        raise RuntimeError(
            "This call waits for powawidget's own thread, so it can't be made on that thread "
            "(for example inside an approval policy)."
        )


def run_sync(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine on the loop thread and wait for its result.

    Raises:
        RuntimeError: On the loop thread itself, which would wait for itself for ever.
    """
    try:
        refuse_to_wait()
    except RuntimeError:
        work.close()
        raise
    future = submit(work)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _close_at_exit() -> None:
    with _lock:
        if _current is not None:
            _current.close()


# A loop that is still open when the interpreter goes down warns of tasks destroyed.
atexit.register(_close_at_exit)
