"""A server on loopback that answers with exactly the bytes a test wants, well or badly.

It speaks raw HTTP, so that it can cut, stall, split, reset and flood; it keeps every request, and
knows when the client has closed its side. It runs in a thread and on a loop of its own.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, Self

WATCHDOG = 60
CHUNKED = b"content-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n"
UNTIL_CLOSED = b"content-type: text/event-stream\r\nconnection: close\r\n"


class Request(NamedTuple):
    """What the client sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class Exchange:
    """One request and the raw bytes that answer it."""

    def __init__(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.request = request
        self.told: list[Any] = []
        self._reader = reader
        self._writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Write raw bytes, each piece for itself."""
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            await asyncio.sleep(0)

    async def head(self, headers: bytes = CHUNKED, status: str = "200 OK") -> None:
        """Write a status line and headers."""
        await self.send(f"HTTP/1.1 {status}\r\n".encode() + headers + b"\r\n")

    async def chunk(self, *pieces: bytes) -> None:
        """Write pieces of a chunked body."""
        await self.send(*(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces))

    async def answer(self, status: str, body: bytes, headers: bytes = b"") -> None:
        """Write a whole answer."""
        await self.head(headers + b"content-length: %d\r\n" % len(body), status)
        await self.send(body)

    async def answer_json(
        self, value: object, status: str = "200 OK", headers: bytes = b""
    ) -> None:
        """Write a whole answer of JSON."""
        body = json.dumps(value).encode()
        await self.answer(status, body, headers + b"content-type: application/json\r\n")

    async def tell(self, *frames: object) -> None:
        """Write events in chunks of their own, and note each that is written."""
        for frame in frames:
            # Noted first: after the terminal event the client is gone in a moment.
            self.told.append(frame)
            await self.chunk(event(frame))

    async def stream(self, *frames: object, end: bool = True) -> None:
        """Write an event stream."""
        await self.head()
        await self.tell(*frames)
        if end:
            await self.send(b"0\r\n\r\n")

    async def gone(self) -> None:
        """Wait until the client has closed its side."""
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(65536):
                pass

    def reset(self) -> None:
        """Break the connection off with a reset."""
        raw: socket.socket = self._writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Script = Callable[[Exchange], Awaitable[None]]


def event(frame: object) -> bytes:
    """Write a frame as the service does; bytes stay as they are."""
    if isinstance(frame, bytes):
        return frame
    return b"data: " + json.dumps(frame).encode() + b"\n\n"


class Chaos:
    """The server, for as long as it is entered.

    Args:
        script: Answers each request. When it returns, the connection is closed.
        port: Where it listens; 0 for any that is free.
    """

    def __init__(self, script: Script, port: int = 0) -> None:
        self.port = port
        self.requests: list[Request] = []
        self.exchanges: list[Exchange] = []
        self.open = 0
        self.asked = threading.Event()
        self.left = threading.Event()
        self._script = script
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="chaos")
        self._failures: list[BaseException] = []

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def posts(self) -> int:
        """How many requests wanted to start something."""
        return sum(request.method == "POST" for request in self.requests)

    @property
    def told(self) -> list[Any]:
        """The frames that were written to their end, in order."""
        return [frame for exchange in self.exchanges for frame in exchange.told]

    def wait_until_left(self) -> None:
        """Wait until no connection is open any more."""
        end = time.monotonic() + WATCHDOG
        while self.open:
            assert time.monotonic() < end, f"{self.open} connections are still open"
            time.sleep(0.005)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        if self._failures:
            raise self._failures[0]

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _stop(self) -> None:
        self._server.close()
        # A connection that was accepted this moment gets its transport first: a task that is
        # cancelled before its first step closes no socket.
        await asyncio.sleep(0)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            request = await _request(reader)
            if request is not None:
                exchange = Exchange(request, reader, writer)
                self.exchanges.append(exchange)
                self.requests.append(request)
                self.asked.set()
                await self._script(exchange)
                self.left.set()
        except (ConnectionError, asyncio.CancelledError):
            self.left.set()
        except Exception as failure:  # noqa: BLE001  # raised where the test leaves the server
            self._failures.append(failure)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            self.open -= 1


def at_paths(**scripts: Script) -> Script:
    """Answer by what is asked for: `run` starts a run, `look` looks one up; else it is unknown."""

    async def script(exchange: Exchange) -> None:
        request = exchange.request
        starts = request.path.endswith("/run/stream")
        looks = request.method == "GET" and "/runs/" in request.path
        chosen = scripts.get("run" if starts else "look" if looks else "other")
        if chosen is None:
            await exchange.answer_json({"error": "Run not found"}, "404 Not Found")
        else:
            await chosen(exchange)

    return script


async def _request(reader: asyncio.StreamReader) -> Request | None:
    """Read a request; None where the client left before it was whole."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, path, _version = first.split(" ")
        named = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in named}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except asyncio.IncompleteReadError:
        return None
    return Request(method, path, headers, body)
