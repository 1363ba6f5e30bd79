"""A run is looked up by an index that is kept up to date; one made anew finds the same."""

from pathlib import Path

import pytest

from powawidget.protocol import events as ev
from powawidget.state.index import forget, meaning
from powawidget.state.model import RunState, plain, typed
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce
from tests.walk import companions, fixtures, frame, payloads, walk


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: path.stem)
def test_an_index_that_is_kept_finds_what_a_new_one_finds(path: Path) -> None:
    before, after = companions(path)
    events = [*before, *map(ev.read, payloads(path.read_bytes())), ev.Ended(), *after]
    kept, anew = RunState(), RunState()
    for second, event in enumerate(events):
        ops = reduce(kept, event, float(second))
        forget(anew)
        assert reduce(anew, event, float(second)) == ops
        apply(kept, ops)
        apply(anew, ops)
    assert plain(kept) == plain(anew)


def test_a_run_that_was_saved_goes_on_like_the_one_that_was_not() -> None:
    call = {"tool_name": "t", "arguments": {"a": 1, "b": [2]}, "step": 1}
    run = walk([frame("start", run_id="r"), frame("tool_call", call_id="x", **call)], end=False)
    again: RunState = typed(plain(run.state), RunState)
    asked = frame("approval_requested", tool_name="t", tool_input={"b": [2], "a": 1.0}, message="")
    ops = reduce(again, asked, 1.0)
    assert ops == reduce(run.state, asked, 1.0)
    assert ("set", ("parts", 0, "status"), "waiting") in ops, "it is about the call"


def test_an_index_is_of_its_run_alone_and_never_on_the_wire() -> None:
    run = walk([frame("start", run_id="r"), frame("content_delta", delta="a")], end=False).state
    assert vars(run), "it has an index"
    assert plain(run).keys() == plain(RunState()).keys()
    assert run == typed(plain(run), RunState)
    run.parts = []
    assert reduce(run, frame("content_delta", delta="b"), 1.0) == [
        ("set", ("parts", 0), {"kind": "text", "text": "b"})
    ]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}', True),
        ('{"a": 1}', '{"a": 1.0}', True),
        ('{"a": 1}', '{"a": 1.5}', False),
        ('{"a": 1}', '{"a": true}', False),
        ('{"a": "1"}', '{"a": 1}', False),
        ("[1, 2]", "[2, 1]", False),
        ("no JSON", "no JSON", True),
        ("no JSON", "other", False),
        ('"a"', "a", False),
        ("[" * 5000, "[" * 5000, True),
        ("1e999", "1e999", True),
        ("1" * 5000, "1" * 5000, True),
    ],
)
def test_what_arguments_mean_is_compared_whatever_their_writing(
    one: str, other: str, is_same: bool
) -> None:
    assert (meaning(one) == meaning(other)) is is_same


def test_the_end_of_an_agent_ends_those_that_came_to_be_in_a_group_within() -> None:
    def started(agent: str) -> ev.Event:
        return frame("delegation_started", agent=agent, task="", child_execution_id=agent)

    state = walk(
        [
            frame("orchestration_started", strategy="supervisor", name="o"),
            started("A"),
            frame("tool_call", tool_name="delegate_to_B", arguments={}, call_id="b"),
            frame("tool_call", tool_name="delegate_to_C", arguments={}, call_id="c"),
            started("B"),
            started("C"),
            frame("delegation_completed", agent="A", child_execution_id="A", status="completed"),
        ],
        end=False,
    ).state
    assert {part.status for part in state.parts} == {"done"}  # type: ignore[union-attr]  # all have one
