"""The connections of a server: only so many, and none that waits for ever.

uvicorn's own limit refuses whoever comes when it is reached, so that anybody who opens enough
connections and says nothing would lock the kernel out of its own server. Here those that wait
make room, the longest wait first: a request that has the key is never cut short.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from uvicorn.protocols.http.h11_impl import H11Protocol

from powawidget.local import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

Address: TypeAlias = tuple[str, int]

_LOOKS = 5  # at a connection that waits, before it is closed


class Connections:
    """The connections of one server. All of it happens in the server's thread."""

    def __init__(self) -> None:
        self._waiting: dict[Address, _Waiting] = {}  # the longest wait first
        self._working: dict[Address, asyncio.WriteTransport] = {}

    def __len__(self) -> int:
        """How many are open."""
        return len(self._waiting) + len(self._working)

    def opened(self, address: Address, transport: asyncio.Transport) -> None:
        """Take a connection in; where there is no room, one that waits has to go."""
        if len(self) >= limits.CONNECTIONS:
            oldest = next(iter(self._waiting), None)
            if oldest is None:
                transport.abort()
                return
            self._waiting.pop(oldest).end()
        self._waiting[address] = _Waiting(transport)

    def closed(self, address: Address) -> None:
        """Forget a connection."""
        self._working.pop(address, None)
        if wait := self._waiting.pop(address, None):
            wait.over()

    def abort(self, address: Address) -> None:
        """Break a connection whose request is being answered."""
        if transport := self._working.get(address):
            transport.abort()

    @contextmanager
    def at_work(self, address: Address) -> Iterator[None]:
        """Leave a connection alone while its request is answered."""
        wait = self._waiting.pop(address, None)
        if wait is not None:
            wait.over()
            self._working[address] = wait.transport
        try:
            yield
        finally:
            transport = self._working.pop(address, None)
            if transport is not None:
                self._waiting[address] = _Waiting(transport)


class _Waiting:
    """A connection that hasn't brought a request yet; it is closed if it never does."""

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        self._looks = 0
        self._timer = self._look_later()

    def over(self) -> None:
        """Wait no more."""
        self._timer.cancel()

    def end(self) -> None:
        """Close the connection."""
        self._timer.cancel()
        self.transport.abort()

    def _look_later(self) -> asyncio.TimerHandle:
        seconds = limits.WAITING_SECONDS / _LOOKS
        return asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        # Several times, since a cell that holds the whole process up for long isn't the client's
        # fault: its request is read between one look and the next.
        self._looks += 1
        if self._looks == _LOOKS:
            self.end()
        else:
            self._timer = self._look_later()


def protocol_of(connections: Connections) -> type[asyncio.Protocol]:
    """Make uvicorn's protocol report its connections.

    Args:
        connections: Where they are counted.

    Returns:
        The class for uvicorn's configuration.
    """

    class Protocol(H11Protocol):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            # It warns of what is no HTTP and of web sockets, which any page can ask for: without
            # a handler that goes to stderr, into the cell that runs at that moment.
            self.logger = self.logger.getChild("powawidget")
            self.logger.setLevel("ERROR")

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's
            super().connection_made(transport)
            connections.opened(self._address(transport), transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.closed(self._address(self.transport))
            super().connection_lost(exc)

        def _address(self, transport: asyncio.Transport) -> Address:
            host, port, *_ = transport.get_extra_info("peername")
            return host, port

    return Protocol
