"""A generator that runs on the loop thread, for a reader on any loop.

It runs there since a KeyboardInterrupt is raised in whatever the main thread runs at that moment:
the generator itself must never be interrupted.
"""

import asyncio
import contextlib
import weakref
from collections.abc import AsyncGenerator, Callable
from typing import Generic, TypeVar

from powawidget.kernel import loop

_T = TypeVar("_T")


def on_loop_thread(make: Callable[[], AsyncGenerator[_T, None]]) -> AsyncGenerator[_T, None]:
    """Run a generator on the loop thread.

    It never runs ahead of the reader. It is closed when the reader's own generator is, or when
    nobody holds that any more, as after an interrupt that ended its loop.

    Returns:
        A generator for the running loop, which yields and raises the same.
    """
    return make() if loop.loop_thread().is_current else _read(make)


async def _read(make: Callable[[], AsyncGenerator[_T, None]]) -> AsyncGenerator[_T, None]:
    work = _Work(make)
    # A generator that its loop leaves behind is never closed, but collected.
    hold = _Hold()
    weakref.finalize(hold, work.stop).atexit = False
    try:
        while (items := await work.next()) is not None:
            yield items.pop()
    finally:
        await work.end()
        del hold


class _Hold:
    """Lives as long as the frame that holds it."""


class _Work(Generic[_T]):
    """The task that runs the generator, and what passes between the two loops."""

    def __init__(self, make: Callable[[], AsyncGenerator[_T, None]]) -> None:
        self._make = make
        self._reader = asyncio.get_running_loop()
        self._loop = loop.loop_thread().loop
        self._wanted = asyncio.Event()  # on the loop thread
        self._next_item: asyncio.Future[list[_T] | None] | None = None  # on the reader's loop
        self._error: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = asyncio.Event()  # on the reader's loop
        self._loop.call_soon_threadsafe(self._start)

    async def next(self) -> list[_T] | None:
        """Wait for what comes next, alone in a list; None at the end."""
        self._next_item = self._reader.create_future()
        self._loop.call_soon_threadsafe(self._wanted.set)
        return await self._next_item

    def stop(self) -> None:
        """Cancel the work; on any thread."""
        with contextlib.suppress(RuntimeError):  # at the interpreter's end there is no loop
            self._loop.call_soon_threadsafe(self._cancel)

    async def end(self) -> None:
        """Cancel the work, and wait until everything of it is closed, where a loop still runs."""
        self._next_item = None
        self.stop()
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        await self._over.wait()

    # On the loop thread.

    def _start(self) -> None:
        self._task = self._loop.create_task(self._run())
        # Not at its own end: a task that is cancelled before it begins has none.
        self._task.add_done_callback(lambda _: self._hand_over(self._finish))

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            async with contextlib.aclosing(self._make()) as items:
                await self._want()
                async for item in items:
                    self._hand_over(self._receive, [item])
                    await self._want()
        except Exception as raised:  # noqa: BLE001  # raised where it is read
            self._error = raised

    async def _want(self) -> None:
        await self._wanted.wait()
        self._wanted.clear()

    def _hand_over(self, what: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # the reader's loop is closed
            self._reader.call_soon_threadsafe(what, *args)

    # On the reader's loop.

    def _receive(self, item: list[_T]) -> None:
        if self._next_item is not None and not self._next_item.done():
            self._next_item.set_result(item)

    def _finish(self) -> None:
        error, self._error = self._error, None
        self._over.set()
        if self._next_item is None or self._next_item.done():
            return
        if error is None:
            self._next_item.set_result(None)
        else:
            self._next_item.set_exception(error)
