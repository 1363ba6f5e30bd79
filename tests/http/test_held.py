"""A request whose last byte is held back until something durable says that it will be sent."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from powawidget.errors import ConnectionLost, FileError, PowawidgetError, RequestError
from powawidget.http.client import Client
from powawidget.http.secret import Secret
from powawidget.http.timeouts import Timeouts
from tests.chaos import CHUNKED, Chaos, Exchange
from tests.planted import KEY, leaks, rendered

BODY = {"message": "né\u2028 ok", "n": 2**60}
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Wire:
    """A server of raw bytes, which notes what has come."""

    def __init__(self, peer: "Callable[[Wire], Awaitable[None]]") -> None:
        self.come = b""
        self.writer: asyncio.StreamWriter
        self._peer = peer

    @property
    def body(self) -> bytes:
        """What has come of the body."""
        return self.come.partition(b"\r\n\r\n")[2]

    @property
    def length(self) -> int:
        """How long the body is to be."""
        head = self.come.lower().partition(b"content-length:")[2]
        return int(head.split(b"\r\n")[0] or -1)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read what comes, beside what the peer does."""
        self.writer = writer
        work = asyncio.ensure_future(self._peer(self))
        try:
            while data := await reader.read(65536):
                self.come += data
        except ConnectionError:
            pass
        work.cancel()
        writer.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds."""
        while not condition():  # noqa: ASYNC110  # what is waited for comes from a socket
            await asyncio.sleep(0.005)


def post(
    peer: Callable[[Wire], Awaitable[None]],
    mark: Callable[[Wire], Awaitable[None]],
    **limits: Any,
) -> tuple[Wire, bytes | BaseException]:
    """Post with a mark; gives what came of it."""

    async def run() -> tuple[Wire, bytes | BaseException]:
        wire = Wire(peer)
        server = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        limits_of = Timeouts(**{"first_byte": 30.0, **limits})
        client = Client(f"http://127.0.0.1:{port}", Secret(KEY), timeouts=limits_of)
        result: bytes | BaseException
        try:
            async with client.stream("/run", BODY, before_last_byte=lambda: mark(wire)) as chunks:
                result = b"".join([chunk async for chunk in chunks])
        except PowawidgetError as error:
            result = error
        server.close()
        await server.wait_closed()
        return wire, result

    return asyncio.run(asyncio.wait_for(run(), 60))


async def answers(wire: Wire) -> None:
    """Answer once the request is whole."""
    await wire.until(lambda: wire.length >= 0 and len(wire.body) == wire.length)
    wire.writer.write(b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n2\r\nok\r\n0\r\n\r\n")


async def nothing(_: Wire) -> None:
    """Do nothing."""


def test_all_but_one_byte_is_there_before_the_mark_and_all_of_it_after() -> None:
    seen: list[int] = []

    async def mark(wire: Wire) -> None:
        await wire.until(lambda: wire.length >= 0 and len(wire.body) == wire.length - 1)
        await asyncio.sleep(0.05)
        seen.append(wire.length - len(wire.body))

    wire, result = post(answers, mark)
    assert result == b"ok"
    assert seen == [1]
    assert json.loads(wire.body) == BODY
    assert b"transfer-encoding" not in wire.come.lower()
    assert wire.come.lower().count(b"content-length:") == 1
    assert b"content-type: application/json" in wire.come.lower()


def test_where_the_mark_fails_the_last_byte_is_never_sent() -> None:
    async def mark(wire: Wire) -> None:
        await wire.until(lambda: bool(wire.body))
        raise FileError("The disk is full.")

    wire, result = post(answers, mark)
    assert isinstance(result, FileError)
    assert str(result) == "The disk is full."
    assert len(wire.body) == wire.length - 1
    assert not leaks(rendered(result))


@pytest.mark.parametrize("when", ["the head has come", "the body has come"])
def test_a_connection_that_breaks_before_the_mark_was_never_whole(when: str) -> None:
    async def breaks(wire: Wire) -> None:
        await wire.until(lambda: bool(wire.come if when == "the head has come" else wire.body))
        wire.writer.transport.abort()

    async def mark(wire: Wire) -> None:
        # The client hears of it only when it writes.
        await wire.until(wire.writer.transport.is_closing)
        raise FileError("not reached")

    _, result = post(breaks, mark)
    assert isinstance(result, FileError | ConnectionLost)
    if isinstance(result, ConnectionLost):
        assert not result.maybe_accepted


def test_a_time_limit_before_the_mark_was_never_whole() -> None:
    async def mark(_: Wire) -> None:
        await asyncio.sleep(30)

    wire, result = post(nothing, mark, first_byte=0.3)
    assert isinstance(result, ConnectionLost)
    assert not result.maybe_accepted
    assert result.temporary
    assert len(wire.body) == wire.length - 1
    assert not leaks(rendered(result))


@pytest.mark.parametrize("way", ["time", "reset"])
def test_after_the_mark_it_may_have_been_accepted(way: str) -> None:
    async def peer(wire: Wire) -> None:
        await wire.until(lambda: wire.length >= 0 and len(wire.body) == wire.length)
        if way == "reset":
            wire.writer.transport.abort()

    _, result = post(peer, nothing, first_byte=0.5 if way == "time" else 30.0)
    assert isinstance(result, ConnectionLost)
    assert result.maybe_accepted


def test_a_server_that_refuses_before_the_end_is_heard() -> None:
    async def refuses(wire: Wire) -> None:
        await wire.until(lambda: bool(wire.body))
        wire.writer.write(b"HTTP/1.1 429 Slow\r\ncontent-length: 2\r\n\r\n{}")
        await wire.writer.drain()

    async def mark(_: Wire) -> None:
        await asyncio.sleep(0.2)

    _, result = post(refuses, mark)
    assert isinstance(result, RequestError)
    assert (result.status, result.temporary) == (429, True)


def test_a_redirect_at_the_same_server_is_marked_again_and_whole() -> None:
    marks = 0

    async def script(exchange: Exchange) -> None:
        if exchange.request.path == "/run":
            await exchange.answer("307 There", b"", b"location: /there\r\n")
        else:
            await exchange.stream({"a": 1})

    async def mark() -> None:
        nonlocal marks
        marks += 1

    async def run(url: str) -> bytes:
        client = Client(url, Secret(KEY))
        async with client.stream("/run", BODY, before_last_byte=mark) as chunks:
            return b"".join([chunk async for chunk in chunks])

    with Chaos(script) as server:
        assert b'"a": 1' in asyncio.run(run(server.url))
        assert [request.json for request in server.requests] == [BODY, BODY]
    assert marks == 2


def test_localhost_is_reached_with_a_body_that_is_held() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream({"a": 1})

    async def mark() -> None:
        """Hold nothing up."""

    async def run(port: int) -> bytes:
        client = Client(f"http://localhost:{port}", Secret(KEY))
        async with client.stream("/run", BODY, before_last_byte=mark) as chunks:
            return b"".join([chunk async for chunk in chunks])

    with Chaos(script) as server:
        assert b'"a": 1' in asyncio.run(run(server.port))
        assert server.requests[0].json == BODY


def test_a_connection_that_is_refused_was_marked_by_nobody() -> None:
    async def mark() -> None:
        raise AssertionError("nothing was sent yet")

    async def run(url: str) -> None:
        async with Client(url, Secret(KEY)).stream("/run", BODY, before_last_byte=mark):
            pass

    with Chaos(nothing) as server:  # type: ignore[arg-type]  # never called
        url = server.url
    with pytest.raises(ConnectionLost) as lost:
        asyncio.run(run(url))
    assert not lost.value.maybe_accepted
    assert lost.value.code == "unreachable"
