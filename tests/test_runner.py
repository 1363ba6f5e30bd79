"""Faults between the server and a run, each with what it must come to.

Whatever happens: one POST, every whole event kept, nothing left open, no task and no socket over.
"""

import asyncio
import functools
import gc
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import powawidget
from powawidget.connect import Agent, AgentInfo
from powawidget.kernel import loop
from powawidget.sse import SSEDecoder
from tests.chaos import CHUNKED, UNTIL_CLOSED, Chaos, Exchange, Script, event

KEY = "planted-key-5f1c9a7be2"
START = {"event": "start", "run_id": "run_1", "session_id": "sess_1"}
STEP = {"event": "step_started", "type": "step_started", "step": 1}
HALF = {"event": "content_delta", "type": "content_delta", "delta": "half "}
REST = {"event": "content_delta", "type": "content_delta", "delta": "rest"}
CALL = {"event": "tool_call", "step": 1, "tool_name": "t", "arguments": {}, "call_id": "c"}
ASK = {"event": "approval_requested", "tool_name": "t", "tool_input": {}, "message": ""}
DONE = {"event": "complete", "run_id": "run_1", "status": "completed", "content": "half rest"}
ERROR = {"event": "error", "message": "Too many requests", "code": "rate_limited"}
SHORT = powawidget.Timeouts(connect=5, first_byte=0.2, idle=0.2, quiet_idle=0.2)
LONG = 60.0
Serve = Callable[[Script], Chaos]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Chaos] = []

    def start(script: Script) -> Chaos:
        servers.append(Chaos(script).__enter__())
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__()


@pytest.fixture
def start() -> Iterator[Callable[..., powawidget.Run]]:
    """Start a run at a server; afterwards no task, thread or socket of it may be left."""
    threads = {thread for thread in threading.enumerate() if thread.name != "powawidget"}
    connections: list[powawidget.Powabase] = []

    def run(url: str, *, tools: bool = True, **settings: Any) -> powawidget.Run:
        connections.append(powawidget.connect(url, api_key=KEY, **settings))
        agent = Agent(connections[-1]._client, AgentInfo(id="a-1", name="A"), tools)
        return agent.run("hello")

    yield run
    for connection in connections:
        connection.close()
    while loop.run_sync(tasks()):
        pass
    gc.collect()
    fresh = {thread for thread in threading.enumerate() if thread not in threads}
    # The loop looks host names up in a thread that it keeps.
    known = {"powawidget", "chaos", "asyncio_0"}
    assert {thread.name for thread in fresh} <= known


async def tasks() -> list[asyncio.Task[Any]]:
    await asyncio.sleep(0.01)
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


def came_to(run: powawidget.Run) -> tuple[str, str, str | None]:
    """The status, the text and the error's code of a run that is over."""
    assert run.wait(LONG, display=False)._live.ended
    assert {"running", "waiting"}.isdisjoint(call.status for call in run.tool_calls)
    assert {"pending", "sending"}.isdisjoint(asked.decision for asked in run.approvals)
    json.dumps(run._live.snapshot(), ensure_ascii=False, allow_nan=False).encode()
    return run.status, run.text, run.error.code if run.error else None


def wait_for_text(run: powawidget.Run) -> None:
    """Wait until the first text has come."""
    while run.text != "half ":
        threading.Event().wait(0.01)


def test_a_whole_stream_is_completed_with_one_post(serve: Serve, start: Any) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, HALF, REST, DONE)

    server = serve(script)
    run = start(server.url)
    assert came_to(run) == ("completed", "half rest", None)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/agents/a-1/run/stream")
    assert request.json == {"message": "hello"}
    assert request.headers["apikey"] == KEY
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"


