"""HTTP to the server.

Each request carries both auth headers (docs/protocol.md#keys). One that starts something is sent
once (docs/protocol.md#no-repeat), and the key goes to no other origin. Errors are this package's,
not httpx's. Each request has an httpx client of its own, so none gets another's cookies, and none
ends when the connection is closed.
"""

import asyncio
import contextlib
import copy
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from http.cookiejar import CookieJar
from typing import Any

import httpx

from powawidget.errors import ConnectionLost, PowawidgetError, RequestError
from powawidget.http.address import checked_headers, checked_key, checked_url, secrets_in
from powawidget.http.answer import Answer
from powawidget.http.clock import ServerClock
from powawidget.http.cookies import Jar, joined
from powawidget.http.held import BeforeLastByte, Held
from powawidget.http.log import keep_out
from powawidget.http.lost import lost, never_whole, not_sent, within
from powawidget.http.open_runs import OpenRuns
from powawidget.http.proxies import proxy_for
from powawidget.http.redirects import left, stays, target_of
from powawidget.http.secret import Secret
from powawidget.http.server import Server
from powawidget.http.shared_pause import shared_pause
from powawidget.http.timeouts import Timeouts
from powawidget.http.transport import Transport, Verify
from powawidget.kernel import loop

_MAX_REDIRECTS = 5


