"""A run from recorded bytes: no server, no key; at once, or at the recorded pace."""

import bz2
import gc
import gzip
import json
import lzma
import os
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

import powawidget
from powawidget.errors import ConfigurationError
from powawidget.live.recording import Recorder
from powawidget.live.run import Live
from powawidget.protocol import events as ev
from powawidget.resources.replay import _reads
from powawidget.state.model import RunState
from tests.chaos import event
from tests.walk import FIXTURES, frame

TOOL = FIXTURES / "tool.sse"
LONG = 60.0
SHORT_STREAM = b"".join(
    map(
        event,
        (
            {"event": "start", "run_id": "run_1"},
            {"event": "content_delta", "delta": "a"},
            {"event": "complete", "content": "a", "status": "completed"},
        ),
    )
)


@pytest.mark.parametrize("source", [TOOL, str(TOOL), TOOL.read_bytes()])
def test_a_path_and_bytes_give_the_same_run(source: "Path | str | bytes") -> None:
    run = powawidget.replay(source)
    assert (run.status, run.text) == ("completed", "Let me look.Twelve ships.")
    assert run._live.state.origin == "replay"
    assert run._live.state.name == ("recording" if isinstance(source, bytes) else "tool")
    assert run.result(display=False).text == run.text


def test_a_name_can_be_given() -> None:
    assert "'Harbour'" in repr(powawidget.replay(TOOL, name="Harbour"))


def test_a_run_without_a_speed_is_over_at_once_and_needs_no_thread() -> None:
    before = threading.active_count()
    assert powawidget.replay(SHORT_STREAM)._live.ended
    assert threading.active_count() == before


@pytest.mark.parametrize("speed", [1.0, 50])
def test_at_a_pace_it_comes_to_the_same(speed: float) -> None:
    at_once = powawidget.replay(SHORT_STREAM)
    paced = powawidget.replay(SHORT_STREAM, speed=speed).wait(LONG, display=False)
    assert (paced.status, paced.text, list(paced.events)[1:]) == (
        at_once.status,
        at_once.text,
        list(at_once.events)[:-1],
    )


def test_a_replay_can_be_stopped() -> None:
    run = powawidget.replay(SHORT_STREAM + b"data: {}\n\n" * 10_000, speed=0.001)
    assert run.stop().status == "stopped"


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_is_no_pace_is_refused(speed: float) -> None:
    with pytest.raises(ConfigurationError, match="positive number"):
        powawidget.replay(SHORT_STREAM, speed=speed)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        powawidget.replay(tmp_path / "no.sse")


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    for name in ("a.sse", "a.json"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(3_000_000_000)  # it takes no space
        tracemalloc.start()
        with pytest.raises(ConfigurationError, match=r"larger than 256 MB.*replay_limit"):
            powawidget.replay(tmp_path / name)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
        tracemalloc.stop()


@pytest.fixture
def limited() -> Iterator[None]:
    before = powawidget.options.replay_limit
    powawidget.options.replay_limit = len(SHORT_STREAM) - 1
    yield
    powawidget.options.replay_limit = before


@pytest.mark.usefixtures("limited")
def test_the_limit_is_an_option_and_holds_for_bytes_too(tmp_path: Path) -> None:
    (tmp_path / "a.sse").write_bytes(SHORT_STREAM)
    for source in (SHORT_STREAM, tmp_path / "a.sse"):
        with pytest.raises(ConfigurationError, match="larger than"):
            powawidget.replay(source)
    powawidget.options.replay_limit += 1
    for source in (SHORT_STREAM, tmp_path / "a.sse"):
        assert powawidget.replay(source).status == "completed"


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.sse")
    for path in (tmp_path / "pipe.sse", Path("/dev/zero"), Path("/dev/null")):
        with pytest.raises(ConfigurationError, match=f"{path} isn't a file"):
            powawidget.replay(path)
    with pytest.raises(ConfigurationError, match=f"{tmp_path} isn't a file"):
        powawidget.replay(tmp_path)
    with pytest.raises(ConfigurationError, match="can't be read"):
        powawidget.replay("a\0.sse")
    # Neither do its times: they are passed by.
    (tmp_path / "a.sse").write_bytes(SHORT_STREAM)
    os.mkfifo(tmp_path / "a.meta.json")
    assert powawidget.replay(tmp_path / "a.sse").status == "completed"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (gzip.compress(SHORT_STREAM), "compressed by gzip: decompress it first"),
        (bz2.compress(SHORT_STREAM), "bzip2"),
        (lzma.compress(SHORT_STREAM), "xz"),
        (b"PK\x03\x04rest", "ZIP archive"),
        (b"%PDF-1.7", "a PDF file"),
        (b"\x89PNG\r\n", "an image"),
        (SHORT_STREAM.decode().encode("utf-16"), "UTF-16"),
    ],
)
def test_what_is_something_else_is_named(data: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "a.sse").write_bytes(data)
    for source in (data, tmp_path / "a.sse"):
        with pytest.raises(ConfigurationError, match=f"can't be read: it is .*{what}"):
            powawidget.replay(source)


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n" * 500, b"\xef\xbb\xbf \r\n"])
def test_a_saved_run_may_have_gone_through_an_editor(before: bytes) -> None:
    saved = powawidget.replay(SHORT_STREAM).to_json().encode()
    run = powawidget.replay(before + saved)
    assert (run.status, run.text) == ("completed", powawidget.replay(SHORT_STREAM).text)


