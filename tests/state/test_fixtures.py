"""Streams kept as data, each with what it must come to, in both dialects."""

import json
import random
from pathlib import Path

import pytest

import powawidget
from powawidget.protocol import events as ev
from powawidget.state.model import plain
from tests.walk import FIXTURES, fixtures, kept, outcome, payloads, replayed

NAMES = [path.stem for path in fixtures()]
RANDOM_CUTS = 20


def stream(name: str) -> bytes:
    return (FIXTURES / f"{name}.sse").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_comes_to_what_stands_beside_it(name: str) -> None:
    expected = json.loads((FIXTURES / f"{name}.expect.json").read_bytes())
    assert outcome(kept(FIXTURES / f"{name}.sse").state) == expected


def test_every_expectation_has_its_stream() -> None:
    assert NAMES
    expected = FIXTURES.glob("*.expect.json")
    assert sorted(path.name.removesuffix(".expect.json") for path in expected) == NAMES
    stored = FIXTURES.glob("*.stored.json")
    assert {path.name.removesuffix(".stored.json") for path in stored} <= {*NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_the_text_is_the_content_of_the_end_where_it_has_one(name: str) -> None:
    events = [ev.read(payload) for payload in payloads(stream(name))]
    state = replayed(stream(name)).state
    if state.kind == "orchestration" and state.parts[:1] != state.parts:
        return  # everybody's text stands there
    for event in events:
        if isinstance(event, ev.Completed) and event.content is not None:
            assert outcome(replayed(stream(name)).state)["text"] == event.content


@pytest.mark.parametrize("name", NAMES)
def test_one_byte_at_a_time_comes_to_the_same(name: str) -> None:
    data = stream(name)
    assert replayed(data, range(len(data))).batches == replayed(data).batches


@pytest.mark.parametrize("name", NAMES)
def test_random_cuts_come_to_the_same(name: str) -> None:
    data = stream(name)
    whole = replayed(data).batches
    chance = random.Random(name)
    for _ in range(RANDOM_CUTS):
        cuts = [chance.randrange(len(data)) for _ in range(chance.randrange(1, 40))]
        assert replayed(data, cuts).batches == whole, cuts


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_anywhere_closes_everything_and_stays_encodable(name: str) -> None:
    data = stream(name)
    for end in range(0, len(data), max(1, len(data) // 60)):
        state = kept(FIXTURES / f"{name}.sse", end=end).state
        json.dumps(plain(state), ensure_ascii=False, allow_nan=False).encode()
        came_to = outcome(state)
        assert came_to["status"] in {"completed", "failed", "interrupted"}
        assert {"running", "waiting"}.isdisjoint(c["status"] for c in came_to["tool_calls"])
        assert {"pending", "sending"}.isdisjoint(came_to["approvals"])
        assert "running" not in {getattr(part, "status", "") for part in state.parts}
        assert {"pending", "running"}.isdisjoint(block.status for block in state.blocks)


@pytest.mark.parametrize("name", NAMES)
def test_replay_gives_the_same_run(name: str) -> None:
    expected = json.loads((FIXTURES / f"{name}.expect.json").read_bytes())
    run = powawidget.replay(Path(FIXTURES, f"{name}.sse"))
    assert (run.status, run.text, run.reasoning) == (
        expected["status"],
        expected["text"],
        expected["reasoning"],
    )
    assert [call.status for call in run.tool_calls] == [
        call["status"] for call in expected["tool_calls"]
    ]