class Client:
    """Requests to one server; `stream` is called on the loop thread.

    `get` and `post` run there by themselves: the traceback of an interrupted cell shows no frame of
    httpx, whose local variables hold the key.

    Attributes:
        url: The base URL.
        project: What tells the project from others: its base URL, but that the embedded server has
            another one each time.

    Args:
        url: The base URL.
        secret: The API key.
        verify: Whether to check certificates, the path of a CA bundle, or an `ssl.SSLContext`.
        proxy: The URL of a proxy; the environment's is used where this is None.
        headers: Further headers for each request.
        timeouts: Limits of time.
        insecure: Whether the key may go over plain HTTP to another machine.

    Raises:
        ConfigurationError: If the URL or the key can't be used; nothing has been sent.
    """

    def __init__(  # noqa: PLR0913  # each is one setting of a connection
        self,
        url: str,
        secret: Secret,
        *,
        verify: Verify = True,
        proxy: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
        insecure: bool = False,
    ) -> None:
        self.url = self.project = checked_url(url, insecure=insecure)
        self.timeouts = timeouts or Timeouts()
        checked_key(secret)
        self.clock = ServerClock()
        self.pause = shared_pause(self.url)
        # Answers of every size come uncompressed: 194 kB unfolded to 200 MB once.
        own = {"Accept-Encoding": "identity", "User-Agent": "powawidget"}
        given = checked_headers(headers or {})
        via = proxy_for(self.url, proxy)
        self.secret = secret.with_beside([*secrets_in(given), via.password if via else ""])
        keep_out(self.secret)
        self._cookie = "".join(given.pop(name) for name in tuple(given) if name.lower() == "cookie")
        self._server = Server(self.url, self.secret, self.timeouts, via)
        self._transport = Transport(self._server, verify, via, {**own, **given})
        self._open_runs = OpenRuns()
        self._jar: Jar | None = None  # a run's
        self._has_left = False

    def for_run(self) -> "Client":
        """Make the client of one run. The run has to call `leave` when it is over.

        It keeps the cookies that the answer to the run's start sets, and sends them with each other
        request of this run (docs/protocol.md#decision-process). It works on after this connection
        was closed.

        Raises:
            ConfigurationError: If this connection was closed.
        """
        self._open_runs.enter()
        one = copy.copy(self)
        one._jar = Jar()  # noqa: SLF001  # one of its own kind
        return one

    def redact_all(self, text: str) -> str:
        """Take the key out of a text, and the cookies that the server has set for this run."""
        cookies = [one.value or "" for one in self._jar or ()]
        return self.secret.with_beside(cookies).redact(self.secret.redact(text))

    def leave(self) -> None:
        """End the use of the connection by a run that is over; a second call does nothing."""
        if self._jar is not None and not self._has_left:
            self._has_left = True
            self._open_runs.leave()

    def __repr__(self) -> str:
        return f"<Client of {getattr(self, 'url', 'a URL that was refused')}>"

    async def get(self, path: str, **query: str | int) -> Any:
        """Get a JSON value.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached.
            ProtocolError: If the answer isn't JSON.
        """
        return await loop.run_there(self._json("GET", path, query=query))

    async def post(self, path: str, body: Mapping[str, Any], limit: float | None = None) -> Any:
        """Post JSON and get a JSON value. It is sent once.

        Args:
            path: The path, from the base URL.
            body: The JSON object to send.
            limit: How long the answer may take, in seconds.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached, or doesn't answer.
            ProtocolError: If the answer isn't JSON.
        """
        return await loop.run_there(self._json("POST", path, body=body, limit=limit))

    @contextlib.asynccontextmanager
    async def stream(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        before_last_byte: BeforeLastByte | None = None,
    ) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Post JSON and read the event stream that answers it. It is sent once.

        Args:
            path: The path, from the base URL.
            body: The JSON object to send.
            before_last_byte: Awaited when all but the last byte of the body has been sent. Where
                it raises, the server has never had a whole request.

        Yields:
            The bytes of the body as they come; the iterator raises ConnectionLost when the line
            goes down.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached; `maybe_accepted` tells whether a run may
                have started.
            ProtocolError: If the answer isn't an event stream.
        """
        self._check()
        if self._jar is not None:
            self._jar.clear()  # of a try that was refused
        sent = self.pause.now()
        async with self._transport.open(self._jar) as http:
            response = await self._send(
                http, "POST", path, body=body, before_last_byte=before_last_byte
            )
            try:
                async with contextlib.aclosing(await self._stream_of(response)) as chunks:
                    self.pause.note_started(sent)
                    yield chunks
            finally:
                await response.aclose()

    async def close(self, then: Callable[[], object] | None = None) -> bool:
        """Refuse new requests from now on; runs that are open go on.

        Args:
            then: Called on the loop thread after the last open run; not at all where none is open.

        Returns:
            Whether no run is open.
        """
        return self._open_runs.close(then)

    def _check(self) -> None:
        if self._jar is None:
            self._open_runs.check()

    async def _stream_of(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        try:
            return await self._answer(response).events()
        except RequestError as error:
            if error.temporary and error.retry_after is not None:
                self.pause.note(error.retry_after, error.status)
            raise

    def _answer(self, response: httpx.Response) -> Answer:
        return Answer(response, self._server)

    async def _json(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        limit: float | None = None,
    ) -> Any:
        self._check()
        # What is set in answer to these isn't the run's: it goes into a copy.
        async with self._transport.open(None if self._jar is None else _copied(self._jar)) as http:
            response = await self._send(http, verb, path, query=query, body=body, limit=limit)
            try:
                return await self._answer(response).json(path, limit)
            finally:
                await response.aclose()

    async def _send(  # noqa: PLR0913  # what makes up a request
        self,
        http: httpx.AsyncClient,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        limit: float | None = None,
        before_last_byte: BeforeLastByte | None = None,
    ) -> httpx.Response:
        """Send one request; follow only redirects that stay at this server."""
        limit = self.timeouts.first_byte if limit is None else limit
        target = httpx.URL(self.url + path)
        response: httpx.Response | None = None
        for _ in range(_MAX_REDIRECTS):
            request, held = _request(http, verb, target, query, body, before_last_byte)
            if self._cookie:
                own = request.headers.get("cookie", "")
                request.headers["cookie"] = joined(self._cookie, own)
            response = await self._send_once(http, request, limit, held)
            if not response.has_redirect_location:
                return response
            await response.aclose()
            # The key in a URL would stand in the frames of an error that comes later.
            if not stays(request, response) or self._repeats_key(response):
                raise left(self._server, request, response)
            target, query = target_of(request, response), None
        status = 0 if response is None else response.status_code
        raise RequestError(f"{self.url} redirects in circles.", status=status)

    def _repeats_key(self, response: httpx.Response) -> bool:
        where = response.headers["location"]
        return self.secret.redact(where) != where

    async def _send_once(
        self,
        http: httpx.AsyncClient,
        request: httpx.Request,
        limit: float | None,
        held: Held | None,
    ) -> httpx.Response:
        # Raised outside the except blocks, so that none of httpx's errors is their context: those
        # hold the request, and with it the key.
        failure: ConnectionLost | PowawidgetError
        try:
            async with asyncio.timeout(limit):
                sent = time.time()
                response = await http.send(request, stream=True)
                # A server may repeat the key in it, and a response's repr shows it.
                response.extensions.pop("reason_phrase", None)
                self.clock.note(response.headers.get("date"), sent, time.time())
                return response
        except TimeoutError:
            failure = ConnectionLost(
                f"{self.url} didn't answer{within(limit)}.",
                maybe_accepted=True,
                code="first_byte_timeout",
            )
        # Whatever may come out of there (a redirect's URL that can't be read, for one).
        except Exception as error:  # noqa: BLE001  # whatever a transport raises
            failure = not_sent(self._server, request, error) or lost(
                self._server, error, request.method, " before it answered"
            )
        if held is not None and not held.is_whole:
            failure = never_whole(failure, held.problem)
        raise failure


def _request(  # noqa: PLR0913, PLR0917  # what makes up a request
    http: httpx.AsyncClient,
    verb: str,
    target: httpx.URL,
    query: Mapping[str, str | int] | None,
    body: Mapping[str, Any] | None,
    before_last_byte: BeforeLastByte | None,
) -> tuple[httpx.Request, Held | None]:
    given = None if body is None else dict(body)
    request = http.build_request(verb, target, params=query or None, json=given)
    if before_last_byte is None:
        return request, None
    held = Held(request.content, before_last_byte)
    # With a length: of a chunked body a server may act on what has come.
    headers = {"Content-Type": "application/json", "Content-Length": str(held.size)}
    return http.build_request(verb, target, content=held.pieces(), headers=headers), held


def _copied(jar: CookieJar) -> CookieJar:
    copied = Jar()
    for cookie in jar:
        copied.set_cookie(cookie)
    return copied
