"""What a server answered: read within limits of time and size, and without the key.

A server may repeat the key in what it answers, and a verbose traceback prints local variables: so
raw bytes stay in no frame that an error leaves.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator
from typing import Any

import httpx

from powawidget.errors import AnswerTooLargeError, ConnectionLost, ProtocolError, RequestError
from powawidget.http.advice import MAYBE_STARTED, advice, may_have_started
from powawidget.http.lost import lost, within
from powawidget.http.packed import begins_as_events, is_event_stream, packed_as, unpacked
from powawidget.http.refusals import readable, seconds_to_wait, words_of
from powawidget.http.server import Server
from powawidget.protocol.events import decode

_BODY_LIMIT = 16 * 1024 * 1024
_REFUSAL_LIMIT = 256 * 1024


class Answer:
    """One answer, of which the head has come."""

    def __init__(self, response: httpx.Response, server: Server) -> None:
        self._response = response
        self._server = server
        # httpx types this generator as an iterator, without its aclose.
        self._chunks: AsyncGenerator[bytes, None] = response.aiter_raw()  # type: ignore[assignment]  # see above
        self._come: list[bytes] = []  # what was read to see what the answer is

    async def json(self, path: str, limit: float | None = None) -> Any:
        """Read the whole body.

        Args:
            path: What was asked for.
            limit: How long that may take, in seconds; the limit for the first byte where it isn't
                given.

        Raises:
            RequestError: If the server refused.
            ConnectionLost: If the line goes down.
            ProtocolError: If the body isn't JSON, or too large.
        """
        content = await self._text(limit, in_part=not self._response.is_success)
        if not self._response.is_success:
            raise self._refusal(content)
        with contextlib.suppress(ValueError, RecursionError):
            return decode(content)
        # Not chained: the decoder's error holds the whole body.
        raise ProtocolError(
            f"{self._server.url}{path} answered with something that isn't JSON: "
            + self._server.shown(readable(content))
        )

    async def events(self) -> AsyncGenerator[bytes, None]:
        """Check that the answer is an event stream, by its headers or by how it begins.

        Returns:
            Its bytes, as they come; the iterator raises ConnectionLost when the line goes down.

        Raises:
            RequestError: If the server refused.
            ConnectionLost: If the line goes down, or nothing comes in time.
            ProtocolError: If it is something else. A run may have started: the server answered 2xx.
        """
        server = self._server
        if not self._response.is_success:
            raise self._refusal(await self._text(in_part=True))
        kind, packed = self._header("content-type"), packed_as(self._header("content-encoding"))
        is_empty = self._response.status_code == httpx.codes.NO_CONTENT
        if is_event_stream(kind) and not packed and not is_empty:
            return self._bytes()
        if await self._begins_as_events():
            return self._bytes()
        if is_event_stream(kind) and packed:
            raise ProtocolError(
                f"{server.url} compressed the stream ({packed[:40]}), which was asked not to be: a "
                f"gateway may do it. Switch compression off for text/event-stream. {MAYBE_STARTED}",
                maybe_accepted=True,
            )
        text = readable(await self._text(in_part=True))
        named = kind.partition(";")[0].strip()[:100]
        raise ProtocolError(
            f"{server.url} answered with {named or 'nothing'} instead of an event stream. Is this "
            f"the base URL of a Powabase project? {f'{server.shown(text)} ' if text else ''}"
            f"{MAYBE_STARTED}",
            maybe_accepted=True,
        )

    async def _begins_as_events(self) -> bool:
        """Read until the beginning of the body tells whether it is an event stream."""
        begins: bool | None = None
        async for chunk in self._timed(self._server.timeouts.first_byte):
            self._come.append(chunk)
            chunk = b""  # noqa: PLW2901  # see above
            begins = begins_as_events(b"".join(self._come))
            if begins is not None:
                break
        return bool(begins)

    async def _bytes(self) -> AsyncGenerator[bytes, None]:
        while self._come:
            yield self._come.pop(0)
        problem: ConnectionLost | None = None
        chunk = b""
        try:
            async with contextlib.aclosing(self._chunks) as chunks:
                async for chunk in chunks:
                    yield chunk
        except httpx.HTTPError as error:
            problem = lost(self._server, error, self._response.request.method)
        chunk = b""
        if problem is not None:
            raise problem

    async def _timed(self, seconds: float | None) -> AsyncGenerator[bytes, None]:
        """Go on with the body, all of which must come in time."""
        problem: ConnectionLost | None = None
        end = None if seconds is None else asyncio.get_running_loop().time() + seconds
        chunk: bytes | None = b""
        while chunk is not None:
            try:
                async with asyncio.timeout_at(end):
                    chunk = await anext(self._chunks, None)
            except httpx.HTTPError as error:
                problem = lost(self._server, error, self._response.request.method)
            except TimeoutError:
                slow = TimeoutError(f"the answer wasn't whole{within(seconds)}")
                problem = lost(self._server, slow, self._response.request.method)
            if problem is not None:
                chunk = b""
                raise problem
            if chunk is not None:
                yield chunk

    async def _text(self, limit: float | None = None, *, in_part: bool) -> str:
        """Read the body's text.

        Args:
            limit: How long that may take, in seconds.
            in_part: Whether a part is enough, as for what is told of a refusal; else all of it must
                be readable.
        """
        server = self._server
        seconds = server.timeouts.first_byte if limit is None else limit
        size = _BODY_LIMIT
        if in_part:
            # The status is known: its text isn't worth as long a wait.
            limits = [one for one in (seconds, server.timeouts.refusal) if one is not None]
            seconds, size = min(limits, default=None), _REFUSAL_LIMIT
        problem: ConnectionLost | None = None
        try:
            come = sum(map(len, self._come))
            async with contextlib.aclosing(self._timed(seconds)) as chunks:
                while come <= size:
                    chunk = await anext(chunks, None)
                    if chunk is None:
                        break
                    self._come.append(chunk)
                    come += len(chunk)
        except ConnectionLost as error:
            problem = error
        body, chunk = b"".join(self._come), b""
        self._come.clear()
        packed = packed_as(self._header("content-encoding"))
        content = unpacked(body, packed, size) if len(body) <= size else body
        is_whole, is_known = len(content or b"") <= size, content is not None
        text = server.secret.redact((content or b"").decode("utf-8-sig", "replace"))
        body = content = b""
        if not is_known and in_part:
            return f"(What it says is compressed: {packed[:40]}.)"
        if not is_known:
            raise ProtocolError(
                f"{server.url} compressed its answer ({packed[:40]}), which was asked not to be: a "
                "gateway may do it. Switch compression off there, or choose gzip."
            )
        if not is_whole and not in_part:
            raise AnswerTooLargeError(
                f"{server.url} answered with more than {size:,} bytes, the most that is read."
            )
        if problem is not None and not in_part:
            raise problem
        return text

    def _header(self, name: str) -> str:
        return self._server.shown(self._response.headers.get(name, "")).lower()

    def _refusal(self, content: str) -> RequestError:
        server, status = self._server, self._response.status_code
        text, code, details = words_of(content)
        text = server.shown(text)
        # Only these mean that no run was started (docs/protocol.md#retries).
        temporary = status == httpx.codes.TOO_MANY_REQUESTS or (
            status == httpx.codes.SERVICE_UNAVAILABLE and details is not None
        )
        wait = seconds_to_wait(self._response.headers.get("retry-after"), time.time())
        path = self._response.request.url.path
        is_started = may_have_started(status, details, path)
        hint = MAYBE_STARTED if is_started else advice(status, text, details or {}, path)
        if temporary and wait:
            until = time.strftime("%H:%M:%S", time.localtime(time.time() + wait))
            hint = f"The server asks to wait {wait:,.0f} s: run the cell again after {until}."
        message = f"{text.rstrip('.')}." if text else "The server didn't say why."
        return RequestError(
            f"{server.url} answered {status}: {message}",
            status=status,
            code=None if code is None else server.shown(code),
            body=text,
            hint=server.shown(hint),
            temporary=temporary,
            retry_after=wait if temporary else None,
            maybe_accepted=is_started,
        )
