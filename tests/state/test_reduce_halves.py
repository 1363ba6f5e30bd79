"""A character that is divided over two pieces of a text (docs/protocol.md#surrogates)."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from powawidget.protocol import events as ev
from powawidget.state.model import RunState, plain
from powawidget.state.ops import apply
from tests.walk import walk

# Halves, whole characters outside the basic plane, and letters.
TEXTS = st.text(
    st.sampled_from(["\ud83d", "\udc4d", "\ud83c", "👍", "🏴", "a", "é", "\n"]), max_size=12
)


def units(text: str) -> list[str]:
    """Cut a text into units of UTF-16, as a tokenizer may."""
    data = text.encode("utf-16-le", "surrogatepass")
    return [chr(int.from_bytes(data[at : at + 2], "little")) for at in range(0, len(data), 2)]


def whole(text: str) -> str:
    """What a text comes to: pairs are characters, halves alone are U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def pieces_of(text: str, cuts: list[int]) -> list[str]:
    every = units(text)
    places = [0, *sorted(min(cut, len(every)) for cut in cuts), len(every)]
    return ["".join(every[begin:end]) for begin, end in itertools.pairwise(places)]


def read(**frame: Any) -> ev.Event:
    return ev.read(json.dumps(frame))


GROWING: list[tuple[Callable[[str], ev.Event], Callable[[Any], str]]] = [
    (
        lambda text: read(event="content_delta", delta=text),
        lambda run: "".join(part["text"] for part in run["parts"]),
    ),
    (
        lambda text: read(event="chunk", content=text),
        lambda run: "".join(part["text"] for part in run["parts"]),
    ),
    (
        lambda text: read(event="reasoning_delta", step=1, delta=text),
        lambda run: "".join(thought["text"] for thought in run["reasoning"]["thoughts"]),
    ),
    (
        lambda text: read(type="content_delta", block_id="b", delta=text),
        lambda run: "".join(block["text"] for block in run["blocks"]),
    ),
]


@pytest.mark.parametrize(("piece", "text_of"), GROWING)
@given(text=TEXTS, cuts=st.lists(st.integers(0, 24), max_size=6))
def test_however_a_text_is_cut_it_is_the_same(
    piece: Callable[[str], ev.Event], text_of: Callable[[Any], str], text: str, cuts: list[int]
) -> None:
    events = [piece(each) for each in pieces_of(text, cuts) if each]
    walked = walk(events)
    run = plain(walked.state)
    assert text_of(run) == whole(text)
    assert run["halves"] == {}
    # Each change can travel, and folding them gives the run.
    folded = RunState()
    for ops in walked.batches:
        apply(folded, json.loads(json.dumps(ops, ensure_ascii=False).encode()))
    assert plain(folded) == run


def test_two_texts_that_grow_by_turns_keep_their_halves() -> None:
    first, second = "\ud83d", "\udc4d"
    events = [
        read(type="content_delta", block_id=block, delta=half)
        for half in (first, second)
        for block in ("a", "b")
    ]
    assert [block.text for block in walk(events).state.blocks] == ["👍", "👍"]


def test_a_half_before_a_card_does_not_wait_behind_it() -> None:
    events = [
        read(event="content_delta", delta="a\ud83d"),
        read(event="tool_call", tool_name="t", arguments={}, call_id="c"),
        read(event="content_delta", delta="\udc4db"),
    ]
    parts = plain(walk(events).state)["parts"]
    assert [part["text"] for part in parts if part["kind"] == "text"] == ["a\ufffd", "\ufffdb"]


def test_the_whole_answer_takes_the_place_of_its_halves() -> None:
    events = [
        read(event="content_delta", delta="a\ud83d"),
        read(event="chunk", content="a👍"),
    ]
    run = walk(events).state
    assert [part["text"] for part in plain(run)["parts"]] == ["a👍"]
    assert run.halves == {}


def test_who_reads_only_events_gets_whole_characters() -> None:
    pieces = ev.Pieces()
    halves = [
        read(event="content_delta", delta="a\ud83d"),
        read(event="step_started", step=2),
        read(event="content_delta", delta="\udc4d\ud83d"),
    ]
    told = [*map(pieces.joined, halves), *pieces.left()]
    texts = [event.text for event in told if isinstance(event, ev.TextDelta)]
    assert texts == ["a", "👍", "\ufffd"]
    alone = ev.alone(halves[0])
    assert isinstance(alone, ev.TextDelta)
    assert alone.text == "a\ufffd"
