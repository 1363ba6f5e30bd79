"""Limits of time: what they may be, and that None is no limit wherever it may stand."""

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pytest

import powawidget
from powawidget import Timeouts
from powawidget.errors import ConfigurationError, RequestError
from powawidget.http.retries import Retries
from tests.chaos import Exchange, at_paths
from tests.faults.world import DONE, HALF, START, STORED, World, came_to, waits

FIELDS = {field.name: field.default for field in msgspec.structs.fields(Timeouts)}
PAUSES = [name for name, value in FIELDS.items() if isinstance(value, tuple)]
LIMITS = [name for name in FIELDS if name not in PAUSES]
UNLIMITED: dict[str, Any] = dict.fromkeys(LIMITS)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def test_a_workflow_waits_longer_for_its_turn_unless_other_pauses_are_set() -> None:
    refused = RequestError("Rate limit exceeded.", status=429, temporary=True)

    def pauses(limits: Timeouts) -> list[float]:
        retries = Retries(limits)
        waited = iter(lambda: retries.after(refused), None)
        return [pause.seconds for pause in waited if pause is not None]

    usual = (3.0, 6.0, 12.0, 30.0)
    for limits, expected in (
        (Timeouts(), usual),
        (Timeouts().for_executions(), (*usual, 30.0, 30.0)),
        (Timeouts(retry=()).for_executions(), ()),
        (Timeouts(retry=(1.0,)).for_executions(), (1.0,)),
    ):
        found = pauses(limits)
        assert len(found) == len(expected)
        assert all(a <= b <= a * 1.25 for a, b in zip(expected, found, strict=True))


def test_each_kind_of_run_has_its_pauses() -> None:
    with powawidget.connect("local") as pb:
        runs = [pb.workflow("Weekly report").run(week=40), pb.agent("Writer").run("Tea")]
        assert [len(run._task.plan.source.timeouts.retry) for run in runs] == [6, 4]
        for run in runs:
            run.wait(display=False)


@pytest.mark.parametrize(
    "wrong", [-1, "5", True, np.bool_(True), float("nan"), float("inf"), (1.0,)]
)
@pytest.mark.parametrize("name", LIMITS)
def test_what_is_no_time_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name} takes seconds .* None for no limit"):
        Timeouts(**{name: wrong})


@pytest.mark.parametrize("value", [np.int64(5), np.float32(0.5)])
def test_a_time_may_be_a_number_of_a_table(value: Any) -> None:
    assert Timeouts(connect=value, look_up=(value,)).connect == value


@pytest.mark.parametrize("name", ["connect", "first_byte", "idle", "quiet_idle", "total"])
def test_no_time_at_all_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} takes seconds above 0"):
        Timeouts(**{name: 0})  # type: ignore[arg-type]  # each is a limit


@pytest.mark.parametrize("wrong", [None, 5, "5", [1.0], (-1.0,), (None,), ("1",)])
@pytest.mark.parametrize("name", PAUSES)
def test_what_are_no_pauses_is_refused(name: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} takes a tuple of pauses"):
        Timeouts(**{name: wrong})


@pytest.mark.parametrize("wrong", [{"connect": 5}, 5])
def test_limits_of_another_form_are_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"timeouts takes powawidget\.Timeouts\("):
        powawidget.connect("http://127.0.0.1:9", api_key="x" * 20, timeouts=wrong)


def test_a_run_without_any_limit_is_whole(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, DONE)

    run = world.run(world.serve(script), **UNLIMITED)
    assert came_to(run) == ("completed", "half rest", None)


def test_an_error_without_any_limit_is_told(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, {"event": "error", "message": "No."})

    run = world.run(world.serve(script), **UNLIMITED)
    assert came_to(run)[:2] == ("failed", "half ")


def test_a_refusal_without_any_limit_is_told(world: World) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.answer_json({"error": "Agent not found"}, "404 Not Found")

    run = world.run(world.serve(script), **UNLIMITED)
    assert came_to(run) == ("failed", "", "404")


def test_a_cut_run_is_looked_up_without_a_limit(world: World) -> None:
    looks = 0

    async def cut(exchange: Exchange) -> None:
        await exchange.stream(START, HALF, end=False)

    async def look(exchange: Exchange) -> None:
        nonlocal looks
        looks += 1
        if looks <= 3:
            exchange.reset()
        elif looks <= 6:
            await exchange.answer_json({**STORED, "status": "running"})
        else:
            await exchange.answer_json(STORED)

    server = world.serve(at_paths(run=cut, look=look))
    run = world.run(server, tools=False, **UNLIMITED)
    assert came_to(run) == ("completed", "half rest", None)
    assert len(waits(run)) == looks


def test_a_server_may_ask_for_any_pause_where_there_is_no_longest() -> None:
    asked = RequestError("busy", status=429, temporary=True, retry_after=100_000.0)
    assert Retries(Timeouts()).after(asked) is None
    pause = Retries(Timeouts(retry_after=None)).after(asked)
    assert pause is not None
    assert pause.seconds >= 100_000.0
