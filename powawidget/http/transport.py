"""How httpx is set up: the key in two headers, no kept connection, `localhost` as this machine."""

import contextlib
import os
import ssl
from collections.abc import Generator, Mapping
from http.cookiejar import CookieJar
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import httpx

from powawidget.http.address import LOCALHOST, LOOPBACK, is_this_machine
from powawidget.http.certificates import context_for
from powawidget.http.proxies import Proxy
from powawidget.http.secret import Secret
from powawidget.http.server import Server

Verify: TypeAlias = bool | str | os.PathLike[str] | ssl.SSLContext
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=0)


class Transport:
    """Makes the client of httpx for each request.

    Args:
        server: The server.
        verify: Whether to check certificates, the path of a CA bundle, or a context.
        proxy: The proxy to use, where there is one.
        headers: The headers of each request.

    Raises:
        FileError: If the certificates can't be read.
        WrongTypeError: If `verify` is something else.
    """

    def __init__(
        self, server: Server, verify: Verify, proxy: Proxy | None, headers: Mapping[str, str]
    ) -> None:
        url = urlsplit(server.url)
        context = context_for(
            verify,
            is_encrypted=url.scheme == "https",
            is_this_machine=is_this_machine(url.hostname or ""),
        )
        self._context = context
        self._is_local = proxy is None and url.scheme == "http" and url.hostname == LOCALHOST
        self._settings: dict[str, Any] = {
            "auth": _Keys(server.secret),
            "verify": context,
            "proxy": None if proxy is None else proxy.url,
            # What it says of proxies and certificates was read already, and checked.
            "trust_env": False,
            "headers": dict(headers),
            "timeout": httpx.Timeout(None, connect=server.timeouts.connect),
            "follow_redirects": False,
            # No connection is kept: a server may be closing it just as the next request is
            # written, and a POST isn't sent twice.
            "limits": _LIMITS,
        }

    def open(self, jar: CookieJar | None) -> httpx.AsyncClient:
        """Make the client of one request, and of the redirects that it leads to.

        Args:
            jar: Where its cookies come from and go to; one that is nobody else's where it isn't
                given.
        """
        own: dict[str, Any] = {}
        if self._is_local:
            inner = httpx.AsyncHTTPTransport(verify=self._context, limits=_LIMITS, trust_env=False)
            own["transport"] = _ThisMachine(inner)
        return httpx.AsyncClient(**self._settings, **own, cookies=jar)


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
