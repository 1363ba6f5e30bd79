"""A proxy that ends a websocket at a message over 64 kB from the server, or when a test says so.

All else goes through as it is, so that a page sees its Jupyter at the proxy's port.
"""

import asyncio
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LOOPBACK = "127.0.0.1"
LIMIT = 64_000  # bytes: of what is called 64 kB the least
_CHUNK = 65_536
_HEAD = b"\r\n\r\n"
# Without it both sides send as it is what is to be measured.
_COMPRESSION = re.compile(rb"\r\nsec-websocket-extensions:[^\r\n]*", re.IGNORECASE)


class Frames:
    """What has gone through a proxy.

    Attributes:
        port: Where it listens.
        sizes: The size of each message that a websocket brought to a page.
        ended: The sizes of those at which a websocket was ended.
        opened: How many websockets were opened.

    Args:
        server: The port of the server behind it.
        limit: The most bytes of a message.
    """

    def __init__(self, server: int, limit: int | None = LIMIT) -> None:
        self.port = 0
        self.sizes: list[int] = []
        self.ended: list[int] = []
        self.opened = 0
        self._server = server
        self._limit = limit
        self._loop = asyncio.new_event_loop()
        self._sockets: set[asyncio.StreamWriter] = set()
        self._all: set[asyncio.StreamWriter] = set()
        self._stopping = asyncio.Event()
        self._started = threading.Event()

    def cut(self) -> None:
        """End all websockets, on both sides."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    async def _cut(self) -> None:
        for socket in tuple(self._sockets):
            socket.transport.abort()

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        listening = await asyncio.start_server(self._answer, LOOPBACK, 0)
        self.port = listening.sockets[0].getsockname()[1]
        self._started.set()
        await self._stopping.wait()
        listening.close()
        for end in tuple(self._all):
            end.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=5)

    async def _answer(self, page: asyncio.StreamReader, to_page: asyncio.StreamWriter) -> None:
        self._all.add(to_page)
        with suppress(OSError, asyncio.IncompleteReadError):
            server, to_server = await asyncio.open_connection(LOOPBACK, self._server)
            ends = (to_page, to_server)
            self._all.add(to_server)
            try:
                head = await page.readuntil(_HEAD)
                is_socket = b"\r\nupgrade: websocket" in head.lower()
                to_server.write(_COMPRESSION.sub(b"", head) if is_socket else head)
                if is_socket:
                    self.opened += 1
                    self._sockets.update(ends)
                both = (
                    _pass(page, to_server),
                    self._pass_frames(server, to_page) if is_socket else _pass(server, to_page),
                )
                tasks = [asyncio.ensure_future(each) for each in both]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            finally:
                self._sockets.difference_update(ends)
                self._all.difference_update(ends)
                for end in ends:
                    end.close()
                    with suppress(OSError):
                        await end.wait_closed()

    async def _pass_frames(
        self, server: asyncio.StreamReader, to_page: asyncio.StreamWriter
    ) -> None:
        head = await server.readuntil(_HEAD)
        to_page.write(head)
        size = 0
        while True:
            first = await server.readexactly(2)
            is_last, is_control, length = first[0] & 0x80, first[0] & 0x08, first[1] & 0x7F
            more = await server.readexactly({126: 2, 127: 8}.get(length, 0))
            payload = int.from_bytes(more) if more else length
            size += 0 if is_control else payload
            if self._limit is not None and size > self._limit:
                self.ended.append(size)
                return
            to_page.write(first + more + await server.readexactly(payload))
            await to_page.drain()
            if is_last and not is_control:
                self.sizes.append(size)
                size = 0


async def _pass(one: asyncio.StreamReader, other: asyncio.StreamWriter) -> None:
    while chunk := await one.read(_CHUNK):
        other.write(chunk)
        await other.drain()


@contextmanager
def frames(server: int, limit: int | None = LIMIT) -> Iterator[Frames]:
    """Start such a proxy in a thread of its own, and end it.

    Args:
        server: The port of the server behind it.
        limit: The most bytes of a message; None for any number.

    Yields:
        The proxy.
    """
    proxy = Frames(server, limit)
    thread = threading.Thread(target=proxy._run, name="frames", daemon=True)  # its own
    thread.start()
    assert proxy._started.wait(10)  # likewise
    try:
        yield proxy
    finally:
        proxy._loop.call_soon_threadsafe(proxy._stopping.set)  # likewise
        thread.join(10)
