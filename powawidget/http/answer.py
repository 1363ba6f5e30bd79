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
from powawidget.http.advice import advice
from powawidget.http.lost import lost, within
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
        content = await self._text(limit)
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
        """Check that the answer is an event stream.

        Returns:
            Its bytes, as they come; the iterator raises ConnectionLost when the line goes down.

        Raises:
            RequestError: If the server refused.
            ProtocolError: If it is something else.
        """
        server = self._server
        if not self._response.is_success:
            raise self._refusal(await self._text())
        kind = self._header("content-type", "").partition(";")[0].strip()
        is_empty = self._response.status_code == httpx.codes.NO_CONTENT
        if kind != "text/event-stream" or is_empty:
            beginning = readable(await self._text())
            raise ProtocolError(
                f"{server.url} answered with {kind[:100] or 'nothing'} instead of an "
                "event stream. Is this the base URL of a Powabase project? "
                + server.shown(beginning)
            )
        encoding = self._header("content-encoding", "identity")
        if encoding != "identity":
            raise ProtocolError(
                f"{server.url} compressed the stream ({encoding[:40]}), which was asked "
                "not to be: a gateway may do it. Switch compression off for text/event-stream."
            )
        return self._bytes()

    async def _bytes(self) -> AsyncGenerator[bytes, None]:
        problem: ConnectionLost | None = None
        try:
            # httpx types this generator as an iterator, without its aclose.
            async with contextlib.aclosing(self._response.aiter_raw()) as chunks:  # type: ignore[type-var]  # see above
                async for chunk in chunks:
                    yield chunk
        except httpx.HTTPError as error:
            problem = lost(self._server, error)
        chunk = b""
        if problem is not None:
            raise problem

    async def _text(self, limit: float | None = None) -> str:
        """Read the body's text. Of a refusal a part is enough; anything else must be whole."""
        server, is_success = self._server, self._response.is_success
        seconds = server.timeouts.first_byte if limit is None else limit
        size = _BODY_LIMIT
        if not is_success:
            # The status is known: its text isn't worth as long a wait.
            limits = [one for one in (seconds, server.timeouts.refusal) if one is not None]
            seconds, size = min(limits, default=None), _REFUSAL_LIMIT
        content, is_whole = bytearray(), True
        problem: ConnectionLost | None = None
        try:
            async with asyncio.timeout(seconds):
                async for chunk in self._response.aiter_raw():
                    content += chunk
                    if len(content) > size:
                        is_whole = False
                        break
        except httpx.HTTPError as error:
            problem = lost(server, error)
        except TimeoutError:
            problem = lost(server, TimeoutError(f"the answer wasn't whole{within(seconds)}"))
        text = server.secret.redact(content.decode("utf-8-sig", "replace"))
        content, chunk = bytearray(), b""
        if not is_whole and is_success:
            raise AnswerTooLargeError(
                f"{server.url} answered with more than {size:,} bytes, the most that is read."
            )
        if problem is not None and is_success:
            raise problem
        return text

    def _header(self, name: str, otherwise: str) -> str:
        return self._server.shown(self._response.headers.get(name, otherwise)).lower()

    def _refusal(self, content: str) -> RequestError:
        server, status = self._server, self._response.status_code
        text, code, details = words_of(content)
        text = server.shown(text)
        # Only these mean that no run was started (docs/protocol.md#retries).
        temporary = status == httpx.codes.TOO_MANY_REQUESTS or (
            status == httpx.codes.SERVICE_UNAVAILABLE and details is not None
        )
        wait = seconds_to_wait(self._response.headers.get("retry-after"), time.time())
        hint = advice(status, text, details or {})
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
        )