def test_a_saved_page_says_which_file_is_replayed(tmp_path: Path) -> None:
    page = powawidget.replay(SHORT_STREAM).save(tmp_path / "run.html")
    with pytest.raises(ConfigurationError, match=r"HTML page. Pass the \.json"):
        powawidget.replay(page)


SAVED = b'{"format": "powawidget", "version": 1, '
MANY = 2_000_000


@pytest.mark.parametrize(
    "data",
    [
        b"{}" * MANY,
        b"{}\n" * MANY,
        b"{" * MANY,
        b'{"a":' * MANY,
        b"{[" * MANY,
        SAVED + b'"x": [' + b"{}," * MANY + b"{}]}",
        SAVED + b'"x": ' + b"[" * MANY,
        SAVED + b'"run": {"parts": [' + b"{}," * MANY + b"{}]}}",
        SAVED + b'"run": {"name": ' + b"[" * MANY,
        SAVED + b'"run": {"started": ' + b"9" * MANY + b"}}",
        b'{"format": [' + b"{}," * MANY + b"{}]}",
        b'{"format": "powawidget", "version": ' + b"9" * MANY + b"}",
        b'{"format": "powawidget", "version": 1e999}',
    ],
    ids=lambda data: data[:60].decode(),
)
def test_nothing_is_made_of_what_is_no_run(data: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(ConfigurationError, match="can't be read"):
        powawidget.replay(data)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5_000_000, "objects were made of it"


def test_recorded_times_are_read_beside_the_stream(tmp_path: Path) -> None:
    (tmp_path / "a.sse").write_bytes(SHORT_STREAM)
    half = len(SHORT_STREAM) // 2
    reads = [[0.01, half], [0.02, len(SHORT_STREAM) - half]]
    (tmp_path / "a.meta.json").write_text(json.dumps({"reads": reads}))
    run = powawidget.replay(tmp_path / "a.sse", speed=1).wait(LONG, display=False)
    assert run.text == "a"
    assert _reads(SHORT_STREAM, [(0.01, half), (0.02, len(SHORT_STREAM) - half)]) == [
        (0.01, SHORT_STREAM[:half]),
        (0.02, SHORT_STREAM[half:]),
    ]


@pytest.mark.parametrize(
    "meta",
    [
        *(
            '{"reads": [[1e999, 3]]}',
            '{"reads": [[0, 1e999]]}',
            "[" * 9999,
            '{"reads": [[0, "3"]]}',
        ),
        *("{", "{}", '{"reads": 5}', '{"reads": [[0.1, 3]]}', '{"reads": [5]}'),
    ],
)
def test_times_that_do_not_fit_are_passed_by(tmp_path: Path, meta: str) -> None:
    (tmp_path / "a.sse").write_bytes(SHORT_STREAM)
    (tmp_path / "a.meta.json").write_text(meta)
    run = powawidget.replay(tmp_path / "a.sse", speed=100).wait(LONG, display=False)
    assert (run.status, run.text) == ("completed", "a")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_a_stream_without_times_is_played_frame_by_frame(line_end: bytes) -> None:
    data = SHORT_STREAM.replace(b"\n", line_end)
    reads = _reads(data + b"data: unfinished", None)
    assert len(reads) == 4
    assert [at for at, _ in reads] == sorted(at for at, _ in reads)


@pytest.mark.parametrize("speed", [None, 100.0])
def test_an_event_that_is_too_large_interrupts_and_keeps_what_came(speed: float | None) -> None:
    data = SHORT_STREAM.split(b'data: {"event": "complete"')[0] + b"data: " + b"x" * 9_000_000
    run = powawidget.replay(data, speed=speed).wait(LONG, display=False)
    assert (run.status, run.text) == ("interrupted", "a")
    assert run.error is not None
    assert run.error.code == "event_too_large"


@pytest.mark.parametrize("junk", [b"", b"<html>", b"\x00\xff" * 100, b"\n\n\n"])
def test_bytes_that_are_no_stream_are_an_interrupted_run(junk: bytes) -> None:
    run = powawidget.replay(junk)
    assert (run.status, run.text) == ("interrupted", "")


def test_events_are_those_of_the_stream_and_can_be_read_twice() -> None:
    run = powawidget.replay(SHORT_STREAM)
    kinds = [ev.Started, ev.TextDelta, ev.Completed, ev.Ended]
    assert [type(event) for event in run.events] == kinds
    assert [type(event) for event in run.events] == kinds
    assert len(run.events) == 4
    assert isinstance(run.events[1], ev.TextDelta)
    assert isinstance(run.events[-2:][0], ev.Completed)
    assert repr(run.events) == "<4 events>"
    assert len(run.events.times) == 4
    with pytest.raises(IndexError):
        run.events[9]


@pytest.mark.parametrize("name", ["answer_edited_by_hook", "answer_blocked_by_hook"])
def test_an_answer_that_a_hook_took_back_is_readable_nowhere(name: str) -> None:
    run = powawidget.replay(FIXTURES / f"{name}.sse")
    kept = [repr(list(run.events)), json.dumps(run._live.snapshot()), repr(run), run.text]
    assert not [told for told in kept if "seven" in told or "combination is s" in told]
    withheld = [event for event in run.events if isinstance(event, ev.Withheld)]
    assert [event.name for event in withheld] == ["TextDelta"] * 2


def test_what_comes_after_the_end_is_recorded() -> None:
    run = powawidget.replay(SHORT_STREAM + event({"event": "weather"}))
    assert [event.name for event in run.events if isinstance(event, ev.Unknown)] == ["weather"]
    assert run.text == "a"


def test_a_recording_of_many_events_costs_little_more_than_its_bytes() -> None:
    recorder = Recorder()
    told = json.dumps({"event": "content_delta", "delta": "x"})
    for _ in range(10_000):
        recorder.add(told, 0.0)
    gc.collect()
    assert not [thing for thing in gc.get_referents(recorder._frames) if thing is not told]


def test_a_live_state_publishes_every_change_and_the_end_once() -> None:
    class Subscriber:
        received: list[object]

        def __init__(self) -> None:
            self.received = []

        def changed(self, ops: list[object]) -> None:
            self.received.append(len(ops))

        def ended(self) -> None:
            self.received.append("end")

    live = Live(RunState())
    live.subscribers.append(subscriber := Subscriber())  # type: ignore[arg-type]  # it has what is used
    live.receive(frame("start"))
    live.receive(frame("weather"))
    live.receive(frame("complete"))
    live.receive(ev.Ended())
    assert subscriber.received == [2, 4, "end"] or subscriber.received[-1] == "end"
    assert subscriber.received.count("end") == 1
    assert len(live.recording) == 4
