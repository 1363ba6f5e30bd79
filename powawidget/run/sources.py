"""Where a run's bytes come from: the server, a recording, or what the server has stored."""

import abc
import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from powawidget.http.client import Client
from powawidget.http.held import BeforeLastByte
from powawidget.http.shared_pause import SharedPause
from powawidget.http.timeouts import Timeouts


class Source(Protocol):
    """Where a run's bytes come from."""

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Start the run and give its bytes; raises a PowawidgetError where it can't start."""

    def close(self) -> None:
        """Release what the run needed; a second call does nothing."""

    @property
    def pause(self) -> SharedPause | None:
        """What the server asked everybody to wait before a start, where there is a server."""

    @property
    def idle(self) -> float | None:
        """How long the stream may be silent, in seconds."""

    @property
    def total(self) -> float | None:
        """How long the run may take, in seconds."""

    @property
    def timeouts(self) -> Timeouts:
        """How long the rest may take, and how often it is tried."""


class WatchedSource(abc.ABC):
    """Another source, around whose start something happens: it has that one's limits.

    What everybody waits for before a start is seen to elsewhere, by who makes it.

    Args:
        inner: Where the bytes come from.
    """

    pause: SharedPause | None = None

    def __init__(self, inner: Source) -> None:
        self._inner = inner
        self.idle = inner.idle
        self.total = inner.total
        self.timeouts = inner.timeouts

    @abc.abstractmethod
    def open(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Start the run and give its bytes."""

    def close(self) -> None:
        """Release what the run needed."""
        self._inner.close()


class LiveSource:
    """A run that the server starts when the source is opened.

    Args:
        client: The server, for this run alone.
        path: The path to post to.
        body: The request.
        keepalives: Whether the server sends keepalives in this stream.
        session: Names the session when the run starts, where that isn't known before.
        timeouts: Limits of time, where they aren't the client's.
        before_last_byte: Awaited before the request is whole, as `Client.stream` says.
    """

    def __init__(  # noqa: PLR0913  # what makes up a start
        self,
        client: Client,
        path: str,
        body: Mapping[str, Any],
        *,
        keepalives: bool,
        session: Callable[[], str | None] | None = None,
        timeouts: Timeouts | None = None,
        before_last_byte: BeforeLastByte | None = None,
    ) -> None:
        self._before_last_byte = before_last_byte
        self._session = session
        self._client = client
        self._path = path
        self._body = body
        self.redact = client.secret.redact
        self.pause: SharedPause | None = client.pause
        limits = self.timeouts = timeouts or client.timeouts
        self.idle: float | None = limits.idle if keepalives else limits.quiet_idle
        self.total: float | None = limits.total

    @property
    def options(self) -> dict[str, Any]:
        """What the run was started with beside its message and its conversation."""
        asked = {"message", "session_id", "variables"}
        return {name: value for name, value in self._body.items() if name not in asked}

    def redact_all(self, text: str) -> str:
        """Take the key out of a text, and the cookies that the server has set for this run."""
        return self._client.redact_all(text)

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Send the one request that starts the run."""
        session_id = None if self._session is None else self._session()
        named = {} if session_id is None else {"session_id": session_id}
        body = {**self._body, **named}
        return self._client.stream(self._path, body, before_last_byte=self._before_last_byte)

    def close(self) -> None:
        """Let go of the connection."""
        self._client.leave()


class RecordedSource:
    """Bytes that were recorded.

    Args:
        reads: The bytes of each read with the seconds since the start at which it came.
        speed: 1.0 for the recorded pace, 2.0 for twice as fast; None for all at once.
    """

    pause: SharedPause | None = None
    idle: float | None = None
    total: float | None = None
    timeouts = Timeouts()

    def __init__(self, reads: Sequence[tuple[float, bytes]], speed: float | None) -> None:
        self._reads = reads
        self._speed = speed

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Play the recording."""
        yield self._play()

    def close(self) -> None:
        """Do nothing: no connection is open."""

    async def _play(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        begin = loop.time()
        for at, data in self._reads:
            if self._speed is not None and (left := begin + at / self._speed - loop.time()) > 0:
                await asyncio.sleep(left)
            yield data
