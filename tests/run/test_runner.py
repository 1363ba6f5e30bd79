"""A run's task: it reads to the end, stops when it is told to, and always ends in a state."""

import asyncio
from collections.abc import Iterator

import pytest

import powawidget
from powawidget.kernel import loop
from powawidget.protocol import events as ev
from powawidget.resources.connect import Agent
from powawidget.run.plan import Plan
from powawidget.run.sources import RecordedSource
from powawidget.run.task import RunTask
from tests.chaos import WATCHDOG, Exchange, at_paths
from tests.faults.world import (
    CALL,
    DONE,
    HALF,
    REST,
    START,
    STEP,
    World,
    came_to,
    delivered,
    until,
)
from tests.planted import KEY, MESSAGE

ERROR = {"event": "error", "message": "Too many requests", "code": "rate_limited"}


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def test_a_whole_stream_is_completed_with_one_post(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, HALF, REST, DONE)

    server = world.serve(script)
    run = world.run(server)
    assert came_to(run) == ("completed", "half rest", None)
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", "/api/agents/a-1/run/stream")
    assert request.json == {"message": MESSAGE}
    assert request.headers["apikey"] == KEY
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["accept-encoding"] == "identity"
    assert delivered(run) == server.told


@pytest.mark.parametrize("after", [b"", b": keepalive\n\n"])
def test_an_error_of_the_documented_dialect_ends_the_run_though_the_server_lingers(
    world: World, after: bytes
) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, CALL, ERROR, end=False)
        while after:
            await exchange.chunk(after)
            await asyncio.sleep(0.01)
        await exchange.gone()

    server = world.serve(script)
    run = world.run(server, after_error=0.2)
    assert came_to(run) == ("failed", "half ", "rate_limited")
    with pytest.raises(powawidget.RunFailed, match="Too many requests"):
        run.result(display=False)
    server.wait_until_left()


async def read_all(agent: Agent) -> list[ev.Event]:
    return [event async for event in agent.stream("hello")]


@pytest.mark.parametrize("after", [b"", b": keepalive\n\n"])
def test_who_only_reads_events_waits_no_longer_after_an_error(world: World, after: bytes) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, ERROR, end=False)
        while after:
            await exchange.chunk(after)
            await asyncio.sleep(0.01)
        await exchange.gone()

    server = world.serve(script)
    events = loop.run_sync(read_all(world.agent(server.url, after_error=0.2)))
    assert isinstance(events[-1], ev.Errored)
    server.wait_until_left()


def test_after_an_error_of_the_engine_it_may_go_on_however_long_it_takes(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, {**ERROR, "seq": 3}, end=False)
        await asyncio.sleep(0.3)
        await exchange.tell(DONE)

    server = world.serve(at_paths(run=script))
    agent = world.agent(server.url, after_error=0.05)
    assert isinstance(loop.run_sync(read_all(agent))[-1], ev.Completed)
    assert came_to(world.run(server, after_error=0.05))[0] == "completed"


def test_an_error_is_not_the_end_where_the_terminal_event_follows(world: World) -> None:
    failed = {"event": "complete", "status": "failed", "error": "No.", "content": "half "}

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, {"event": "error", "error": "No."}, failed)

    run = world.run(world.serve(script))
    assert came_to(run)[:2] == ("failed", "half ")
    assert run.error is not None
    assert run.error.message == "No."


@pytest.mark.parametrize("when", ["connecting", "stalled", "flooded"])
def test_stop_ends_a_run_at_any_time(world: World, when: str) -> None:
    async def script(exchange: Exchange) -> None:
        if when != "connecting":
            await exchange.stream(START, CALL, HALF, end=False)
        while when == "flooded":
            await exchange.chunk(b": keepalive\n\n" * 100)
        await exchange.gone()

    server = world.serve(at_paths(run=script))
    run = world.run(server)
    assert server.asked.wait(WATCHDOG)
    if when != "connecting":
        until(lambda: run.text == "half ", "the first text")
    run.stop()
    assert came_to(run)[0] == "stopped"
    server.wait_until_left()
    assert server.posts == 1
    with pytest.raises(powawidget.RunInterrupted):
        run.result(display=False)


def test_a_stopped_run_that_never_reached_the_server_is_stopped(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.gone()

    run = world.run(world.serve(script))
    run.stop()
    assert came_to(run)[0] == "stopped"


def test_many_runs_go_on_side_by_side(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, REST, DONE)

    server = world.serve(script)
    runs = [world.run(server) for _ in range(20)]
    assert {came_to(run) for run in runs} == {("completed", "half rest", None)}
    assert server.posts == 20


class Broken(RecordedSource):
    """A source of which nobody can tell how often it is tried."""

    @property
    def timeouts(self) -> powawidget.Timeouts:  # type: ignore[override]  # a property there
        raise ZeroDivisionError("ours")


def test_a_run_that_cannot_even_begin_is_over() -> None:
    run = powawidget.Run(RunTask(Plan(source=Broken((), None)))).start()
    assert run._live.done.wait(WATCHDOG)
    assert run.status == "interrupted"
    run.close()


def test_a_fault_of_ours_ends_the_run_as_interrupted(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("powawidget.run.reading.SSEDecoder.feed", broken)

    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, DONE)

    run = world.run(world.serve(script))
    assert came_to(run)[0] == "interrupted"
    assert run.error is not None
    assert run.error.message == "ZeroDivisionError: ours"
    assert "powawidget failed while it read a run" in caplog.text
