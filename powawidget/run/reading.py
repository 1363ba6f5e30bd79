"""The bytes of a stream to the data of its events, within a time, without a trace of the key.

What a server sends may repeat the key, and a verbose traceback or asyncio's debug log shows local
variables and results of tasks: so raw bytes stay in no frame and in no task that may be shown.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from powawidget.errors import ConnectionLost
from powawidget.protocol.sse import EventTooLargeError, SSEDecoder

_LOOK_AGAIN = 0.5

Limit = Callable[[], float | None]


async def payloads(
    chunks: AsyncIterator[bytes], limit: Limit, redact: Callable[[str], str]
) -> AsyncGenerator[list[str], None]:
    """Decode a stream as it comes.

    Args:
        chunks: Its bytes.
        limit: How long the next may take, in seconds; None for ever. It is asked again when that
            time is over, and often where it is None: a person's decision changes it.
        redact: Takes the key out of a text.

    Yields:
        The data of the events that each read has completed; often none.

    Raises:
        ConnectionLost: If the stream falls silent, or the line goes down.
        EventTooLargeError: If one event is too large.
    """
    decoder = SSEDecoder()
    async with contextlib.aclosing(_timed(chunks, limit)) as reads:
        async for chunk in reads:
            data, problem = [], ""
            try:
                data = [redact(frame.data) for frame in decoder.feed(chunk)]
            except EventTooLargeError as error:
                problem = str(error)
            chunk = b""  # noqa: PLW2901  # see above
            if problem:
                raise EventTooLargeError(problem)
            yield data


async def _timed(chunks: AsyncIterator[bytes], limit: Limit) -> AsyncGenerator[bytes, None]:
    while True:
        came: list[bytes] = []
        coming = asyncio.ensure_future(_next(chunks, came))
        try:
            await _within(coming, limit)
            is_over = not coming.result()
        finally:
            await _end(coming)
        if is_over:
            return
        yield came.pop()


async def _next(chunks: AsyncIterator[bytes], into: list[bytes]) -> bool:
    """Read once; returns whether there was anything."""
    async for chunk in chunks:
        into.append(chunk)
        return True
    return False


async def _within(coming: "asyncio.Future[bool]", limit: Limit) -> None:
    since = time.monotonic()
    while not coming.done():
        seconds = limit()
        now = time.monotonic()
        if seconds is None:
            since = now
        elif now - since >= seconds:
            raise ConnectionLost(
                f"No data for {seconds:g} s.", maybe_accepted=True, code="idle_timeout"
            )
        left = _LOOK_AGAIN if seconds is None else since + seconds - now
        await asyncio.wait({coming}, timeout=left)


async def _end(coming: "asyncio.Future[bool]") -> None:
    """Cancel a read that nobody waits for; the stream can't be closed while it goes on."""
    if coming.done():
        return
    coming.cancel()
    await asyncio.wait({coming})
    if not coming.cancelled():
        coming.exception()  # retrieved, so that nobody warns of it
