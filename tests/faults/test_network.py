"""Rows N1 to N15: what the network does to a run, and what it must come to."""

import asyncio
import json
import socket
import threading

import pytest

import powawidget
from powawidget.live import run as live_run
from tests.chaos import CHUNKED, UNTIL_CLOSED, WATCHDOG, Exchange, at_paths, event
from tests.faults.world import (
    ASK,
    CALL,
    CUT_WITH_TOOLS,
    DONE,
    HALF,
    REST,
    RESULT,
    START,
    STEP,
    STORED,
    World,
    act,
    came_to,
    delivered,
    notices,
    quiet,
    seen,
    until,
    waits,
)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def test_n1_a_refused_connection_has_failed_with_address_and_hint(world: World) -> None:
    port = free_port()
    run = world.run(f"http://127.0.0.1:{port}")
    assert came_to(run) == ("failed", "", "unreachable")
    assert f"127.0.0.1:{port}" in run.error.message
    assert "Check the URL" in run.error.message
    assert run.error.hint == "It was tried 3 times."
    assert [(wait.purpose, wait.attempt) for wait in waits(run)] == [("retry", 2), ("retry", 3)]
    assert seen(run) == [
        ("reconnecting", "retry"),
        ("connecting", None),
        ("reconnecting", "retry"),
        ("connecting", None),
        ("failed", None),
    ]


def test_n1_connecting_is_tried_again_until_the_server_is_there(world: World) -> None:
    port = free_port()
    run = world.run(f"http://127.0.0.1:{port}", reconnect=(0.01,) * 500)
    until(lambda: run.status == "reconnecting", "a pause")

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, REST, DONE)

    server = world.serve(script, port)
    assert came_to(run) == ("completed", "half rest", None)
    assert server.posts == 1


def test_n2_an_unknown_host_has_failed_and_is_named(world: World) -> None:
    run = world.run("https://no-such-host.invalid")
    assert came_to(run)[:2] == ("failed", "")
    assert run.error.code in {"unknown_host", "unreachable"}  # a machine without any network
    assert "no-such-host.invalid" in run.error.message


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\ncontent-type: text/ev"])
def test_n3_n5_no_answer_has_failed_at_the_limit(world: World, before: bytes) -> None:
    """N3: accepted, then no byte. N5: a status line, then a stall."""

    async def script(exchange: Exchange) -> None:
        await exchange.send(before)
        await exchange.gone()

    server = world.serve(script)
    run = world.run(server, first_byte=1.5)
    assert came_to(run) == ("failed", "", "first_byte_timeout")
    assert "may have started" in run.error.hint
    assert server.posts == 1


@pytest.mark.parametrize("how", ["reset", "closed"])
def test_n4_a_reset_before_any_response_is_interrupted_and_not_run_again(
    world: World, how: str
) -> None:
    async def script(exchange: Exchange) -> None:
        if how == "reset":
            exchange.reset()

    server = world.serve(script)
    run = world.run(server)
    assert came_to(run) == ("interrupted", "", "connection_lost")
    assert "may have started" in run.error.hint
    assert "wasn't sent again" in run.error.hint
    assert "agent.sessions()" in run.error.hint
    assert [request.method for request in server.requests] == ["POST"]


CUTS = {
    "n6 between two events": b"",
    "n7 inside an event": event(REST)[:-1],
    "n7 inside an escape": b'data: {"event": "content_delta", "delta": "\\u00',
    "n7 inside the first byte": b"d",
}


