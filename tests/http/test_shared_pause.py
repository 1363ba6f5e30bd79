"""A server that asks one run to wait means all of its project."""

import time

import pytest

import powawidget as pw
from powawidget.http.retries import Retries
from powawidget.http.shared_pause import SharedPause, shared_pause
from powawidget.http.timeouts import Timeouts
from powawidget.protocol import events as ev
from tests import counterpart


def test_a_longer_pause_holds_and_a_shorter_one_changes_nothing() -> None:
    now = 0.0
    pause = SharedPause(lambda: now)
    assert pause.left() == 0
    pause.note(5.0, 429)
    pause.note(2.0, 503)
    assert (pause.left(), pause.status) == (5.0, 429)
    now = 4.0
    assert pause.left() == 1.0
    now = 60.0
    assert pause.left() == 0


def test_it_is_one_for_each_project() -> None:
    first = shared_pause("http://one.example")
    assert shared_pause("http://one.example") is first
    assert shared_pause("http://two.example") is not first


@pytest.mark.parametrize(("seconds", "waits"), [(0.0, False), (60.0, True), (61.0, False)])
def test_a_run_waits_no_longer_for_others_than_for_itself(seconds: float, waits: bool) -> None:
    pause = Retries(Timeouts()).shared(seconds)
    assert (pause is not None) is waits
    if pause is not None:
        assert 60.0 <= pause.seconds <= 75.0
        assert pause.attempt == 1


def waits_of(run: pw.Run) -> list[ev.Waiting]:
    return [event for event in run.events if isinstance(event, ev.Waiting)]


def test_a_run_of_another_connection_waits_too_and_is_sent_once() -> None:
    with counterpart.start() as server:
        server.refuse(429, retry_after=2)
        first = pw.connect(server.url, api_key=server.key).agent("Writer").run("Hello")
        other = pw.connect(server.url, api_key=server.key).agent("Writer")
        limit = time.monotonic() + 30
        while not waits_of(first):
            assert time.monotonic() < limit
            time.sleep(0.01)
        second = other.run("Hello")
        assert second.wait(30).status == "completed"
        assert first.wait(30).status == "completed"
        assert [wait.attempt for wait in waits_of(first)] == [2]
        assert [wait.attempt for wait in waits_of(second)] == [1]
        starts = [path for _, path, _ in server.requests if path.endswith("/stream")]
        assert len(starts) == 3  # one was refused


def test_who_gives_up_starts_nothing() -> None:
    with counterpart.start() as server:
        pb = pw.connect(server.url, api_key=server.key)
        server.refuse(503, retry_after=30)
        first = pb.agent("Writer").run("Hello")
        limit = time.monotonic() + 30
        while not waits_of(first):
            assert time.monotonic() < limit
            time.sleep(0.01)
        second = pb.agent("Writer").run("Hello")
        while not waits_of(second):
            assert time.monotonic() < limit
            time.sleep(0.01)
        second.stop()
        second.wait(30)
        first.stop()
        first.wait(30)
        assert second.status == "stopped"
        assert len([1 for _, path, _ in server.requests if path.endswith("/stream")]) == 1
