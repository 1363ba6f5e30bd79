"""Which request is sent again, and after which pause (docs/protocol.md#retries)."""

import asyncio
from collections.abc import Iterator

import pytest

from powawidget.errors import ConnectionLost, RequestError
from powawidget.http.retries import Retries
from powawidget.http.timeouts import Timeouts
from powawidget.protocol import events as ev
from tests.chaos import Exchange
from tests.faults.world import DONE, HALF, START, World

DEFAULT = (3.0, 6.0, 12.0, 30.0)


def refused(retry_after: float | None = None, *, temporary: bool = True) -> RequestError:
    return RequestError("No.", status=429, temporary=temporary, retry_after=retry_after)


def lost(*, temporary: bool) -> ConnectionLost:
    return ConnectionLost("No.", maybe_accepted=not temporary, temporary=temporary)


def test_a_refusal_for_now_is_waited_for_in_growing_jittered_pauses() -> None:
    retries = Retries(Timeouts())
    pauses = [retries.after(refused()) for _ in DEFAULT]
    assert [pause and pause.attempt for pause in pauses] == [2, 3, 4, 5]
    for pause, least in zip(pauses, DEFAULT, strict=True):
        assert pause is not None
        assert least <= pause.seconds <= least * 1.25
    assert retries.after(refused()) is None
    assert retries.tries == 5


@pytest.mark.parametrize("asked", [1.0, 59.0, 60.0])
def test_the_server_is_never_asked_before_it_wants_to_be(asked: float) -> None:
    pause = Retries(Timeouts()).after(refused(asked))
    assert pause is not None
    assert asked <= pause.seconds <= asked * 1.25


def test_a_longer_wait_than_the_limit_is_none() -> None:
    assert Retries(Timeouts()).after(refused(60.1)) is None


def test_connecting_is_tried_again_for_a_few_seconds() -> None:
    retries = Retries(Timeouts())
    pauses = [retries.after(lost(temporary=True)) for _ in range(4)]
    assert pauses[-1] is None
    assert sum(pause.seconds for pause in pauses if pause) < 5


@pytest.mark.parametrize("error", [refused(temporary=False), lost(temporary=False)])
def test_what_may_have_started_a_run_is_never_sent_again(
    error: RequestError | ConnectionLost,
) -> None:
    assert Retries(Timeouts()).after(error) is None


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def test_who_reads_events_is_told_of_the_pauses(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        if server.posts < 3:
            await exchange.answer_json({"error": "Slow down"}, "429 Too Many")
        else:
            await exchange.stream(START, HALF, DONE)

    async def kinds() -> list[type]:
        return [type(event) async for event in agent.stream("hello")]

    server = world.serve(script)
    agent = world.agent(server.url)
    assert asyncio.run(kinds()) == [
        ev.Waiting,
        ev.Waiting,
        ev.Started,
        ev.TextDelta,
        ev.Completed,
    ]
    assert server.posts == 3
