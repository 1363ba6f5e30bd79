"""A board's widget and its messages, without a browser, against an embedded server."""

import asyncio
import contextlib
import io
import itertools
import re
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import comm
import msgspec
import pytest

import powawidget as pw
from powawidget.batch.board import progress
from powawidget.batch.board.figures import Figures
from powawidget.batch.board.live import LiveBoard
from powawidget.batch.board.progress import ProgressLine
from powawidget.batch.board.widget import BatchWidget
from powawidget.live.run import NONCE
from tests.batch.board.moments import LEFT, content, done, moment, tickets
from tests.counterpart import Agent, Call, Calls, Counterpart, Fail, Hook, Pause, Say, Tool, start
from tests.waiting import until

GO_ON = threading.Event()
MENDED = threading.Event()


def echo(turn: Any) -> Any:
    """Say what was asked; told so, wait for the test, fail until it is mended, or ask a person."""
    while "slow" in turn.message and not GO_ON.is_set():
        yield Pause(0.01)
    if "fail" in turn.message and not MENDED.is_set():
        yield Fail("litellm.RateLimitError: too many")
        return
    if "delete" in turn.message:
        yield Calls(Call("delete", {"what": turn.message}, 0.0))
    yield Say(f"said {turn.message}")


@pytest.fixture
def server() -> Iterator[Counterpart]:
    GO_ON.clear()
    MENDED.clear()
    gate = Hook("PreToolUse", matcher="delete")
    tool = Tool("delete", str, read_only=False)
    agents = [Agent("Echo", echo), Agent("Keeper", echo, tools=(tool,), hooks=(gate,))]
    with start(tokens_per_second=5000, agents=agents) as running:
        yield running


@pytest.fixture
def pb(server: Counterpart) -> Iterator[pw.Powabase]:
    with pw.connect(server.url, api_key=server.key) as connection:
        yield connection
        GO_ON.set()