def test_a_refused_connection_has_failed_with_address_and_hint(start: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    run = start(f"http://127.0.0.1:{port}")
    assert came_to(run) == ("failed", "", "unreachable")
    assert f"127.0.0.1:{port}" in run.error.message
    assert "Check the URL" in run.error.message


def test_an_unknown_host_has_failed_and_is_named(start: Any) -> None:
    run = start("https://no-such-host.invalid")
    assert came_to(run) == ("failed", "", "unreachable")
    assert "no-such-host.invalid" in run.error.message


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\ncontent-type: text/ev"])
def test_no_answer_has_failed_after_the_limit(serve: Serve, start: Any, before: bytes) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.send(before)
        await exchange.gone()

    server = serve(script)
    run = start(server.url, timeouts=SHORT)
    assert came_to(run) == ("failed", "", "first_byte_timeout")
    assert "may have started" in run.error.hint
    assert server.left.wait(LONG)
    assert server.posts == 1


@pytest.mark.parametrize("how", ["reset", "closed"])
def test_a_connection_that_breaks_before_an_answer_is_interrupted(
    serve: Serve, start: Any, how: str
) -> None:
    async def script(exchange: Exchange) -> None:
        if how == "reset":
            exchange.reset()

    server = serve(script)
    run = start(server.url)
    assert came_to(run) == ("interrupted", "", "connection_lost")
    assert "may have started" in run.error.hint
    assert server.posts == 1


CUTS = {
    "between two events": (event(HALF),),
    "inside an event": (event(HALF), event(REST)[:-1]),
    "inside an escape": (event(HALF), b'data: {"event": "content_delta", "delta": "\\u00'),
}


@pytest.mark.parametrize("how", ["reset", "closed"])
@pytest.mark.parametrize("sent", CUTS.values(), ids=CUTS)
def test_a_cut_keeps_every_whole_event_and_no_half_one(
    serve: Serve, start: Any, sent: tuple[bytes, ...], how: str
) -> None:
    has_read = threading.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.chunk(event(START), event(CALL), *sent)
        if how == "reset":
            # A reset overtakes what the other side hasn't read yet.
            await asyncio.to_thread(has_read.wait, LONG)
            exchange.reset()

    server = serve(script)
    run = start(server.url)
    wait_for_text(run)
    has_read.set()
    assert came_to(run) == ("interrupted", "half ", "connection_lost")
    assert [call.status for call in run.tool_calls] == ["interrupted"]
    assert 'pb.run("run_1")' in run.error.hint
    assert server.posts == 1


ENDS = {
    "chunked": (CHUNKED, b"%x\r\n%s\r\n0\r\n\r\n"),
    "closed": (UNTIL_CLOSED, None),
}


@pytest.mark.parametrize(("headers", "body"), ENDS.values(), ids=ENDS)
def test_a_clean_end_without_the_terminal_event_is_interrupted(
    serve: Serve, start: Any, headers: bytes, body: bytes | None
) -> None:
    sent = event(START) + event(HALF)

    async def script(exchange: Exchange) -> None:
        await exchange.head(headers)
        await exchange.send(sent if body is None else body % (len(sent), sent))

    assert came_to(start(serve(script).url)) == ("interrupted", "half ", None)


@pytest.mark.parametrize(
    ("difference", "status"), [(50, "interrupted"), (-50, "interrupted"), (0, "completed")]
)
def test_a_wrong_content_length_never_makes_a_run_complete(
    serve: Serve, start: Any, difference: int, status: str
) -> None:
    sent = event(START) + event(HALF) + event(DONE)

    async def script(exchange: Exchange) -> None:
        length = len(sent) + difference
        kind = b"content-type: text/event-stream\r\n"
        await exchange.head(kind + b"content-length: %d\r\n" % length)
        await exchange.send(sent if difference <= 0 else sent[:-30])

    assert came_to(start(serve(script).url))[0] == status


@pytest.mark.parametrize("tools", [True, False])
def test_silence_is_interrupted_at_the_limit_of_its_kind(
    serve: Serve, start: Any, tools: bool
) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        await exchange.gone()

    server = serve(script)
    limits = {"idle": LONG, "quiet_idle": LONG, ("idle" if tools else "quiet_idle"): 1.0}
    run = start(server.url, tools=tools, timeouts=powawidget.Timeouts(**limits))
    assert came_to(run) == ("interrupted", "half ", "idle_timeout")
    assert server.left.wait(LONG)


def test_keepalives_keep_a_run_alive(serve: Serve, start: Any) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        for _ in range(40):
            await exchange.chunk(b": keepalive\n\n")
            await asyncio.sleep(0.05)
        await exchange.chunk(event(REST), event(DONE))

    run = start(serve(script).url, timeouts=powawidget.Timeouts(idle=1.5))
    assert came_to(run)[0] == "completed"


def test_a_person_may_take_time_over_an_approval(serve: Serve, start: Any) -> None:
    async def script(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            await exchange.answer("404 Not Found", b"{}")
            return
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await asyncio.sleep(1.5)
        result = {"event": "tool_result", "step": 1, "call_id": "c", "result_preview": "r"}
        await exchange.chunk(event(result), event(DONE))

    run = start(serve(script).url, timeouts=powawidget.Timeouts(idle=1.0))
    assert run._live.done.wait(LONG)
    assert run.status == "completed"
    assert [asked.decision for asked in run.approvals] == ["approved"]


def test_a_limit_for_the_whole_run_applies_though_it_is_alive(serve: Serve, start: Any) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        while True:
            await exchange.chunk(b": keepalive\n\n")
            await asyncio.sleep(0.02)

    server = serve(script)
    run = start(server.url, timeouts=powawidget.Timeouts(total=1.5))
    assert came_to(run) == ("interrupted", "half ", "total_timeout")
    assert server.left.wait(LONG)


@pytest.mark.parametrize("size", [1, 2, 7])
def test_any_split_of_the_bytes_gives_the_same_events(serve: Serve, start: Any, size: int) -> None:
    text = "naïve 語 🙂"
    told = {"event": "content_delta", "delta": text}
    raw = json.dumps(told, ensure_ascii=False).encode()
    sent = event(START) + b"data: " + raw + b"\r\n\r\n" + event({"event": "complete"})

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.chunk(*(sent[at : at + size] for at in range(0, len(sent), size)))
        await exchange.gone()

    assert came_to(start(serve(script).url)) == ("completed", text, None)


@pytest.mark.parametrize("after", [b"", b": keepalive\n\n"])
def test_a_server_that_lingers_after_the_end_is_left(
    serve: Serve, start: Any, after: bytes
) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, DONE, end=False)
        while after:
            await exchange.chunk(after)
            await asyncio.sleep(0.01)
        await exchange.gone()

    server = serve(script)
    assert came_to(start(server.url)) == ("completed", "half rest", None)
    assert server.left.wait(LONG), "the socket is closed"


@pytest.mark.parametrize("after", [b"", b": keepalive\n\n"])
def test_an_error_of_the_documented_dialect_ends_the_run_though_the_server_lingers(
    serve: Serve, start: Any, monkeypatch: pytest.MonkeyPatch, after: bytes
) -> None:
    monkeypatch.setattr("powawidget.runner.AFTER_ERROR", 0.2)

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, CALL, ERROR, end=False)
        while after:
            await exchange.chunk(after)
            await asyncio.sleep(0.01)
        await exchange.gone()

    server = serve(script)
    run = start(server.url)
    assert came_to(run) == ("failed", "half ", "rate_limited")
    with pytest.raises(powawidget.RunFailed, match="Too many requests"):
        run.result(display=False)
    assert server.left.wait(LONG)


