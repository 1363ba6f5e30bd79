"""A generator that works on the loop thread, for a reader on any loop.

What interrupts the reader finds none of its frames. A KeyboardInterrupt is raised in the main
thread, wherever that is at work just then: there it must not be.
"""

import asyncio
import contextlib
import weakref
from collections.abc import AsyncGenerator, Callable
from typing import Generic, TypeVar

from powawidget.kernel import loop

_T = TypeVar("_T")


def far(make: Callable[[], AsyncGenerator[_T, None]]) -> AsyncGenerator[_T, None]:
    """Read a generator that works on the loop thread.

    It never works ahead of the reader. It is closed when the reader's is, and where that is left
    as it is, as by an interrupt that ends its loop, when nobody holds it any more.

    Args:
        make: Makes the generator.

    Returns:
        What gives the same on the running loop, and raises the same.
    """
    return make() if loop.loop_thread().is_current else _read(make)


async def _read(make: Callable[[], AsyncGenerator[_T, None]]) -> AsyncGenerator[_T, None]:
    work = _Work(make)
    # A generator that its loop leaves behind is never closed, but collected.
    hold = _Hold()
    weakref.finalize(hold, work.stop).atexit = False
    try:
        while (came := await work.next()) is not None:
            yield came.pop()
    finally:
        await work.end()
        del hold


class _Hold:
    """Lives as long as the frame that holds it."""


class _Work(Generic[_T]):
    """The generator's own task, and what goes to and fro."""

    def __init__(self, make: Callable[[], AsyncGenerator[_T, None]]) -> None:
        self._make = make
        self._here = asyncio.get_running_loop()
        self._there = loop.loop_thread().loop
        self._wanted = asyncio.Event()  # over there
        self._came: asyncio.Future[list[_T] | None] | None = None  # here
        self._error: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()  # here
        self._there.call_soon_threadsafe(self._start)

    async def next(self) -> list[_T] | None:
        """Wait for what comes next, alone in a list; None at the end."""
        self._came = self._here.create_future()
        self._there.call_soon_threadsafe(self._wanted.set)
        return await self._came

    def stop(self) -> None:
        """Cancel the work; on any thread."""
        with contextlib.suppress(RuntimeError):  # at the interpreter's end there is no loop
            self._there.call_soon_threadsafe(self._cancel)

    async def end(self) -> None:
        """Cancel the work, and wait until everything of it is closed, where a loop still runs."""
        self._came = None
        self.stop()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        await self._over.wait()

    # Over there.

    def _start(self) -> None:
        self._task = self._there.create_task(self._run())
        # Not at its own end: a task that is cancelled before it begins has none.
        self._task.add_done_callback(lambda _: self._tell(self._finish))

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            async with contextlib.aclosing(self._make()) as items:
                await self._want()
                async for item in items:
                    self._tell(self._give, [item])
                    await self._want()
        except Exception as raised:  # noqa: BLE001  # raised where it is read
            self._error = raised

    async def _want(self) -> None:
        await self._wanted.wait()
        self._wanted.clear()

    def _tell(self, what: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the reader's loop is closed
            self._here.call_soon_threadsafe(what, *args)

    # Here.

    def _give(self, came: list[_T]) -> None:
        if self._came is not None and not self._came.done():
            self._came.set_result(came)

    def _finish(self) -> None:
        error, self._error = self._error, None
        self._over.set()
        if self._came is None or self._came.done():
            return
        if error is None:
            self._came.set_result(None)
        else:
            self._came.set_exception(error)