class Page:
    """What a page sends, and what it hears."""

    def __init__(self, batch: pw.Batch, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard: list[dict[str, Any]] = []
        self._ids = 0
        monkeypatch.setattr(
            BatchWidget, "send", lambda _, content, __=None: self.heard.append(content)
        )
        self.widget = batch.widget
        self.say("hello", have=0)
        until(lambda: self.of("state"))

    def say(self, kind: str, **given: Any) -> str:
        """Send a message by two ways, as a page does."""
        self._ids += 1
        content = {"kind": kind, "id": f"m{self._ids}", **given}
        self.widget._from_comm(None, content, [])
        self.widget._from_bridge({"method": "custom", "content": dict(content)})
        return str(content["id"])

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [each for each in self.heard if each["kind"] == kind]

    def rows(self, view: str = "v", first: int = 0, count: int = 10, **query: Any) -> Any:
        asked = self.say("rows", view=view, first=first, count=count, **query)
        found = until(lambda: [each for each in self.of("rows") if each["asked"] == asked])
        assert len(found) == 1
        return found[0]

    def act(self, action: str) -> Any:
        asked = self.say("act", nonce=NONCE, action=action)
        return until(lambda: [each for each in self.of("ack") if each["id"] == asked])[0]

    def figures(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for figures of which something holds."""

        def latest() -> Any:
            told = self.of("figures")
            return told and condition(told[-1]["figures"]) and told[-1]["figures"]

        found: dict[str, Any] = until(latest)
        return found


def rows_of(count: int, **more: str) -> list[dict[str, Any]]:
    return [{"id": n, "text": more.get(f"_{n}", f"text {n}")} for n in range(count)]


def test_a_page_asks_for_rows_and_is_told_of_those_in_view_alone(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = rows_of(40, _1="slow one", _30="slow other")
    batch = pb.agent("Echo").map(table, "{text}", key="id")
    page = Page(batch, monkeypatch)
    page.rows(about=True)
    page.figures(lambda one: one["counts"].get("done") == 38)
    answer = page.rows(about=True, first=0, count=5)
    assert answer["total"] == 40
    assert [line["place"] for line in answer["rows"]] == [0, 1, 2, 3, 4]
    assert answer["rows"][1]["standing"] == "running"
    assert [list(column.values())[:3] for column in answer["about"]["columns"]] == [
        ["key", "id", "key"],
        ["in:0", "text", "input"],
        ["out:0", "answer", "output"],
    ]
    before = len(page.of("changed"))
    GO_ON.set()
    batch.wait(display=False)
    page.figures(lambda one: one["status"] == "done")
    until(lambda: len(page.of("changed")) > before)
    told = [line for each in page.of("changed")[before:] for line in each["rows"]]
    assert {line["place"] for line in told} == {1}
    assert told[-1]["cells"] == ["1", "slow one", "said slow one"]


def test_a_page_knows_a_board_by_the_first_message(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What follows it is dropped by anywidget on a page that is slow."""
    told: list[tuple[str, Any]] = []

    class Noting(comm.DummyComm):
        def publish_msg(self, msg_type: str, data: Any = None, **_: object) -> None:
            told.append((msg_type, data))

    monkeypatch.setattr(comm, "create_comm", Noting)
    batch = pb.agent("Echo").map(rows_of(1), "{text}", key="id").wait(display=False)
    mark = batch.widget._board
    opened = [data["state"] for kind, data in told if kind == "comm_open"]
    assert [state["_board"] for state in opened if "_board" in state] == [mark]
    assert mark
    assert not [data for _, data in told if (data or {}).get("method") == "update"]


def test_while_nothing_changes_nothing_is_sent(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pb.agent("Echo").map(rows_of(3), "{text}", key="id").wait(display=False)
    page = Page(batch, monkeypatch)
    page.rows(about=True)
    until(lambda: batch._view.board and batch._view.board._task is None)
    before = len(page.heard)
    page.rows(first=1)
    assert [each["kind"] for each in page.heard[before:]] == ["rows"]


def test_figures_come_a_few_times_a_second_however_fast_rows_end(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pb.agent("Echo").map(rows_of(300), "{text}", key="id", start=False)
    page = Page(batch, monkeypatch)
    page.rows(about=True, count=50)
    begun = time.monotonic()
    batch.start().wait(display=False)
    page.figures(lambda one: one["status"] == "done")
    took = time.monotonic() - begun
    told = page.of("figures")
    assert len(told) <= took / 0.34 + 3
    assert told[-1]["figures"]["counts"] == {"done": 300}


def test_stop_retry_and_going_on_are_a_persons_on_the_page(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = rows_of(30, _0="slow", _1="will fail")
    batch = pb.agent("Echo").map(table, "{text}", key="id", concurrency=1)
    page = Page(batch, monkeypatch)
    page.rows(about=True)
    page.figures(lambda one: one["status"] == "running")
    until(lambda: batch.counts.get("accepted"))  # what isn't sent yet is released at once
    assert page.act("stop")["refused"] is None
    assert page.figures(lambda one: one["status"] == "stopping")["reason"]
    GO_ON.set()
    page.figures(lambda one: one["status"] == "stopped")
    assert page.act("resume")["refused"] is None
    page.figures(lambda one: one["counts"] == {"done": 29, "failed": 1})
    MENDED.set()
    assert page.act("retry")["refused"] is None
    page.figures(lambda one: one["counts"] == {"done": 30})
    assert "can't" in page.act("delete")["refused"]


def test_what_cant_be_done_is_told(pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pw.options, "ask_above", 2)
    batch = pb.agent("Echo").map(rows_of(5), "{text}", key="id")
    page = Page(batch, monkeypatch)
    page.rows(about=True)
    page.act("resume")
    told = until(lambda: [each for each in page.of("figures") if each["trouble"]])
    assert "confirm=True" in told[-1]["trouble"]
    assert batch.counts == {"waiting": 5}


def test_only_a_page_of_this_kernel_may_act(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pb.agent("Echo").map(rows_of(2, _0="slow"), "{text}", key="id")
    page = Page(batch, monkeypatch)
    asked = page.say("act", nonce="another", action="stop")
    ack = until(lambda: [each for each in page.of("ack") if each["id"] == asked])[0]
    assert "another kernel" in ack["refused"]
    assert batch.reason == ""


def test_a_row_opens_to_its_run_live_and_over(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pb.agent("Echo").map(rows_of(3, _0="slow", _1="will fail"), "{text}", key="id")
    page = Page(batch, monkeypatch)
    page.rows(about=True)
    page.figures(lambda one: one["counts"].get("failed") == 1)

    def opened(place: int) -> dict[str, Any]:
        before = len(page.of("opened"))
        page.say("open", view="v", place=place)
        found: dict[str, Any] = until(lambda: page.of("opened")[before:])[0]
        assert found["place"] == place
        return found

    assert opened(0)["model"] == batch[0].widget.model_id
    assert batch[0].status == "running"
    over = opened(1)
    assert over["model"]
    assert opened(1)["model"] == over["model"]
    GO_ON.set()
    batch.wait(display=False)
    for wrong in (-1, 3, "0", None, 1.5):
        page.say("open", view="v", place=wrong)
    page.rows()
    assert len(page.of("opened")) == 3


def test_a_row_without_a_run_says_why(pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = pb.agent("Echo").map(rows_of(2), "{text}", key="id", start=False)
    page = Page(batch, monkeypatch)
    page.say("open", view="v", place=0)
    told = until(lambda: page.of("opened"))[0]
    assert told["model"] is None
    assert "has no run" in told["why"]


def test_a_row_that_waits_for_a_person_is_told_and_decided_in_its_run(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pb.agent("Keeper").map(rows_of(1, _0="delete it"), "{text}", key="id")
    page = Page(batch, monkeypatch)
    page.rows(about=True)
    page.figures(lambda one: one["status"] == "waiting")
    assert page.rows()["rows"][0]["chip"] == "waiting for you"
    batch[0].approve()
    page.figures(lambda one: one["counts"] == {"done": 1})


@pytest.mark.parametrize(
    "message",
    [
        {"kind": "rows"},
        {"kind": "rows", "view": 3},
        {"kind": "rows", "view": "v" * 1000},
        {"kind": "rows", "view": "w", "first": "x", "count": None, "sort": {}},
        {"kind": "leave", "view": "nobody"},
        {"kind": "whatever", "view": "v"},
        {"kind": 3},
    ],
)
def test_a_page_may_send_anything(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch, message: dict[str, Any]
) -> None:
    batch = pb.agent("Echo").map(rows_of(2), "{text}", key="id", start=False)
    page = Page(batch, monkeypatch)
    page.widget._from_comm(None, {"id": "x", **message}, [])
    assert len(page.rows()["rows"]) == 2
    assert not page.widget._batch.trouble


def test_the_key_reaches_no_page(
    pb: pw.Powabase, server: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = [{"id": 0, "text": f"look: {server.key}"}]
    batch = pb.agent("Echo").map(table, "{text}", key="id").wait(display=False)
    page = Page(batch, monkeypatch)
    assert "[key]" in repr(page.rows(about=True))
    assert server.key not in repr(page.heard)
    assert server.key not in repr(batch._view.output._transcript.written())


def test_an_opened_journal_is_shown_and_not_started(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    path = tmp_path / "b.powa"
    batch = pb.agent("Echo").map(rows_of(3), "{text}", key="id", journal=path)
    batch.wait(display=False)
    batch._journal.close()
    opened = pw.open_batch(path)
    page = Page(opened, monkeypatch)
    answer = page.rows(about=True)
    assert answer["about"]["journal"] == "b.powa"
    assert not answer["about"]["starts"]
    assert [line["cells"][-1] for line in answer["rows"]] == [f"said text {n}" for n in range(3)]
    assert "opened to be read" in page.act("retry")["refused"]
    page.say("open", view="v", place=1)
    assert until(lambda: page.of("opened"))[0]["model"]


def test_a_batch_that_is_only_read_is_read_anew_by_a_page_that_comes(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    path = tmp_path / "b.powa"
    batch = pb.agent("Echo").map(rows_of(2, _1="slow"), "{text}", key="id", journal=path)
    until(lambda: batch.counts == {"done": 1, "accepted": 1})
    page = Page(pw.open_batch(path), monkeypatch)
    page.rows(about=True)
    told = page.figures(lambda one: one["counts"] == {"done": 1, "running": 1})
    assert told["status"] == "opened"
    GO_ON.set()
    batch.wait(display=False)
    page.rows("w", about=True)
    assert page.figures(lambda one: one["counts"] == {"done": 2})["status"] == "done"


@pytest.mark.parametrize("is_kept", [True, False], ids=["a journal", "no journal"])
def test_a_batch_whose_budget_is_used_up_says_what_to_do(
    pb: pw.Powabase, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, is_kept: bool
) -> None:
    journal = tmp_path / "b.powa" if is_kept else None
    batch = pb.agent("Echo").map(
        rows_of(4), "{text}", key="id", journal=journal, budget=pw.budget(runs=2)
    )
    page = Page(batch, monkeypatch)
    told = page.figures(lambda one: one["status"] == "stopped")["reason"]
    assert told.startswith("The budget of 2 runs is used up. 2 rows wait")
    what = "another budget sends what waits" if is_kept else "a batch without a journal ends here"
    assert what in told


def test_retry_of_a_batch_that_stops_sends_nothing(
    pb: pw.Powabase, server: Counterpart, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pb.agent("Echo").map(
        rows_of(30, _0="fail", _1="slow one"), "{text}", key="id", concurrency=2
    )
    page = Page(batch, monkeypatch)
    page.figures(lambda one: one["counts"].get("failed") == 1)
    until(lambda: batch._by_key()["1"].state == "accepted")
    page.act("stop")
    page.figures(lambda one: one["status"] == "stopping" and one["counts"].get("running") == 1)
    sent = len(server.requests)
    page.act("retry")
    until(lambda: "on its way to its end" in page.of("figures")[-1]["trouble"])
    with pytest.raises(pw.ConfigurationError, match="on its way to its end"):
        batch.retry("failed")
    GO_ON.set()
    batch.wait(display=False)
    assert batch.counts["failed"] == 1
    assert [method for method, *_ in server.requests[sent:] if method == "POST"] == []


def _python(batch: pw.Batch) -> str:
    code: str = batch._told.python
    head, _, tail = code.partition(" = pb.")
    assert (head, tail.endswith("\nbatch")) == ("batch", True)
    return tail.removesuffix("\nbatch")


def triage_policy(request: Any) -> Any:
    return request.approve("read only")


class Reply(msgspec.Struct):
    said: str


def test_copy_as_python_is_the_call_that_made_the_batch(pb: pw.Powabase, tmp_path: Any) -> None:
    agent = pb.agent("Echo")
    given = {"key": "id", "start": False}
    batch = agent.map(rows_of(1), "Do {text}", name="B", **given)
    assert _python(batch) == (
        "agent('Echo').map(table, 'Do {text}', key='id', name='B', start=False)"
    )
    by_code = agent.map(rows_of(1), lambda row: row["text"], start=False)
    assert _python(by_code) == "agent('Echo').map(table, message, start=False)"
    # What it may cost and what decides is part of it.
    full = pb.agent("Keeper").map(
        rows_of(1),
        "{text}",
        key=["id", "text"],
        journal=tmp_path / "b.powa",
        schema=Reply,
        concurrency=3,
        budget=pw.budget(runs=10, seconds=2.5),
        on_approval=triage_policy,
        temperature=0.2,
        context_items=[{"text": "x\u202ey"}],
        start=False,
    )
    assert _python(full) == (
        "agent('Keeper').map(table, '{text}', key=['id', 'text'], temperature=0.2, "
        "context_items=[{'text': 'x\\u202ey'}], "
        f"journal={str(tmp_path / 'b.powa')!r}, schema=Reply, concurrency=3, "
        "budget=pw.budget(runs=10, seconds=2.5), on_approval=triage_policy, start=False)"
    )
    long = agent.map(rows_of(1), "{text}", context_override="x" * 9_000, start=False)
    assert _python(long) == (
        "agent('Echo').map(table, '{text}', context_override=context_override, start=False)"
    )


def test_what_copy_as_python_gives_runs_and_goes_on(
    pb: pw.Powabase, server: Counterpart, tmp_path: Any
) -> None:
    table = rows_of(3)
    first = pb.agent("Echo").map(
        table, "{text}", key="id", journal=tmp_path / "b.powa", schema=Reply, temperature=0.5
    )
    first.wait(display=False)
    posts = len([path for method, path, *_ in server.requests if method == "POST"])
    names = {"pb": pb, "pw": pw, "table": table, "Reply": Reply}
    exec(first._told.python, names)  # what a person pastes
    again: Any = names["batch"]
    assert again.wait(display=False).counts == {"failed": 3}
    assert len([path for method, path, *_ in server.requests if method == "POST"]) == posts
    grid = pb.agent("Echo").grid(message=["a", "b"], start=False)
    exec(grid._told.python, names)  # likewise
    again: Any = names["batch"]
    assert list(again) == list(grid)
    assert server.key not in first._told.python + grid._told.python


def test_a_look_that_fails_is_told_and_the_next_one_goes_well(pb: pw.Powabase) -> None:
    del pb
    fails = [False]

    def read() -> Any:
        if fails[0]:
            fails[0] = False
            raise OSError("no disk")
        return moment([done(), LEFT], is_driven=False)  # a board of what goes on looks for ever

    board = LiveBoard(content(tickets(2)), read)
    fails[0] = True
    board.note_change()
    until(lambda: "looked at a batch" in board.trouble)
    board.note_change()
    until(lambda: board.figures.counts == {"done": 1, "left": 1})
    until(lambda: not board.trouble)


# A line of progress.


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def _line(stream: io.StringIO, **more: Any) -> tuple[ProgressLine, list[float]]:
    now = [0.0]
    figures = Figures(status="running", rows=200, counts={"done": 80, "left": 120}, **more)
    return ProgressLine("Triage\n", lambda: figures, stream, lambda: now[0]), now


def test_a_terminal_has_one_line_that_is_written_over() -> None:
    stream = Terminal()
    line, now = _line(stream, rate=4.0, left=30.0, tokens=1200)
    for at in (0.1, 0.3, 0.35, 0.6):
        now[0] = at
        line.look()
    line.end()
    text = stream.getvalue()
    assert text.count("\r") == 3
    assert text.endswith("\n")
    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert "Triage:  40% 80/200 [00:01<00:30, 4.00 rows/s, 1,200 tokens]" in text


@pytest.mark.parametrize("columns", [20, 40, 79, 200])
@pytest.mark.parametrize(
    "name", ["Triage", "分類" * 15, "Zoë" * 10], ids=["plain", "wide", "marks"]
)
def test_a_line_on_a_terminal_is_no_wider_than_that(
    name: str, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line that breaks would stand there again and again."""
    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    now = [0.0]
    told = [
        Figures(status="running", rows=200, counts={"done": 80}, tokens=1, reason="It waits. " * 9),
        Figures(status="running", rows=2, counts={"done": 1}),
    ]
    line = ProgressLine(name, lambda: told[int(now[0]) - 1], stream, lambda: now[0])
    for second in (1.0, 2.0):
        now[0] = second
        line.look()
    lines = stream.getvalue().split("\r")[1:]
    widths = [
        sum(
            0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
            for each in line
        )
        for line in lines
    ]
    assert max(widths) < columns
    # What is shorter covers what stood there before.
    assert widths[1] >= widths[0]
    assert lines[0].startswith(name[: columns // 3])
    assert lines[0].endswith("…") == (columns < 200)


def test_a_log_has_a_line_now_and_then_and_the_more_seldom_the_longer_it_takes() -> None:
    stream = io.StringIO()
    line, now = _line(stream)
    written = []
    for second in range(3600):
        now[0] = float(second)
        before = stream.getvalue().count("\n")
        line.look()
        if stream.getvalue().count("\n") > before:
            written.append(second)
    assert written[0] == 10
    assert len(written) < 70
    gaps = [after - before for before, after in itertools.pairwise(written)]
    assert max(gaps) <= 61
    assert "\r" not in stream.getvalue()


def test_what_is_over_at_once_writes_nothing() -> None:
    for stream in (io.StringIO(), Terminal()):
        line, _ = _line(stream)
        line.look()
        line.end()
        assert stream.getvalue() == ""


def test_a_line_says_until_when_the_server_asks_to_wait() -> None:
    figures = Figures(status="running", rows=2, counts={"done": 1}, paused_until=1_800_000_000.0)
    said = progress.line_of("Triage", figures, 5)
    assert re.search(r"\] paused by the server until \d\d:\d\d:\d\d$", said)


def test_a_process_without_stderr_waits_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    figures = Figures(status="running", rows=2, counts={"done": 1})
    now = [0.0]
    line = ProgressLine("Triage", lambda: figures, None, lambda: now[0])
    now[0] = 20.0
    line.look()
    line.end()


def test_a_closed_stream_ends_no_batch() -> None:
    stream = io.StringIO()
    line, now = _line(stream)
    stream.close()
    now[0] = 10.0
    line.look()
    line.end()


def test_a_script_that_waits_says_how_it_stands(
    pb: pw.Powabase, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = pb.agent("Echo").map(rows_of(2, _0="slow"), "{text}", key="id")
    until(lambda: batch.counts.get("done") == 1)
    monkeypatch.setattr(progress, "_FIRST", 0.0)
    said: list[str] = []

    def is_told() -> bool:
        batch.wait(0.2)
        said.append(capsys.readouterr().err)
        return "Echo:  50% 1/2" in said[-1]

    until(is_told)

    async def awaits() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_awaited(batch), 0.3)
        said.append(capsys.readouterr().err)

    async def _awaited(batch: pw.Batch) -> None:
        await batch

    def is_told_there() -> bool:
        asyncio.run(awaits())
        return "Echo:  50% 1/2" in said[-1]

    until(is_told_there)
    GO_ON.set()
    batch.wait()
    capsys.readouterr()
    quiet = pb.agent("Echo").map(rows_of(2), "{text}", key="id").wait(display=False)
    assert quiet.counts == {"done": 2}
    assert capsys.readouterr().err == ""
