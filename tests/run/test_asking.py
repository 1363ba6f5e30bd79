"""The list of runs that ask a person: it follows whoever decides, and tells of each change."""

import asyncio
import functools
from typing import Any

import pytest

from powawidget.run import asking
from tests.gates import GatedRun, until, virtual


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_asking", {})


class Told:
    """Which runs asked each time something was told."""

    def __init__(self, *runs: GatedRun) -> None:
        self.runs = runs
        self.asked: list[list[int]] = []
        self.end = asking.hear(self.note)

    def note(self) -> None:
        now = [self.runs.index(run) for run in asking.now() if run in self.runs]  # type: ignore[arg-type]  # these are runs of this test
        if self.asked[-1:] != [now]:
            self.asked.append(now)


def watched(policy: Any = None) -> GatedRun:
    gated = GatedRun(policy)
    gated.decider.changed = functools.partial(asking.look, gated)
    return gated


@virtual
async def test_runs_are_listed_while_they_ask_in_the_order_in_which_they_began_to() -> None:
    first, second = watched(), watched()
    told = Told(first, second)
    second.server.request("b")
    first.server.request("a")
    await asyncio.sleep(1)
    assert told.asked == [[1], [1, 0]]
    assert second.click("approve") is None
    assert told.asked[-1] == [0]
    first.server.request("b")
    assert told.asked[-1] == [0]
    await asyncio.sleep(1)
    assert first.click("deny") is None
    assert told.asked == [[1], [1, 0], [0], []]
    told.end()
    second.server.request("a")
    assert told.asked[-1] == []


@virtual
async def test_a_run_whose_policy_decides_asks_nobody() -> None:
    gated = watched(lambda _: True)
    told = Told(gated)
    gated.server.request("a")
    gated.server.request("b")
    await gated.approved(2)
    assert told.asked in ([], [[]])
    told.end()


@virtual
async def test_what_a_policy_left_to_a_person_is_asked_until_it_is_decided() -> None:
    gated = watched(lambda approval: None if approval.arguments.get("id") != "b" else True)
    told = Told(gated)
    gated.server.request("a")
    await until(lambda: gated.decider.asks_person)
    assert told.asked == [[0]]
    gated.server.request("b")  # the policy looks at it, the first one is asked still
    await asyncio.sleep(1)
    assert told.asked == [[0]]
    assert gated.click("approve") is None
    assert told.asked == [[0], []]
    await asyncio.sleep(1)
    gated.server.request("c")  # the next one is the policy's at first
    assert told.asked == [[0], []]
    await until(lambda: gated.decider.asks_person)
    assert told.asked == [[0], [], [0]]
    told.end()


@virtual
async def test_a_hearer_that_fails_keeps_nothing_from_the_others_or_from_the_run() -> None:
    def fails() -> None:
        raise ValueError("no")

    end = asking.hear(fails)
    gated = watched()
    told = Told(gated)
    gated.server.request("a")
    assert told.asked == [[0]]
    end()
    end()
    told.end()
