"""How httpx is set up: the key in two headers, no kept connection, `localhost` as this machine."""

import contextlib
from collections.abc import Generator, Mapping
from http.cookiejar import CookieJar
from typing import Any

import httpx

from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.http.address import LOCALHOST, LOOPBACK, checked_verify, direct
from powawidget.http.secret import Secret
from powawidget.http.server import Server


class Transport:
    """Makes the client of httpx for each request.

    Args:
        server: The server.
        verify: Whether to check certificates, or the path of a CA bundle.
        proxy: The URL of a proxy; the environment's is used where this is None.
        headers: The headers of each request.

    Raises:
        FileError: If the CA bundle can't be read.
        InvalidValueError: If the proxy can't be used.
    """

    def __init__(
        self, server: Server, verify: bool | str, proxy: str | None, headers: Mapping[str, str]
    ) -> None:
        self._settings: dict[str, Any] = {
            "auth": _Keys(server.secret),
            "verify": httpx.create_ssl_context(verify=checked_verify(verify)),
            "proxy": proxy,
            "mounts": None if proxy else direct(server.url),
            "headers": dict(headers),
            "timeout": httpx.Timeout(None, connect=server.timeouts.connect),
            "follow_redirects": False,
            # No connection is kept: a server may be closing it just as the next request is
            # written, and a POST isn't sent twice.
            "limits": httpx.Limits(max_connections=None, max_keepalive_connections=0),
        }
        if proxy is not None and not isinstance(proxy, str):
            raise WrongTypeError(f"proxy takes a URL as text, not {type(proxy).__name__}.")
        self.open(None)  # what can't be used is refused before anything is sent

    def open(self, jar: CookieJar | None) -> httpx.AsyncClient:
        """Make the client of one request, and of the redirects that it leads to.

        Args:
            jar: Where its cookies come from and go to; one that is nobody else's where it isn't
                given.

        Raises:
            InvalidValueError: If the proxy can't be used.
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


class _Keys(httpx.Auth):
    """Sets both headers as a request is sent: no client's list of headers holds the key."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["apikey"] = self._secret.reveal()
        request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"
        yield request


class _ThisMachine(httpx.AsyncBaseTransport):
    """Connects to `localhost` without asking a resolver, which may name any machine.

    In plain HTTP nothing else proves who answers.
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
        with contextlib.suppress(httpx.ConnectError):
            return await self._inner.handle_async_request(second)
        raise refused  # at the first address most servers listen

    async def aclose(self) -> None:
        """Close what was opened."""
        await self._inner.aclose()


def _moved(request: httpx.Request, address: str) -> httpx.Request:
    """Make the same request, with the same Host, to an address."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=request.extensions,
    )
