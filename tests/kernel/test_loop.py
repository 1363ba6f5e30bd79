"""The end of the loop thread: nothing goes on, and nothing is said of it on the terminal."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator

import anyio

from powawidget.kernel.loop import LoopThread, cancel_all


def test_a_task_that_is_about_to_begin_is_cancelled_without_a_warning() -> None:
    async def connect() -> None:
        await anyio.sleep_forever()

    async def client() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(connect)
            await anyio.sleep_forever()

    loop = asyncio.new_event_loop()
    # Both begin in the same turn of the loop: what the client starts hasn't begun when the
    # cancelling looks for the first time.
    task = loop.create_task(client())
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        loop.run_until_complete(cancel_all())
        assert task.cancelled()
        del task
        gc.collect()  # a coroutine tells that nobody has awaited it when it is dropped
    loop.close()
    assert [str(one.message) for one in said] == []


def test_what_is_started_by_a_task_that_is_cancelled_ends_too() -> None:
    ended: list[str] = []

    async def ends(name: str) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(name)

    async def starts() -> None:
        try:
            await ends("first")
        finally:
            others.append(asyncio.get_running_loop().create_task(ends("second")))

    others: list[asyncio.Task[None]] = []
    thread = LoopThread()
    asyncio.run_coroutine_threadsafe(starts(), thread.loop)
    thread.close()
    assert ended == ["first", "second"]
    assert not thread.alive


def test_what_closes_by_itself_is_let_close() -> None:
    ended: list[str] = []

    async def lines() -> AsyncIterator[str]:
        try:
            yield "line"
        finally:
            await asyncio.sleep(0.05)
            ended.append("closed")

    async def reads() -> None:
        async for _ in lines():
            await asyncio.sleep(3600)

    thread = LoopThread()
    asyncio.run_coroutine_threadsafe(reads(), thread.loop)
    thread.close()
    assert ended == ["closed"]
