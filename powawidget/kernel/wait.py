"""Waiting in a cell: the cell blocks, the person's own tasks go on, and clicks get through.

Blocking a cell's thread would freeze the kernel's loop and every task on it. nest-asyncio2 runs
that loop nested instead; its forerunner nest-asyncio 1.6 is archived and loses messages on
ipykernel 7.1 and later.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from powawidget.kernel import bridge, host, loop, page_requests

_TICK = 0.03


def block(
    done: threading.Event, timeout: float | None = None, check: Callable[[], None] | None = None
) -> bool:
    """Block the calling thread until an event is set.

    Args:
        done: The event, set by another thread.
        timeout: How long to wait at most, in seconds; None waits for ever.
        check: Called often meanwhile; what it raises ends the wait.

    Returns:
        Whether the event was set in time.

    Raises:
        KeyboardInterrupt: If the kernel is interrupted.
        RuntimeError: On the loop thread, which would wait for itself for ever.
    """
    if done.is_set():
        return True
    loop.refuse_to_wait()
    bridge.install()
    kernel_loop = _kernel_loop()
    with page_requests.serving(is_loop_running=kernel_loop is not None) as serve:

        def tick() -> None:
            serve()
            if check is not None:
                check()

        if kernel_loop is not None:
            return _nested(kernel_loop, _poll(done.is_set, timeout, tick))
        end = None if timeout is None else time.monotonic() + timeout
        while not done.wait(_TICK if end is None else min(_TICK, max(0.0, end - time.monotonic()))):
            tick()
            if end is not None and time.monotonic() >= end:
                return False
        return True


def briefly(done: threading.Event) -> bool:
    """Wait a moment for an event; calls in a row share the moment, so that ten take as long as one.

    Nothing is waited for where that would stop an event loop: on the loop thread, and in a
    coroutine of a loop that can't be nested.

    Args:
        done: The event, set by another thread.

    Returns:
        Whether it is set.

    Raises:
        KeyboardInterrupt: If the kernel is interrupted.
    """
    if done.is_set() or loop.loop_thread().is_current:
        return done.is_set()
    if _is_in_loop() and _kernel_loop() is None:
        return False
    with _moment.spent() as seconds:
        return block(done, seconds)


class _Moment(threading.local):
    """How long this thread may wait for what is about to end; the time comes back as it passes."""

    _MOST = 2.0
    # After slow ones, what ends within milliseconds is still seen to end.
    _LEAST = 0.05

    def __init__(self) -> None:
        self._left, self._at = self._MOST, time.monotonic()

    @contextlib.contextmanager
    def spent(self) -> Iterator[float]:
        """Give how many seconds there are; what is taken of them is gone for a while."""
        begin = time.monotonic()
        self._left = min(self._MOST, self._left + begin - self._at)
        try:
            yield max(self._LEAST, self._left)
        finally:
            self._at = time.monotonic()
            self._left = max(0.0, self._left - (self._at - begin))


_moment = _Moment()


async def until(condition: Callable[[], bool], timeout: float | None = None) -> bool:  # noqa: ASYNC109  # what `run.wait` takes
    """Wait in a coroutine until something on another thread holds.

    Args:
        condition: What must hold.
        timeout: How long to wait at most, in seconds; None waits for ever.

    Returns:
        Whether it held in time.
    """
    bridge.install()
    with page_requests.serving(is_loop_running=True) as serve:
        return await _poll(condition, timeout, serve)


async def _poll(
    condition: Callable[[], bool],
    timeout: float | None,  # noqa: ASYNC109  # the caller's limit isn't an error here
    tick: Callable[[], None],
) -> bool:
    end = None if timeout is None else time.monotonic() + timeout
    while not condition():
        if end is not None and time.monotonic() >= end:
            return False
        await asyncio.sleep(_TICK)
        tick()
        await asyncio.sleep(0)  # what was begun goes on before this wait may end
    return True


def _nested(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, bool]) -> bool:
    task = loop.create_task(work)
    try:
        return loop.run_until_complete(task)
    finally:
        # After an interrupt the poll must not go on in the kernel's loop.
        task.cancel()


def _kernel_loop() -> asyncio.AbstractEventLoop | None:
    """Return the kernel's running loop, made able to nest; None where it must not be nested."""
    if host.kernel() is None or threading.current_thread() is not threading.main_thread():
        return None
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    if not isinstance(loop, asyncio.BaseEventLoop):
        return None  # uvloop and the like can't be nested
    if _old_nest_asyncio():
        # The fork then leaves its own patch out, and messages would be lost.
        return None
    import nest_asyncio2  # noqa: PLC0415  # it patches asyncio: only for who waits

    nest_asyncio2.apply(loop)
    return loop


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _old_nest_asyncio() -> bool:
    return hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2")
