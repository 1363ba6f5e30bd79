"""What a file says of a request for approval: that a person is waited for, and that no more."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import powawidget as pw
from powawidget.widget import waits
from tests.chaos import WATCHDOG
from tests.counterpart import Agent, Call, Calls, Hook, Pause, Say, Tool, start

WAITING = "waiting for approval"
BEGIN, GO_ON = threading.Event(), threading.Event()
"""A run goes on when the test says so: a slow machine changes no order."""


def saves(_: Any) -> Iterator[Any]:
    for number, may in enumerate((BEGIN, GO_ON)):
        while not may.is_set():
            yield Pause(0.01)
        yield Calls(Call("save", {"number": number}))
    yield Say("Both are saved.")


@pytest.fixture
def pb() -> Iterator[pw.Powabase]:
    save = Tool("save", lambda _: "saved", read_only=False, seconds=(0, 0))
    saver = Agent("Saver", saves, (save,), (Hook("PreToolUse", matcher="save", timeout=300),))
    BEGIN.clear()
    GO_ON.clear()
    with (
        start(tokens_per_second=5000, agents=[saver]) as server,
        pw.connect(server.url, api_key=server.key) as connection,
    ):
        yield connection


class Written:
    """The transcripts that are written of a run or a chat, which a cell seems to show."""

    def __init__(self, shown: Any) -> None:
        self.texts: list[str] = []
        self.new = threading.Condition()
        self.output = shown._output
        self.render = self.output._render
        self.output._render = self.write
        self.output._transcript.is_shown = True
        with shown._live.lock:
            shown._live.subscribers.append(self.output)
        BEGIN.set()

    def write(self, mark: str) -> Any:
        made = self.render(mark)
        with self.new:
            self.texts.append(made["text/markdown"])
            self.new.notify_all()
        return made

    def until(self, is_so: Callable[[], object]) -> None:
        with self.new:
            assert self.new.wait_for(is_so, WATCHDOG), self.said()

    def said(self) -> list[str]:
        """What each says of a run that goes on; nothing of one that is over."""
        later = [text.partition("As of ")[2].partition(": ")[2] for text in self.texts]
        return [text.partition(";")[0] for text in later]


def begin(pb: pw.Powabase, kind: str) -> tuple[Any, Any]:
    """Begin a run or a chat; returns it, and the run."""
    agent = pb.agent("Saver")
    shown = agent.chat() if kind == "chat" else agent.run("save it")
    return shown, shown.send("save it") if kind == "chat" else shown


@pytest.mark.parametrize("kind", ["run", "chat"])
def test_a_wait_is_written_once_and_so_is_its_end(
    pb: pw.Powabase, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "_LASTS", 0.05)
    shown, run = begin(pb, kind)
    written = Written(shown)
    written.until(lambda: written.said() == [WAITING])
    run.approve()
    written.until(lambda: written.said() == [WAITING, "running"])
    GO_ON.set()
    written.until(lambda: written.said() == [WAITING, "running", WAITING])
    run.approve()
    run.wait(display=False)
    assert run._live.published.wait(WATCHDOG)
    # That it went on is written too, where its end was long enough in coming.
    assert written.said()[3:] in ([""], ["running", ""])
    assert "Both are saved." in written.texts[-1]


def test_a_request_that_is_answered_at_once_is_worth_no_transcript(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "_LASTS", WATCHDOG)
    run = pb.agent("Saver").run("save it", on_approval=lambda _: True)
    written = Written(run)
    GO_ON.set()
    run.wait(display=False)
    assert run._live.published.wait(WATCHDOG)
    assert run.status == "completed"
    assert written.said() == [""]


def test_a_transcript_that_cannot_be_written_is_told(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waits, "_LASTS", 0.05)
    run = pb.agent("Saver").run("save it")
    told = threading.Event()

    def fails(_: str) -> Any:
        raise ZeroDivisionError

    class Page:
        """Hears what has failed."""

        def report(self, doing: str, error: Exception) -> None:
            run._live.report(doing, error)
            told.set()

    run._output._render = fails
    run._output._widget = Page()
    Written(run)
    assert told.wait(WATCHDOG)
    notices = json.dumps(run._live.snapshot()["parts"])
    assert "failed while it wrote the transcript into the notebook: ZeroDivisionError" in notices
    run._output._widget = None
    run.stop()
