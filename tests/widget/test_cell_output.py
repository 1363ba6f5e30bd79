"""A transcript is written where it holds nobody up: beside the loop thread, without the lock."""

import json
import threading
from collections.abc import Iterator

import pytest

from powawidget.kernel import loop
from powawidget.run.plan import Plan
from powawidget.run.run import Run
from powawidget.run.sources import RecordedSource
from powawidget.run.task import RunTask
from powawidget.state.ops import Op
from powawidget.widget.output import CellOutput
from tests.chaos import WATCHDOG

FRAMES = [
    {"event": "start", "run_id": "run_1", "session_id": "sess_1"},
    {"event": "content_delta", "delta": "half "},
    {"event": "complete", "run_id": "run_1", "status": "completed", "content": "half"},
]


def made() -> Run:
    data = b"".join(b"data: %b\n\n" % json.dumps(frame).encode() for frame in FRAMES)
    return Run(RunTask(Plan(source=RecordedSource([(0.0, data)], None), name="A")))


class Slow:
    """Writes transcripts, each only once it may."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_go_on = threading.Event()
        self.threads: list[str] = []
        self.states: list[str] = []
        self.run = made()
        self.output = CellOutput(lambda _: None, self.write, lambda: "a run", self.run._live)
        self.output._transcript.is_shown = True
        self.run._live.subscribers.append(self.output)

    def write(self, _: str) -> dict[str, str]:
        self.threads.append(threading.current_thread().name)
        self.states.append(self.run._snapshot().state.status)
        self.begun.set()
        assert self.may_go_on.wait(WATCHDOG)
        return {"text/plain": "written"}


@pytest.fixture
def slow() -> Iterator[Slow]:
    one = Slow()
    yield one
    one.may_go_on.set()
    assert one.run._live.published.wait(WATCHDOG)


def test_other_runs_go_on_while_a_transcript_is_written(slow: Slow) -> None:
    slow.run.start()
    assert slow.begun.wait(WATCHDOG)
    other = made().start()
    assert other.wait(WATCHDOG, display=False).status == "completed"
    taken = threading.Event()

    def take() -> None:
        with slow.run._live.lock:
            taken.set()

    loop.call_soon(take)
    assert taken.wait(WATCHDOG), "the run's lock is free"
    assert slow.run._live.done.is_set()
    assert not slow.run._live.published.is_set(), "it doesn't stand in the file yet"
    assert slow.threads == ["powawidget-worker"]


def test_ends_that_come_meanwhile_are_written_once_after_it(slow: Slow) -> None:
    slow.run.start()
    assert slow.begun.wait(WATCHDOG)
    for _ in range(3):
        loop.call_soon(slow.run._live.end_recovery)
    slow.may_go_on.set()
    assert slow.run._live.published.wait(WATCHDOG)
    left = threading.Event()
    loop.call_soon(slow.run._live.end_recovery)
    slow.run._live.subscribers.append(Last(left))
    loop.call_soon(slow.run._live.end_recovery)
    assert left.wait(WATCHDOG)
    assert slow.states == ["completed"] * len(slow.states)
    assert 2 <= len(slow.states) <= 4


class Last:
    """Says when what was left to do by all before it is done."""

    doing = "came last"

    def __init__(self, left: threading.Event) -> None:
        self.left = left

    def changed(self, ops: list[Op]) -> None:
        """Nothing changes here."""

    async def _rest(self) -> None:
        self.left.set()

    def ended(self) -> object:
        return self._rest()

    recovered = ended


def test_a_transcript_that_cannot_be_written_is_told_and_holds_nobody_up() -> None:
    slow = Slow()

    def fails(_: str) -> dict[str, str]:
        raise ZeroDivisionError

    slow.output._transcript._render = fails
    slow.run.start()
    assert slow.run._live.published.wait(WATCHDOG)
    notices = json.dumps(slow.run._live.snapshot()["parts"])
    assert "failed while it wrote the transcript into the notebook: ZeroDivisionError" in notices
