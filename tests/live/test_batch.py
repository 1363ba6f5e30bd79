"""What comes at once is published once, and comes to the same as frame by frame."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from powawidget.http.secret import Secret
from powawidget.live import run as module
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.state.model import RunState
from powawidget.state.ops import Op, apply
from powawidget.state.reduce import reduce
from tests.planted import KEY, leaks
from tests.walk import fixtures, payloads, recordings

STREAMS = [*recordings(), *fixtures()]
START = {"event": "start", "run_id": "run_1", "session_id": "sess_1"}
DONE = {"event": "complete", "run_id": "run_1", "status": "completed", "content": "whole"}


class Kept:
    """Keeps each change that is published, and when the end came."""

    doing = "kept the changes"

    def __init__(self) -> None:
        self.published: list[list[Op]] = []
        self.ends: list[int] = []

    def changed(self, ops: list[Op]) -> None:
        self.published.append(list(ops))

    def ended(self) -> None:
        self.ends.append(len(self.published))

    def recovered(self) -> None:
        """Nothing is looked up here."""


def delta(text: str) -> str:
    return json.dumps({"event": "content_delta", "type": "content_delta", "delta": text})


def folded(published: list[list[Op]]) -> RunState:
    state = RunState()
    for ops in published:
        apply(state, ops)
    return state


def watched(secret: Secret | None = None) -> tuple[Live, Kept]:
    live, kept = Live(RunState(), secret, clock=lambda: 1_700_000_000.0), Kept()
    live.subscribers.append(kept)
    return live, kept


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_a_stream_comes_to_the_same_in_whatever_batches_it_comes(path: Path) -> None:
    frames = list(payloads(path.read_bytes()))
    one_by_one, _ = watched()
    for frame in frames:
        one_by_one.receive(frame)
    one_by_one.receive(ev.Ended())
    chance = random.Random(path.stem)
    for most in (10, len(frames)):
        live, kept = watched()
        begin = 0
        while begin < len(frames):
            end = begin + chance.randint(1, most)
            live.receive_all(frames[begin:end])
            begin = end
        live.receive(ev.Ended())
        assert live.state == one_by_one.state
        assert folded(kept.published) == live.state
        assert list(live.recording) == list(one_by_one.recording)
        assert len(kept.ends) == 1


def test_pieces_of_a_text_that_come_at_once_are_one_change() -> None:
    live, kept = watched()
    live.receive_all([json.dumps(START), delta("a")])
    kept.published.clear()
    events = live.receive_all([delta(text) for text in "bcd"])
    assert kept.published == [[("append", ("parts", 0, "text"), "bcd")]]
    assert [event.text for event in events if isinstance(event, ev.TextDelta)] == ["b", "c", "d"]
    assert len(live.recording) == 5, "each frame is kept"


def test_the_end_comes_after_the_changes_before_it() -> None:
    live, kept = watched()
    live.receive_all([json.dumps(START), delta("a"), json.dumps(DONE), delta("late")])
    assert live.finished
    (place,) = kept.ends
    seen = folded(kept.published[:place])
    assert seen.status == "completed"
    assert str(seen.parts[0].text) == "whole"  # type: ignore[union-attr]  # it is a text


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_a_key_in_pieces_that_come_at_once_stays_out(cut: int) -> None:
    pieces = _cut(KEY, cut)
    live, kept = watched(Secret(KEY))
    live.receive_all([json.dumps(START), delta("it is "), *map(delta, pieces), delta(", yes")])
    live.receive_all([delta("again "), *map(delta, pieces[:2])])
    live.receive_all([*map(delta, pieces[2:]), delta(" so"), json.dumps({**START})])
    told: list[Any] = [kept.published, live.snapshot(), [repr(one) for one in live.recording]]
    assert not leaks(json.dumps(told))
    assert "[key], yes" in json.dumps(live.snapshot())


def _cut(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def test_what_was_applied_is_published_where_a_later_frame_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live, kept = watched()

    def fails(run: RunState, event: ev.Event, at: float) -> list[Op]:
        if isinstance(event, ev.StepStarted):
            raise ZeroDivisionError
        return reduce(run, event, at)

    monkeypatch.setattr(module, "reduce", fails)
    step = json.dumps({"event": "step_started", "step": 1})
    with pytest.raises(ZeroDivisionError):
        live.receive_all([json.dumps(START), delta("kept"), step, delta("never")])
    assert folded(kept.published) == live.state
    assert "kept" in json.dumps(live.snapshot())