def test_an_error_is_not_the_end_where_the_terminal_event_follows(serve: Serve, start: Any) -> None:
    failed = {"event": "complete", "status": "failed", "error": "No.", "content": "half "}

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, {"event": "error", "error": "No."}, failed)

    run = start(serve(script).url)
    assert came_to(run)[:2] == ("failed", "half ")
    assert run.error.message == "No."


@pytest.mark.parametrize("comments", [True, False])
def test_a_flood_is_folded_to_its_end(serve: Serve, start: Any, comments: bool) -> None:
    piece = b": keepalive\n\n" if comments else event({"event": "content_delta", "delta": "x"})
    end = {"event": "complete", "status": "completed"}

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.chunk(event(START), *[piece * 1000] * 50, event(end))

    run = start(serve(script).url)
    assert came_to(run) == ("completed", "" if comments else "x" * 50_000, None)


def test_a_line_without_end_is_given_up(serve: Serve, start: Any) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        await exchange.chunk(b"data: ")
        while True:
            await exchange.chunk(b"x" * 65536)

    server = serve(script)
    run = start(server.url)
    assert came_to(run) == ("interrupted", "half ", "event_too_large")
    assert "larger than" in run.error.message
    assert server.left.wait(LONG)


def test_events_in_the_same_read_as_one_that_is_too_large_are_kept(
    serve: Serve, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = functools.partial(SSEDecoder, max_event_bytes=1000)
    monkeypatch.setattr("powawidget.runner.SSEDecoder", small)

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, event(HALF) + b"data: " + b"x" * 2000, b"more")

    assert came_to(start(serve(script).url)) == ("interrupted", "half ", "event_too_large")


@pytest.mark.parametrize("when", ["connecting", "stalled", "flooded"])
def test_stop_ends_a_run_at_any_time(serve: Serve, start: Any, when: str) -> None:
    async def script(exchange: Exchange) -> None:
        if when != "connecting":
            await exchange.stream(START, CALL, HALF, end=False)
        while when == "flooded":
            await exchange.chunk(b": keepalive\n\n" * 100)
        await exchange.gone()

    server = serve(script)
    run = start(server.url)
    assert server.asked.wait(LONG)
    if when != "connecting":
        wait_for_text(run)
    run.stop()
    assert came_to(run)[0] == "stopped"
    assert server.left.wait(LONG), "the stream is closed"
    assert server.posts == 1
    with pytest.raises(powawidget.RunInterrupted):
        run.result(display=False)


def test_a_stopped_run_that_never_reached_the_server_is_stopped(serve: Serve, start: Any) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.gone()

    run = start(serve(script).url)
    run.stop()
    assert came_to(run)[0] == "stopped"


def test_many_runs_go_on_side_by_side(serve: Serve, start: Any) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, REST, DONE)

    server = serve(script)
    runs = [start(server.url) for _ in range(20)]
    assert {came_to(run) for run in runs} == {("completed", "half rest", None)}
    assert server.posts == 20


def test_a_fault_of_ours_ends_the_run_as_interrupted(
    serve: Serve, start: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("powawidget.runner.SSEDecoder.feed", broken)

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, DONE)

    run = start(serve(script).url)
    assert came_to(run)[0] == "interrupted"
    assert run.error.message == "ZeroDivisionError: ours"
    assert "powawidget failed while it read a run" in caplog.text
