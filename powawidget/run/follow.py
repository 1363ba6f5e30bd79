"""A run's stream from the first try to start it to its end: retries, limits of time, what ends it.

The rules stand here once, for a run that is shown (`apply`) and for a caller that only reads events
(`streaming`). Nothing is applied here: the reader handles each item, and reports the event that it
read a frame as, since the limits depend on it.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TypeVar

from powawidget.errors import ConnectionLost, RequestError
from powawidget.http.retries import Pause, Retries, waiting
from powawidget.protocol import events as ev
from powawidget.run.pause import GaveUp, Pauses
from powawidget.run.reading import payloads
from powawidget.run.sources import Source

_T = TypeVar("_T")


class Following:
    """Follows one stream.

    - A start that can't have started a run is tried again, after a pause that a person may end.
    - The idle limit ends a silence; not while a person is asked, who may take time.
    - After an error only the terminal event is waited for, and not long: a server that sends
      keepalives then, and nothing else, may do so for ever.
    - The total limit covers all of it; it is never open while the reader handles an item, whose
      own work it would cancel.
    - After an error, whatever ends the stream is its end, and nothing is raised.

    Attributes:
        has_error: Whether an error has come that isn't the end of the stream.

    Args:
        source: Where the bytes come from.
        redact: Takes the key out of a text.
        is_asking: Whether a person is asked.
        pauses: Lets a person end a pause.
        on_read: Called when bytes have come, be they an event's or a keepalive's.
    """

    def __init__(
        self,
        source: Source,
        redact: Callable[[str], str],
        is_asking: Callable[[], bool] = lambda: False,
        pauses: Pauses | None = None,
        on_read: Callable[[], None] = lambda: None,
    ) -> None:
        self.has_error = False
        self._source = source
        self._redact = redact
        self._is_asking = is_asking
        self._pauses = pauses or Pauses()
        self._on_read = on_read
        self._limits = source.timeouts
        self._retries = Retries(source.timeouts)
        self._gave_up = False
        self._may_recover = False
        self._latest = time.monotonic()
        self._end: float | None = None

    @property
    def note(self) -> str:
        """A sentence on the tries to start, where there were several."""
        if self._gave_up:
            return "The wait was given up: nothing was started."
        tries = self._retries.tries
        return f"It was tried {tries} times." if tries > 1 else ""

    def note_event(self, event: ev.Event) -> None:
        """Note what a frame was read as: the limits depend on it."""
        if isinstance(event, ev.Errored):
            self.has_error = True
            # The engine's own errors have a number; after one of them it may recover.
            self._may_recover = isinstance(event.raw, dict) and "seq" in event.raw

    async def read(self) -> AsyncGenerator[list[str | ev.Event], None]:
        """Start the run and read it.

        Yields:
            What came at once: the data of server-sent events, without the key. And events made
            here, each alone: `Waiting` before a pause and `WaitOver` after it, `Opened` once the
            stream is there, `Ended` after its end.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached, or a limit of time is over.
            EventTooLargeError: If one event is too large.
        """
        total = self._source.total
        self._end = None if total is None else asyncio.get_running_loop().time() + total
        while (before := self._pause_of_others()) is not None:
            yield [waiting(before)]
            await self._wait(before.seconds)
            yield [ev.WaitOver()]
            if self._gave_up and self._source.pause is not None:
                raise RequestError(f"{before.why}.", status=self._source.pause.status)
        async with contextlib.AsyncExitStack() as stack:
            while not isinstance(chunks := await self._open(stack), AsyncIterator):
                problem, pause = chunks
                yield [waiting(pause)]
                await self._wait(pause.seconds)
                yield [ev.WaitOver()]
                if self._gave_up:
                    raise problem
            yield [ev.Opened()]
            reads = payloads(chunks, self._limit, self._redact)
            await stack.enter_async_context(contextlib.aclosing(reads))
            self._latest = time.monotonic()
            while (frames := await self._next(reads)) is not None:
                self._on_read()
                if frames:
                    yield list(frames)
                    self._latest = time.monotonic()
        yield [ev.Ended()]

    def _pause_of_others(self) -> Pause | None:
        shared = self._source.pause
        return None if shared is None else self._retries.shared(shared.left())

    async def _open(
        self, stack: contextlib.AsyncExitStack
    ) -> AsyncIterator[bytes] | tuple[RequestError | ConnectionLost, Pause]:
        """Try once; gives the bytes, or what went wrong and the pause before the next try."""
        try:
            return await self._in_time(stack.enter_async_context(self._source.open()))
        except (RequestError, ConnectionLost) as error:
            pause = self._retries.after(error)
            if pause is None:
                raise
            return error, pause

    async def _next(self, reads: AsyncGenerator[list[str], None]) -> list[str] | None:
        """Give the data of the events that the next read completes; None at the end."""
        try:
            return await self._in_time(anext(reads, None))
        except ConnectionLost:
            if self.has_error:
                return None
            raise

    def _limit(self) -> float | None:
        """Tell how long the next read may take, in seconds; None for ever."""
        after = self._limits.after_error
        if after is not None and self.has_error and not self._may_recover:
            return max(0.0, self._latest + after - time.monotonic())
        return None if self._is_asking() else self._source.idle

    async def _wait(self, seconds: float) -> None:
        try:
            await self._in_time(self._pauses.wait_for(asyncio.sleep(seconds)))
        except GaveUp:
            self._gave_up = True

    async def _in_time(self, work: Awaitable[_T]) -> _T:
        """Do a piece of work before the time for the whole run is over."""
        scope = asyncio.timeout_at(self._end)
        try:
            async with scope:
                return await work
        except TimeoutError:
            if not scope.expired():
                raise
        raise ConnectionLost(
            f"The run took too long: it wasn't complete after {self._source.total:g} s, the limit "
            "set for it. Set a longer total limit, or none.",
            maybe_accepted=True,
            code="total_timeout",
        )