@pytest.mark.parametrize("how", ["reset", "closed"])
@pytest.mark.parametrize("half", CUTS.values(), ids=CUTS)
def test_n6_n7_a_cut_keeps_every_whole_event_and_the_stored_run_takes_over(
    world: World, half: bytes, how: str
) -> None:
    has_read = threading.Event()

    async def cut(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        await exchange.chunk(*([half] if half else []))
        if how == "reset":
            # A reset overtakes what the other side hasn't read yet.
            await asyncio.to_thread(has_read.wait, WATCHDOG)
            exchange.reset()

    async def look(exchange: Exchange) -> None:
        at_work = sum(request.method == "GET" for request in server.requests) < 3
        status = {"status": "running", "content": ""} if at_work else {}
        await exchange.answer_json({**STORED, **status})

    server = world.serve(at_paths(run=cut, look=look))
    run = world.run(server, tools=False)
    until(lambda: run.text == "half ", "the first text")
    has_read.set()
    assert came_to(run) == ("completed", "half rest", None)
    assert delivered(run) == server.told == [START, HALF]
    assert run._live.state.restored
    assert "as the server has stored it" in notices(run)[-1]
    assert run.result(display=False).text == "half rest"
    assert seen(run) == [
        ("running", None),
        ("interrupted", None),
        ("interrupted", "look_up"),
        ("interrupted", None),
        ("completed", None),
    ]
    assert [wait.attempt for wait in waits(run)] == [1, 2, 3]
    assert server.posts == 1


def test_n6_with_tools_the_run_stays_interrupted_and_says_what_the_server_did(
    world: World,
) -> None:
    async def cut(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, HALF, CALL, end=False)

    async def look(exchange: Exchange) -> None:
        await exchange.answer_json(CUT_WITH_TOOLS)

    server = world.serve(at_paths(run=cut, look=look))
    run = world.run(server)
    assert came_to(run) == ("interrupted", "half ", "connection_lost")
    assert delivered(run) == server.told == [START, STEP, HALF, CALL]
    assert [call.status for call in run.tool_calls] == ["interrupted"]
    assert "failed: Client disconnected" in notices(run)[-1]
    assert 'pb.get_run("run_1")' in run.error.hint
    with pytest.raises(powawidget.RunInterrupted):
        run.result(display=False)
    assert server.posts == 1


ENDS = {
    "n8 chunked": (CHUNKED, b"%x\r\n%s\r\n0\r\n\r\n"),
    "n9 closed": (UNTIL_CLOSED, None),
}


@pytest.mark.parametrize(("headers", "body"), ENDS.values(), ids=ENDS)
def test_n8_n9_a_clean_end_without_the_terminal_event_is_never_done(
    world: World, headers: bytes, body: bytes | None
) -> None:
    """N9: httpx raises nothing where the connection's end is the body's."""
    sent = event(START) + event(HALF)

    async def cut(exchange: Exchange) -> None:
        await exchange.head(headers)
        await exchange.send(sent if body is None else body % (len(sent), sent))

    server = world.serve(at_paths(run=cut))
    run = world.run(server)
    assert came_to(run) == ("interrupted", "half ", None)
    assert delivered(run) == [START, HALF]
    assert notices(run) == ["The server has stored no run run_1."]
    assert server.posts == 1


LENGTHS = {"too long": (50, "interrupted"), "too short": (-50, "interrupted")}


@pytest.mark.parametrize(("difference", "status"), LENGTHS.values(), ids=LENGTHS)
def test_n10_a_wrong_content_length_never_makes_a_run_complete(
    world: World, difference: int, status: str
) -> None:
    sent = event(START) + event(HALF) + event(DONE)

    async def cut(exchange: Exchange) -> None:
        kind = b"content-type: text/event-stream\r\n"
        await exchange.head(kind + b"content-length: %d\r\n" % (len(sent) + difference))
        await exchange.send(sent if difference < 0 else sent[:-30])

    server = world.serve(at_paths(run=cut))
    run = world.run(server)
    assert came_to(run)[:2] == (status, "half ")
    assert delivered(run) == [START, HALF]
    assert server.posts == 1


def test_n10_extra_bytes_are_ignored(world: World) -> None:
    sent = event(START) + event(HALF) + event(DONE)

    async def script(exchange: Exchange) -> None:
        kind = b"content-type: text/event-stream\r\n"
        await exchange.head(kind + b"content-length: %d\r\n" % len(sent))
        await exchange.send(sent + event(REST))

    run = world.run(world.serve(script))
    assert came_to(run) == ("completed", "half rest", None)
    assert delivered(run) == [START, HALF, DONE]


@pytest.mark.parametrize("tools", [True, False, None])
def test_n11_silence_is_interrupted_at_the_limit_of_its_kind(
    world: World, tools: bool | None
) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        await exchange.gone()

    server = world.serve(at_paths(run=stall))
    limit = "idle" if tools else "quiet_idle"  # where it isn't known there may be no keepalives
    run = world.run(server, tools=tools, **{limit: 1.5})
    assert came_to(run) == ("interrupted", "half ", "idle_timeout")
    assert "No data for 1.5 s" in run.error.message
    assert delivered(run) == server.told


def test_n11_the_seconds_of_silence_are_told_and_end_with_it(world: World) -> None:
    go = threading.Event()

    async def stall(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        await asyncio.to_thread(go.wait, WATCHDOG)

    async def look(exchange: Exchange) -> None:
        await exchange.answer_json({**STORED, "status": "running"})

    run = world.run(world.serve(at_paths(run=stall, look=look)), tools=False, look_up_total=60)
    until(lambda: run.text == "half ", "the first text")
    before = quiet(run)
    until(lambda: quiet(run) > before + 0.05, "silence that grows")
    go.set()
    until(lambda: run._live.state.wait, "a look at the stored run")
    assert quiet(run) < 0.01, "the server is asked; it isn't silent"
    assert act(run, "give_up") is None
    assert came_to(run)[0] == "interrupted"
    assert quiet(run) < 0.01


def test_n11_a_person_may_take_time_over_an_approval(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await asyncio.sleep(4.0)
        await exchange.tell(RESULT, DONE)

    server = world.serve(at_paths(run=script))
    run = world.run(server, idle=2.0)
    assert came_to(run)[0] == "completed"
    assert [asked.decision for asked in run.approvals] == ["approved"]
    assert delivered(run) == server.told


def test_n11_a_dead_line_is_noticed_once_nobody_can_decide_any_more(world: World) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await exchange.gone()

    async def hooks(exchange: Exchange) -> None:
        config = {"timeout": 1}
        hook = {"type": "approval", "event": "PreToolUse", "matcher": "t", "config": config}
        await exchange.answer_json({"hooks": [hook]})

    run = world.run(world.serve(at_paths(run=stall, other=hooks, look=hooks)), idle=1.0)
    assert came_to(run)[::2] == ("interrupted", "idle_timeout")
    assert [asked.decision for asked in run.approvals] == ["undecided"]


def test_n11_after_a_decision_silence_is_limited_again(world: World) -> None:
    async def stall(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await exchange.gone()

    async def decide(exchange: Exchange) -> None:
        if exchange.request.method == "POST":
            await exchange.answer_json({"status": "resumed"})
        else:
            await exchange.answer_json({}, "404 Not Found")

    run = world.run(world.serve(at_paths(run=stall, other=decide, look=decide)), idle=1.0)
    until(lambda: run.status == "waiting", "the request")
    run.approve()
    assert came_to(run)[::2] == ("interrupted", "idle_timeout")


def test_n12_keepalives_keep_a_run_alive_and_stop_works(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        while True:
            await exchange.chunk(b": keepalive\n\n")
            await asyncio.sleep(0.05)

    server = world.serve(at_paths(run=script))
    run = world.run(server, idle=3.0)
    until(lambda: run.text == "half ", "the first text")
    until(lambda: quiet(run) > 4.0, "time since the last event")
    assert run.status == "running"
    assert run._live.is_kept_alive
    assert run.stop().wait(display=False).status == "stopped"
    assert not run._live.is_kept_alive
    assert came_to(run)[:2] == ("stopped", "half ")
    assert server.posts == 1


def test_n19_only_keepalives_are_told_from_silence(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        while not go.is_set():
            await exchange.chunk(b": keepalive\n\n")
            await asyncio.sleep(0.05)
        await exchange.tell(REST)
        await exchange.gone()

    run = world.run(world.serve(at_paths(run=script)))
    until(lambda: run.text == "half ", "the first text")
    assert not run._live.is_kept_alive, "an event has just come"
    until(lambda: run._live.is_kept_alive, "keepalives alone")
    go.set()
    until(lambda: run.text == "half rest", "an event")
    assert not run._live.is_kept_alive
    # Silence after a keepalive: it stays so until the next one is overdue.
    run._live.note_read()
    monkeypatch.setattr(live_run, "_SAME_READ", -1.0)
    assert run._live.is_kept_alive
    monkeypatch.setattr(live_run, "_KEPT_ALIVE", 0.0)
    assert not run._live.is_kept_alive
    run.stop()


def test_n12_a_limit_for_the_whole_run_applies_though_it_is_alive(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)
        while True:
            await exchange.chunk(b": keepalive\n\n")
            await asyncio.sleep(0.02)

    server = world.serve(script)
    run = world.run(server, total=1.0)
    assert came_to(run) == ("interrupted", "half ", "total_timeout")
    assert len(server.requests) == 1, "who set the limit doesn't want to wait for more"


def test_n13_one_byte_at_a_time_gives_the_same_events(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.head()
        for frame in (START, HALF, REST, DONE):
            exchange.told.append(frame)
            for byte in event(frame):
                await exchange.chunk(bytes([byte]))
                await asyncio.sleep(0.001)

    server = world.serve(script)
    run = world.run(server)
    assert came_to(run) == ("completed", "half rest", None)
    assert delivered(run) == server.told


@pytest.mark.parametrize("after", [b"", b": keepalive\n\n"])
def test_n14_a_server_that_lingers_after_the_terminal_event_is_left(
    world: World, after: bytes
) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, DONE, end=False)
        while after:
            await exchange.chunk(after)
            await asyncio.sleep(0.01)
        await exchange.gone()

    server = world.serve(script)
    run = world.run(server)
    assert came_to(run) == ("completed", "half rest", None)
    assert delivered(run) == server.told
    server.wait_until_left()


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_n15_any_split_gives_the_same_events(world: World, size: int, end: bytes) -> None:
    told = {"event": "content_delta", "delta": "naïve 語 🙂"}
    raw = json.dumps(told, ensure_ascii=False).encode()
    last = json.dumps({"event": "complete"}).encode()
    sent = event(START) + b"data: " + raw + end + b"data: " + last + end

    async def script(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.chunk(*(sent[at : at + size] for at in range(0, len(sent), size)))
        await exchange.gone()

    run = world.run(world.serve(script))
    assert came_to(run) == ("completed", "naïve 語 🙂", None)
    assert delivered(run) == [START, told, {"event": "complete"}]
