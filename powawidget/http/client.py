"""HTTP to the server: the only module that knows httpx.

Both auth headers, no request twice that starts something, no key to another origin, and errors in
words of ours (docs/protocol.md#keys, #no-repeat and #refusals). Each request has a client of httpx
to itself: none is sent another's cookies, and none ends when the connection is closed.
"""

import asyncio
import contextlib
import copy
import socket
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Mapping
from http.cookiejar import CookieJar
from typing import Any

import httpx

from powawidget.errors import (
    AnswerTooLargeError,
    ConnectionLost,
    InvalidValueError,
    ProtocolError,
    RequestError,
)
from powawidget.http.address import (
    LOCALHOST,
    LOOPBACK,
    checked_headers,
    checked_key,
    checked_url,
    checked_verify,
    direct,
)
from powawidget.http.advice import advice
from powawidget.http.clock import ServerClock
from powawidget.http.cookies import Jar, joined
from powawidget.http.holders import Holders
from powawidget.http.log import keep_out
from powawidget.http.refusals import SHOWN, readable, seconds_to_wait, words_of
from powawidget.http.secret import Secret
from powawidget.http.timeouts import Timeouts
from powawidget.kernel import loop
from powawidget.protocol.characters import harmless
from powawidget.protocol.events import decode

_BODY_LIMIT = 16 * 1024 * 1024
_REFUSAL_LIMIT = 256 * 1024
_MAX_REDIRECTS = 5
_KEEPS_POST = frozenset({307, 308})


