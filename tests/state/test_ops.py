"""Changes: the reducer only says them, folding them gives the run, and neighbours merge."""

import copy
import itertools
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.protocol import events as ev
from powawidget.protocol.characters import harmless
from powawidget.state.model import RunState, plain, typed
from powawidget.state.ops import Op, apply, merge
from powawidget.state.reduce import reduce
from powawidget.state.text import Text
from tests.protocol.test_events import FRAMES
from tests.walk import BEGIN, fixtures, frame, payloads, recordings, replayed, walk

STREAMS = [*fixtures(), *recordings(("agent_", "nostream_", "disconnect_"))]
SHORT = [path for path in STREAMS if path.stat().st_size < 200_000]


def folded(ops: list[Any]) -> RunState:
    state = RunState()
    apply(state, ops)
    return state


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_folding_the_changes_gives_the_run(path: Path) -> None:
    walked = replayed(path.read_bytes())
    ops = [op for batch in walked.batches for op in batch]
    assert folded(ops) == walked.state
    assert folded(merge(ops)) == walked.state
    assert folded(json.loads(json.dumps(merge(ops)))) == walked.state


@pytest.mark.parametrize("path", SHORT, ids=lambda path: path.stem)
def test_reduce_changes_nothing_itself(path: Path) -> None:
    state = RunState()
    for second, payload in enumerate([*payloads(path.read_bytes()), None]):
        event = ev.Ended() if payload is None else ev.read(payload)
        before, raw = plain(state), copy.deepcopy(event.raw)
        ops = reduce(state, event, BEGIN + second)
        assert plain(state) == before
        assert event.raw == raw
        again = copy.deepcopy(ops)
        assert reduce(state, event, BEGIN + second) == again, "the same again"
        apply(state, ops)
        assert ops == again, "folding doesn't change the changes"


def test_a_state_shares_nothing_with_the_changes_that_made_it() -> None:
    usage = {"total_tokens": 1}
    ops: list[Op] = [("set", ("usage",), usage), ("set", ("citations",), [{"key": "1"}])]
    state = folded(ops)
    usage["total_tokens"] = 2
    assert state.usage == {"total_tokens": 1}


@given(st.lists(FRAMES, max_size=12))
def test_folding_holds_for_any_frames(frames: list[dict[str, Any]]) -> None:
    walked = walk([ev.read(json.dumps(one)) for one in frames])
    ops = [op for batch in walked.batches for op in batch]
    through_json = json.loads(json.dumps(merge(ops), allow_nan=False, ensure_ascii=False))
    assert folded(through_json) == walked.state


PATHS = st.sampled_from(
    [("parts", 0, "text"), ("parts", 1, "text"), ("reasoning", "thoughts", 0, "text")]
)
APPENDS = st.tuples(st.just("append"), PATHS, st.text(max_size=3))
SETS = st.one_of(
    st.tuples(st.just("set"), PATHS, st.text(max_size=3)),
    st.tuples(st.just("set"), st.just(("step",)), st.integers(0, 9)),
)
BASE: list[Op] = [
    ("set", ("parts", 0), {"kind": "text", "text": "a"}),
    ("set", ("parts", 1), {"kind": "text", "text": "b"}),
    ("set", ("reasoning", "thoughts", 0), {"step": 1, "text": "c", "whole": False}),
]


@given(st.lists(st.one_of(APPENDS, APPENDS, SETS)))
def test_merged_changes_fold_to_the_same_and_no_neighbours_are_left(changes: list[Op]) -> None:
    merged = merge(changes)
    assert folded(BASE + merged) == folded(BASE + changes)
    pairs = itertools.pairwise(merged)
    assert not any(a[:2] == b[:2] for a, b in pairs)
    assert merge(merged) == merged


def test_merging_is_over_one_path_only() -> None:
    one, two = ("parts", 0, "text"), ("parts", 1, "text")
    assert merge([("append", one, "a"), ("append", one, "b"), ("append", two, "c")]) == [
        ("append", one, "ab"),
        ("append", two, "c"),
    ]
    assert merge([]) == []


@pytest.mark.parametrize(
    "op",
    [
        ("set", ("parts", 5), {"kind": "text", "text": ""}),
        ("append", ("parts", 0, "text"), "x"),
        ("set", ("parts", 0), {"kind": "no such part"}),
        ("set", ("status",), "no such status"),
        ("set", ("step",), "1"),
        ("set", ("no_such_field",), 1),
    ],
)
def test_a_change_that_does_not_fit_is_refused(op: Op) -> None:
    with pytest.raises((LookupError, msgspec.ValidationError)):
        apply(RunState(), [op])


@pytest.mark.parametrize("path", fixtures(), ids=lambda path: path.stem)
def test_a_state_survives_json(path: Path) -> None:
    state = replayed(path.read_bytes()).state
    assert typed(json.loads(json.dumps(plain(state))), RunState) == state


@given(st.lists(st.text(max_size=4)))
def test_text_is_its_pieces(pieces: list[str]) -> None:
    text = Text()
    for piece in pieces:
        text.append(piece)
    assert str(text) == "".join(pieces) == str(text)
    assert bool(text) == bool("".join(pieces))
    assert text == Text("".join(pieces))


@given(st.text(st.characters(exclude_categories=())))
def test_harmless_text_can_be_encoded_and_keeps_its_length(text: str) -> None:
    safe = harmless(text)
    safe.encode()
    assert "\0" not in safe
    assert len(safe) == len(text)
    assert harmless(safe) == safe


def test_the_first_delta_of_a_run_is_one_change_and_the_next_one_append() -> None:
    batches = walk([frame("content_delta", delta="a"), frame("content_delta", delta="b")]).batches
    assert batches[1] == [("append", ("parts", 0, "text"), "b")]
