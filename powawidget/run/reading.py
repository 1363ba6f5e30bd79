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
# A page is drawn every 50 ms at most. A stream of 2,000 chunks a second that is read as each of
# them comes costs ten times what it costs to read it a hundred times a second.
_PACE = 0.010
# Bytes: what comes faster than the pace lets through is read at once.
_LARGE = 32 * 1024
# Where nothing gathers meanwhile, as with a library that gives one chunk at a time, the pace would
# only be a limit: of so many reads of one chunk in a row it holds for the first few.
_LONELY = 200
_TRIED = 3

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
        The data of the events that were complete at once; often none.

    Raises:
        ConnectionLost: If the stream falls silent, or the line goes down.
        EventTooLargeError: If one event is too large.
    """
    decoder = SSEDecoder()
    async with contextlib.aclosing(_Reader(chunks)) as reader:
        while await reader.wait(limit):
            data, problem = _decoded(decoder, reader.take())
            if data:
                data = _redacted(data, redact)
            if not problem:
                yield data
                # One that is too large is told by what follows the events before it.
                _, problem = _decoded(decoder, b"")
            if problem:
                raise EventTooLargeError(problem)


def _decoded(decoder: SSEDecoder, chunk: bytes) -> tuple[list[str], str]:
    """Give the data of the events that are complete now, or why nothing more can be read."""
    try:
        return [frame.data for frame in decoder.feed(chunk)], ""
    except EventTooLargeError as error:
        return [], str(error)


def _redacted(data: list[str], redact: Callable[[str], str]) -> list[str]:
    """Take the key out of texts; where it is in none of them, by one search."""
    joined = "\n".join(data)  # no form of the key has a line's end in it
    return data if redact(joined) == joined else [redact(text) for text in data]


class _Reader:
    """Reads a stream in a task of its own, for one who takes what has come.

    What the HTTP library has at once is taken at once, though the library gives chunk after chunk:
    the task goes on until it has to wait for the line. It isn't ahead of who takes by more than
    that.

    Args:
        chunks: The bytes of the stream.
    """

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._came: list[bytes] = []
        self._size = 0
        self._read_at = float("-inf")  # when the last read began, and how much it brought
        self._last_size = 0
        self._lonely = 0  # reads of one chunk in a row
        self._error: Exception | None = None
        self._has_come = asyncio.Event()
        self._is_wanted = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._read())

    async def wait(self, limit: Limit) -> bool:
        """Wait until something has come; returns False at the end of the stream.

        Raises:
            ConnectionLost: If the time is over, or the line went down.
        """
        since = time.monotonic()
        self._is_wanted.set()
        while not self._has_come.is_set():
            seconds = limit()
            now = time.monotonic()
            if seconds is None:
                since = now
            elif now - since >= seconds:
                raise ConnectionLost(
                    f"No data for {seconds:g} s.", maybe_accepted=True, code="idle_timeout"
                )
            left = _LOOK_AGAIN if seconds is None else since + seconds - now
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._has_come.wait()
        if self._came:
            return True
        error, self._error = self._error, None
        if error is not None:
            raise error
        return False

    def take(self) -> bytes:
        """Take all that has come."""
        came, self._came = self._came, []
        self._lonely = self._lonely + 1 if len(came) == 1 else 0
        self._last_size, self._size = self._size, 0
        if not self._task.done():
            self._has_come.clear()
        return b"".join(came)

    async def aclose(self) -> None:
        """End the task; the stream can't be closed while it is being read.

        Not even who is cancelled meanwhile goes on before: a run that is stopped and closed at
        once is cancelled twice.
        """
        self._task.cancel()
        cancelled: asyncio.CancelledError | None = None
        while not self._task.done():
            try:
                await asyncio.wait({self._task})
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def _read(self) -> None:
        try:
            async for chunk in self._chunks:
                if not self._came:
                    await self._begin()
                elif self._size >= _LARGE:
                    await self._until_wanted()
                self._came.append(chunk)
                self._size += len(chunk)
                self._has_come.set()
                del chunk
        except Exception as error:  # noqa: BLE001  # raised where it is awaited
            self._error = error
        self._has_come.set()

    async def _begin(self) -> None:
        """Begin a read: not before who takes wants it, and not too soon after the last one."""
        await self._until_wanted()
        left = self._read_at + _PACE - time.monotonic()
        if left > 0 and self._last_size < _LARGE and self._lonely % _LONELY < _TRIED:
            await asyncio.sleep(left)
        self._read_at = time.monotonic()

    async def _until_wanted(self) -> None:
        await self._is_wanted.wait()
        self._is_wanted.clear()
