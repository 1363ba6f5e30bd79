"""What a stream has at once is read at once: never ahead of who takes it, never out of order."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import pytest

from powawidget.errors import ConnectionLost
from powawidget.protocol.sse import MAX_EVENT_BYTES, EventTooLargeError
from powawidget.run.reading import payloads
from tests.chaos import WATCHDOG

Chunks = Callable[[], AsyncIterator[bytes]]


def event(text: object) -> bytes:
    return f"data: {text}\n\n".encode()


def same(text: str) -> str:
    return text


async def read(chunks: AsyncIterator[bytes], limit: float | None = None) -> list[list[str]]:
    async with (
        asyncio.timeout(WATCHDOG),
        contextlib.aclosing(payloads(chunks, lambda: limit, same)) as reads,
    ):
        return [data async for data in reads]


def test_what_is_there_at_once_comes_at_once() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for burst in range(3):
            for number in range(50):
                yield event(f"{burst}.{number}")
            await asyncio.sleep(0.05)

    assert asyncio.run(read(chunks())) == [
        *([f"{burst}.{number}" for number in range(50)] for burst in range(3))
    ]


def test_a_source_that_gives_one_chunk_at_a_time_is_held_up_by_no_pace() -> None:
    pauses = 0

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(1000):
            yield event(number)
            await asyncio.sleep(0)

    async def counted(delay: float, result: object = None) -> object:
        nonlocal pauses
        pauses += delay > 0
        return await sleep(delay, result)

    sleep = asyncio.sleep
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "sleep", counted)
        reads = asyncio.run(read(chunks()))
    assert [text for data in reads for text in data] == [str(number) for number in range(1000)]
    assert pauses < 50


def test_it_isnt_read_further_than_it_is_taken() -> None:
    given = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal given
        while True:
            given += 1
            yield event("x" * 1000)

    async def test() -> None:
        async with contextlib.aclosing(payloads(chunks(), lambda: None, same)) as reads:
            await anext(reads)
            for _ in range(20):
                await asyncio.sleep(0)
            before = given
            for _ in range(20):
                await asyncio.sleep(0)
            assert given == before < 200

    asyncio.run(test())


@pytest.mark.parametrize("is_cut", [True, False])
def test_what_came_before_an_end_or_a_cut_comes_first(is_cut: bool) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield event("kept")
        if is_cut:
            raise ConnectionLost("gone", maybe_accepted=True)

    async def test() -> list[str]:
        seen: list[str] = []
        async with contextlib.aclosing(payloads(chunks(), lambda: None, same)) as reads:
            with contextlib.suppress(ConnectionLost):
                async for data in reads:
                    seen += data
                seen.append("end")
        return seen

    assert asyncio.run(test()) == ["kept", *([] if is_cut else ["end"])]


def test_an_event_that_is_too_large_is_told_after_those_before_it_without_a_further_byte() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield event("kept") + b"data: " + b"x" * (MAX_EVENT_BYTES + 1)
        await asyncio.Event().wait()

    seen: list[str] = []

    async def take() -> None:
        async with contextlib.aclosing(payloads(chunks(), lambda: None, same)) as reads:
            async for data in reads:
                seen.extend(data)

    async def test() -> None:
        with pytest.raises(EventTooLargeError):
            await asyncio.wait_for(take(), WATCHDOG)

    asyncio.run(test())
    assert seen == ["kept"]


def test_a_silence_ends_it_and_the_stream_isnt_read_any_more() -> None:
    closed = []

    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield event("kept")
            await asyncio.Event().wait()
        finally:
            closed.append(True)

    async def test() -> None:
        stream = chunks()
        with pytest.raises(ConnectionLost, match="No data for"):
            await read(stream, 0.05)
        assert closed
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(test())


def test_the_key_is_taken_out_of_each_event_of_a_read() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for text in ("a", "a secret", "b", "secrets secret"):
            yield event(text)

    def redact(text: str) -> str:
        return text.replace("secret", "[key]")

    async def test() -> list[str]:
        return [text async for data in payloads(chunks(), lambda: None, redact) for text in data]

    assert asyncio.run(test()) == ["a", "a [key]", "b", "[key]s [key]"]


def test_a_reader_that_is_cancelled_twice_leaves_a_stream_that_can_be_closed() -> None:
    """As a run that is stopped and closed at once: its stream takes a moment to give way."""

    async def chunks() -> AsyncIterator[bytes]:
        yield event("first")
        try:
            await asyncio.sleep(WATCHDOG)
        finally:
            for _ in range(20):
                await asyncio.sleep(0)

    async def reads() -> None:
        async with contextlib.aclosing(chunks()) as stream, contextlib.AsyncExitStack() as stack:
            data = await stack.enter_async_context(
                contextlib.aclosing(payloads(stream, lambda: None, same))
            )
            async for _ in data:
                read_one.set()
                await asyncio.sleep(WATCHDOG)

    async def twice() -> None:
        task = asyncio.ensure_future(reads())
        async with asyncio.timeout(WATCHDOG):
            await read_one.wait()
            # By now the reader waits for the next chunk.
            for _ in range(5):
                await asyncio.sleep(0)
            for _ in range(2):
                task.cancel()
                for _ in range(5):
                    await asyncio.sleep(0)
            with pytest.raises(asyncio.CancelledError):
                await task

    read_one = asyncio.Event()
    asyncio.run(twice())