class _Keys(httpx.Auth):
    """Set both headers on each request, so that the key stands in no list of headers."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["apikey"] = self._secret.reveal()
        request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"
        yield request


class _ThisMachine(httpx.AsyncBaseTransport):
    """Connects to `localhost` without asking a resolver, which may name any machine.

    In plain HTTP nothing else tells who answers.

    Args:
        inner: What connects to an address.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first of the loopback addresses where somebody listens."""
        first, second = (_moved(request, address) for address in LOOPBACK)
        try:
            return await self._inner.handle_async_request(first)
        except httpx.ConnectError as error:
            refused = error
        try:
            return await self._inner.handle_async_request(second)
        except httpx.ConnectError:
            raise refused from None

    async def aclose(self) -> None:
        """Close what was opened."""
        await self._inner.aclose()


class Client:
    """Requests to one server; `stream` is called on the loop thread.

    No frame of httpx stands in what a person interrupts: its local variables hold the key.

    Args:
        url: The base URL.
        secret: The API key.
        verify: Whether to check certificates, or the path of a CA bundle.
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
        verify: bool | str = True,
        proxy: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeouts: Timeouts | None = None,
        insecure: bool = False,
    ) -> None:
        self.url = checked_url(url, insecure=insecure)
        self.timeouts = timeouts or Timeouts()
        self.secret = checked_key(secret)
        self.clock = ServerClock()
        keep_out(secret)
        # Answers of every size come uncompressed: 194 kB unfolded to 200 MB once.
        own = {"Accept-Encoding": "identity", "User-Agent": "powawidget"}
        given = checked_headers(headers or {})
        self._cookie = "".join(given.pop(name) for name in tuple(given) if name.lower() == "cookie")
        self._holders = Holders()
        self._jar: Jar | None = None  # a run's
        self._has_left = False
        self._settings: dict[str, Any] = {
            "auth": _Keys(secret),
            "verify": httpx.create_ssl_context(verify=checked_verify(verify)),
            "proxy": proxy,
            "mounts": None if proxy else direct(self.url),
            "headers": {**own, **given},
            "timeout": httpx.Timeout(None, connect=self.timeouts.connect),
            "follow_redirects": False,
            # No connection is kept: a server may be closing it just as the next request is
            # written, and a POST isn't sent twice.
            "limits": httpx.Limits(max_connections=None, max_keepalive_connections=0),
        }
        self._http(None)  # what can't be used is refused before anything is sent

    def _http(self, jar: CookieJar | None) -> httpx.AsyncClient:
        """Make the client of one request, and of the redirects that it leads to.

        Args:
            jar: Where its cookies come from and go to; one that is nobody else's where it isn't
                given.
        """
        settings = self._settings
        if settings["mounts"]:
            limits = {name: settings[name] for name in ("verify", "limits")}
            inner = httpx.AsyncHTTPTransport(**limits, trust_env=False)
            mounts = {**settings["mounts"], f"http://{LOCALHOST}": _ThisMachine(inner)}
            settings = {**settings, "mounts": mounts}
        with contextlib.suppress(ValueError, httpx.InvalidURL):
            return httpx.AsyncClient(**settings, cookies=jar)
        # Raised here, not chained: the URL of a proxy may hold a password.
        raise InvalidValueError(
            "The proxy can't be used: pass a URL such as http://host:8080, or set the "
            "environment's HTTPS_PROXY to one."
        )

    def for_run(self) -> "Client":
        """Make the client of one run, which has to `leave` when the run is over.

        It keeps the cookies that the answer to the run's start sets, and sends them with whatever
        else is asked about this run; it goes on when this connection is closed.

        Returns:
            The client.

        Raises:
            ConfigurationError: If this connection was closed.
        """
        self._holders.enter()
        one = copy.copy(self)
        one._jar = Jar()  # noqa: SLF001  # one of its own kind
        return one

    def leave(self) -> None:
        """Let go of the connection, as the client of a run that is over; again does nothing."""
        if self._jar is not None and not self._has_left:
            self._has_left = True
            self._holders.leave()

    def __repr__(self) -> str:
        return f"<Client of {getattr(self, 'url', 'a URL that was refused')}>"

    async def get(self, path: str, **query: str | int) -> Any:
        """Get a JSON value.

        Args:
            path: The path, from the base URL.
            **query: Parameters of the query.

        Returns:
            The decoded JSON.

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

        Returns:
            The decoded JSON.

        Raises:
            RequestError: If the server refuses.
            ConnectionLost: If it can't be reached, or doesn't answer.
            ProtocolError: If the answer isn't JSON.
        """
        return await loop.run_there(self._json("POST", path, body=body, limit=limit))

    @contextlib.asynccontextmanager
    async def stream(
        self, path: str, body: Mapping[str, Any]
    ) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """Post JSON and read the event stream that answers it. It is sent once.

        Args:
            path: The path, from the base URL.
            body: The JSON object to send.

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
        async with self._http(self._jar) as http:
            response = await self._send(http, "POST", path, body=body)
            try:
                async with contextlib.aclosing(await self._events(response)) as chunks:
                    yield chunks
            finally:
                await response.aclose()

    async def close(self, then: Callable[[], object] | None = None) -> bool:
        """Refuse what is new from now on; runs that are open go on.

        Args:
            then: Called when the last of them has left, where there is any; on the loop thread.

        Returns:
            Whether there is none.
        """
        return self._holders.close(then)

    def _check(self) -> None:
        if self._jar is None:
            self._holders.check()

    async def _events(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        """Check that an answer is an event stream, and give its bytes."""
        if not response.is_success:
            raise self._refusal(response, await self._body(response))
        kind = self._shown(response.headers.get("content-type", ""))
        kind = kind.partition(";")[0].strip().lower()
        if kind != "text/event-stream" or response.status_code == httpx.codes.NO_CONTENT:
            beginning = readable(await self._body(response))
            raise ProtocolError(
                f"{self.url} answered with {kind[:100] or 'nothing'} instead of an "
                "event stream. Is this the base URL of a Powabase project? "
                + self._shown(beginning)
            )
        encoding = self._shown(response.headers.get("content-encoding", "identity")).lower()
        if encoding != "identity":
            raise ProtocolError(
                f"{self.url} compressed the stream ({encoding[:40]}), which was asked "
                "not to be: a gateway may do it. Switch compression off for text/event-stream."
            )
        return self._bytes(response)

    async def _bytes(self, response: httpx.Response) -> AsyncGenerator[bytes, None]:
        problem = ""
        try:
            # httpx types this generator as an iterator, without its aclose.
            async with contextlib.aclosing(response.aiter_raw()) as chunks:  # type: ignore[type-var]  # see above
                async for chunk in chunks:
                    yield chunk
        except httpx.HTTPError as error:
            problem = self._reason(error)
        # What came may repeat the key: no frame of a traceback holds it.
        chunk = b""
        if problem:
            raise ConnectionLost(
                f"The connection to {self.url} was lost: {problem}.", maybe_accepted=True
            )

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
        async with self._http(None if self._jar is None else _copied(self._jar)) as http:
            response = await self._send(http, verb, path, query=query, body=body, limit=limit)
            try:
                content = await self._body(response, limit)
            finally:
                await response.aclose()
        if not response.is_success:
            raise self._refusal(response, content)
        try:
            return decode(content)
        except (ValueError, RecursionError):
            pass
        raise ProtocolError(
            f"{self.url}{path} answered with something that isn't JSON: "
            + self._shown(readable(content))
        )

    async def _body(self, response: httpx.Response, limit: float | None = None) -> str:
        """Read an answer's text, without the key that a server may repeat in it.

        What came of a refusal is enough; anything else must be whole.
        """
        seconds = self.timeouts.first_byte if limit is None else limit
        size = _BODY_LIMIT
        if not response.is_success:
            # Its status is known: the words aren't worth waiting for as long.
            limits = [one for one in (seconds, self.timeouts.refusal) if one is not None]
            seconds, size = min(limits, default=None), _REFUSAL_LIMIT
        content, problem, is_whole = bytearray(), "", True
        try:
            async with asyncio.timeout(seconds):
                async for chunk in response.aiter_raw():
                    content += chunk
                    if len(content) > size:
                        is_whole = False
                        break
        except httpx.HTTPError as error:
            problem = self._reason(error)
        except TimeoutError:
            problem = f"the answer wasn't whole{_after(seconds)}"
        text = self.secret.redact(content.decode("utf-8-sig", "replace"))
        # What came may repeat the key: no frame of a traceback holds it.
        content, chunk = bytearray(), b""
        if not is_whole and response.is_success:
            raise AnswerTooLargeError(
                f"{self.url} answered with more than {size:,} bytes, the most that is read."
            )
        if problem and response.is_success:
            raise ConnectionLost(
                f"The connection to {self.url} was lost: {problem}.", maybe_accepted=True
            )
        return text

    async def _send(  # noqa: PLR0913  # what makes up a request
        self,
        http: httpx.AsyncClient,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        limit: float | None = None,
    ) -> httpx.Response:
        """Send one request; follow only redirects that stay at this server."""
        limit = self.timeouts.first_byte if limit is None else limit
        target = httpx.URL(self.url + path)
        response: httpx.Response | None = None
        for _ in range(_MAX_REDIRECTS):
            request = http.build_request(
                verb, target, params=query or None, json=None if body is None else dict(body)
            )
            if self._cookie:
                own = request.headers.get("cookie", "")
                request.headers["cookie"] = joined(self._cookie, own)
            response = await self._send_once(http, request, limit)
            if not response.has_redirect_location:
                return response
            await response.aclose()
            if not _stays(request, response):
                raise self._astray(request, response)
            target, query = _redirected(request, response), None
        status = 0 if response is None else response.status_code
        raise RequestError(f"{self.url} redirects in circles.", status=status)

    def _astray(self, request: httpx.Request, response: httpx.Response) -> RequestError:
        target = _redirected(request, response)
        where = self._shown(f"{target.scheme}://{target.netloc.decode()}")
        return RequestError(
            f"{self.url} redirects to {where}; it wasn't followed, so that the key stays here. "
            "If that is the right server, pass its URL.",
            status=response.status_code,
        )

    async def _send_once(
        self, http: httpx.AsyncClient, request: httpx.Request, limit: float | None
    ) -> httpx.Response:
        # Our errors are raised outside the except blocks: httpx's exceptions hold the request,
        # and with it the key, and a chained traceback would show them.
        failure: ConnectionLost
        address = f"{request.url.host}:{request.url.port or request.url.scheme}"
        try:
            async with asyncio.timeout(limit):
                sent = time.time()
                response = await http.send(request, stream=True)
                self.clock.hear(response.headers.get("date"), sent, time.time())
                return response
        except TimeoutError:
            failure = ConnectionLost(
                f"{self.url} didn't answer{_after(limit)}.",
                maybe_accepted=True,
                code="first_byte_timeout",
            )
        except httpx.ConnectTimeout:
            failure = ConnectionLost(
                f"{address} can't be reached: no connection{_after(self.timeouts.connect)}.",
                maybe_accepted=False,
                code="connect_timeout",
            )
        except (httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol) as error:
            code, hint = _unreachable(error)
            failure = ConnectionLost(
                f"{address} can't be reached: {self._reason(error)}. {hint}",
                maybe_accepted=False,
                code=code,
                temporary=code == "unreachable",
            )
        # Whatever else may come out of there (a redirect's URL that can't be read, for one).
        except Exception as error:  # noqa: BLE001  # whatever a transport raises
            failure = ConnectionLost(
                f"The connection to {self.url} was lost before it answered: {self._reason(error)}.",
                maybe_accepted=True,
            )
        raise failure

    def _refusal(self, response: httpx.Response, content: str) -> RequestError:
        status = response.status_code
        text, code, details = words_of(content)
        text = self._shown(text)
        temporary = status == httpx.codes.TOO_MANY_REQUESTS or (
            status == httpx.codes.SERVICE_UNAVAILABLE and details is not None
        )
        wait = seconds_to_wait(response.headers.get("retry-after"), time.time())
        hint = advice(status, text, details or {})
        if temporary and wait:
            until = time.strftime("%H:%M:%S", time.localtime(time.time() + wait))
            hint = f"The server asks to wait {wait:,.0f} s: run the cell again after {until}."
        message = f"{text.rstrip('.')}." if text else "The server didn't say why."
        return RequestError(
            f"{self.url} answered {status}: {message}",
            status=status,
            code=None if code is None else self._shown(code),
            body=text,
            hint=self._shown(hint),
            temporary=temporary,
            retry_after=wait if temporary else None,
        )

    def _reason(self, error: Exception) -> str:
        text = str(error).strip() or type(error).__name__
        return self._shown(text[:SHOWN].rstrip("."))

    def _shown(self, text: str) -> str:
        return self.secret.redact(harmless(text))


def _moved(request: httpx.Request, address: str) -> httpx.Request:
    """Make the same request, with the same Host, to an address."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )


def _copied(jar: CookieJar) -> CookieJar:
    copied = Jar()
    for cookie in jar:
        copied.set_cookie(cookie)
    return copied


def _after(seconds: float | None) -> str:
    return "" if seconds is None else f" within {seconds:g} s"


def _redirected(request: httpx.Request, response: httpx.Response) -> httpx.URL:
    return request.url.join(response.headers["location"])


def _stays(request: httpx.Request, response: httpx.Response) -> bool:
    """Tell whether a redirect leads to the same server, by the same verb."""
    old, new = request.url, _redirected(request, response)
    same = (new.scheme, new.host, new.port) == (old.scheme, old.host, old.port)
    return same and (request.method == "GET" or response.status_code in _KEEPS_POST)


def _unreachable(error: Exception) -> tuple[str, str]:
    """Say why nobody could be reached, in a word, and what to do about it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN:
            return "unknown_host", "No such host is known: check the URL for a slip."
        if isinstance(cause, ssl.SSLError):
            return (
                "tls",
                "Its certificate or its TLS isn't trusted here: pass verify= with the CA bundle "
                "of your network, or check that the URL's scheme is right.",
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.ProxyError):
        return "proxy", "The proxy refused: check proxy= and the environment's HTTPS_PROXY."
    return "unreachable", "Check the URL, and that the server runs."
