"""Hooks of a person's own: told all, in order, and unable to hurt the run."""

import asyncio
import gc
import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import powawidget as pw
from powawidget.batch import table
from powawidget.live import recording
from powawidget.run import hooks as module
from tests.counterpart import start
from tests.walk import RECORDED, ROOT

PATH = RECORDED / "agent_multi_step.sse"
WATCHDOG = 20.0
ASKED = "How much did we sell by month?"


def replayed(speed: float | None = None) -> pw.Run:
    run = pw.replay(PATH, speed)
    assert isinstance(run, pw.Run)
    return run


def told(run: pw.Run, *names: str) -> list[Any]:
    """All that hooks of these names are told of a run, in order, once it is over."""
    some: list[Any] = []
    over = threading.Event()
    for name in names:
        run.on(name, lambda event, name=name: some.append((name, event)))
    run.on("end", lambda _: over.set())
    assert over.wait(WATCHDOG)
    return some


def test_a_hook_is_told_every_event_of_its_kind_in_order() -> None:
    run = replayed()
    results = [event for event in run.events if isinstance(event, pw.events.ToolResult)]
    assert len(results) > 1
    assert told(run, "tool_result") == [("tool_result", event) for event in results]
    assert [event for _, event in told(run, "event")] == list(run.events)


@pytest.mark.parametrize(
    ("word", "kind"),
    {
        "tool_call": pw.events.ToolCallStarted,
        "tool_call_started": pw.events.ToolCallStarted,
        "content_delta": pw.events.TextDelta,
        "text_delta": pw.events.TextDelta,
        "start": pw.events.Started,
        "complete": pw.events.Completed,
        "step_completed": pw.events.StepCompleted,
    }.items(),
)
def test_events_have_the_protocols_words_and_their_classes(word: str, kind: type) -> None:
    run = replayed()
    expected = [event for event in run.events if isinstance(event, kind)]
    assert expected
    assert [event for _, event in told(run, word)] == expected


def test_every_class_of_events_has_a_word() -> None:
    run = replayed()
    for word in module._EVENTS:
        run.on(word, print)()
    assert {"hook_result", "approval_requested", "block_error", "waiting"} <= set(module._EVENTS)


def test_hooks_are_called_event_by_event_and_in_the_order_in_which_they_came() -> None:
    run = replayed(speed=50)
    all_are_there = threading.Event()
    run.on("event", lambda _: all_are_there.wait())  # nothing else is told meanwhile
    some: list[tuple[str, Any]] = []
    over = threading.Event()
    for name in ("tool_call", "event", "tool_result", "tool_call"):
        run.on(name, lambda event, name=name: some.append((name, event)))
    run.on("end", lambda _: over.set())
    all_are_there.set()
    assert over.wait(WATCHDOG)
    expected: list[tuple[str, Any]] = []
    for event in run.events:
        names = ["event"]
        if isinstance(event, pw.events.ToolCallStarted):
            names = ["tool_call", "event", "tool_call"]
        if isinstance(event, pw.events.ToolResult):
            names = ["event", "tool_result"]
        expected += [(name, event) for name in names]
    assert some == expected


def test_a_late_hook_is_told_what_came_before() -> None:
    run = replayed()
    first = told(run, "event")
    assert told(run, "event") == first, "the thread of the first is over by then"


def test_events_are_read_once_for_all_hooks_and_never_while_the_stream_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = replayed()
    read: list[int] = []
    all_are_there = threading.Event()
    run.on("event", lambda _: all_are_there.wait())
    plainly = recording._event

    def reading(frame: Any) -> Any:
        assert run._hooks is not None
        assert not run._hooks._news._is_owned(), "the stream waits for it with each event"  # type: ignore[attr-defined]  # CPython's own
        read.append(1)
        return plainly(frame)

    monkeypatch.setattr(recording, "_event", reading)
    for _ in range(10):
        run.on("tool_call", lambda _: None)
    all_are_there.set()
    told(run, "tool_result")
    assert len(read) < 3 * len(run.events)


def test_a_hook_for_the_end_alone_reads_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    run = replayed()
    read: list[object] = []
    monkeypatch.setattr(recording, "_event", read.append)
    told(run)
    assert read == []


def test_the_end_is_told_once_with_the_run_after_all_events() -> None:
    run = replayed(speed=50)
    some: list[Any] = []
    over = threading.Event()
    run.on("event", some.append)
    run.on("end", some.append)
    run.on("end", lambda given: over.set() if given is run else None)
    assert over.wait(WATCHDOG)
    assert some[-1] is run
    assert some[:-1] == list(run.events)
    assert run.status == "completed"
    assert told(run, "end") == [("end", run)]


def raising(_: object) -> None:
    raise ValueError("mine")


def leaving(_: object) -> None:
    raise SystemExit(3)


def interrupting(_: object) -> None:
    raise KeyboardInterrupt


async def failing(_: object) -> None:
    await asyncio.sleep(0)
    raise LookupError("mine")


async def cancelled(_: object) -> None:
    raise asyncio.CancelledError


BAD: list[Callable[[Any], Any]] = [raising, leaving, interrupting, failing, cancelled]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__)
def test_what_a_hook_raises_is_logged_and_shown_and_hurts_nothing(
    bad: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    run = replayed(speed=50)
    with caplog.at_level(logging.ERROR, "powawidget"):
        run.on("tool_call", bad)
        some = told(run, "tool_call")
        run.wait(WATCHDOG, display=False)
    assert len(some) > 1, "the others are called all the same"
    assert run.status == "completed"
    wait_for(lambda: "called your hook of 'tool_call'" in caplog.text)
    assert run.text == replayed().text
    wait_for(lambda: "called your hook" in run.to_text())
    assert run.to_text().count("called your hook") == 1, "once, however often it fails"


def wait_for(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(WATCHDOG / 0.02)):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it never came to that")


def test_a_hook_that_hangs_holds_up_neither_the_run_nor_who_waits() -> None:
    go_on, begun = threading.Event(), threading.Event()

    def hang(_: object) -> None:
        begun.set()
        go_on.wait()

    run = replayed(speed=50)
    run.on("start", hang)
    assert begun.wait(WATCHDOG)
    assert run.result(WATCHDOG, display=False).text
    other = replayed(speed=50)
    assert told(other, "tool_call"), "each run has a thread of its own"
    go_on.set()


def test_a_slow_hook_is_told_all_of_it() -> None:
    run = replayed()
    pause = threading.Event()
    some: list[object] = []
    run.on("event", lambda event: (pause.wait(0.001), some.append(event)))
    told(run, "event")
    assert some == list(run.events)


def test_an_async_hook_runs_to_its_end_before_the_next() -> None:
    run = replayed(speed=50)
    some: list[str] = []
    loops: set[int] = set()

    async def slowly(event: pw.events.ToolCallStarted) -> None:
        loops.add(id(asyncio.get_running_loop()))
        some.append(f"begin {event.tool_name}")
        await asyncio.sleep(0.01)
        some.append(f"end {event.tool_name}")

    run.on("tool_call", slowly)
    run.on("tool_call", lambda event: some.append(f"then {event.tool_name}"))
    told(run)
    calls = [event for event in run.events if isinstance(event, pw.events.ToolCallStarted)]
    names = [call.tool_name for call in calls]
    assert some == [f"{word} {name}" for name in names for word in ("begin", "end", "then")]
    assert len(loops) == 1


def test_a_hook_can_decide_stop_and_wait() -> None:
    with start(tokens_per_second=300) as server, pw.connect(server.url, api_key=server.key) as pb:
        run = pb.agent("Operator").run("Raise the price of the best seller by 5%")
        over = threading.Event()
        run.on("approval_requested", lambda _: decided(run))
        run.on("end", lambda given: over.set() if given.wait(display=False) is run else None)
        assert over.wait(WATCHDOG)
        assert [one.decision for one in run.approvals] == ["denied"]
        stopped = pb.agent("Writer").run("Write about the data.")
        stopped.on("content_delta", lambda _: stopped.stop())
        assert stopped.wait(WATCHDOG, display=False).status == "stopped"


def decided(run: pw.Run) -> None:
    wait_for(run._task.is_asking)
    run.deny("not today")


def test_what_ends_a_hook_ends_it() -> None:
    run = replayed()
    some: list[object] = []
    is_known = threading.Event()
    off = run.on("event", lambda event: (is_known.wait(), some.append(event), off()))
    is_known.set()
    told(run, "event")
    assert len(some) == 1
    off()


def generator(_: object) -> Iterator[None]:
    yield


@pytest.mark.parametrize("wrong", [None, "print", generator])
def test_what_cannot_be_called_is_refused(wrong: Any) -> None:
    with pytest.raises(pw.WrongTypeError, match="a function of one argument"):
        replayed().on("end", wrong)


@pytest.mark.parametrize("name", ["tool", "End", "", None, "on_end"])
def test_an_event_that_is_not_there_is_refused(name: Any) -> None:
    with pytest.raises(pw.UnknownNameError, match=r"It has tool_call, tool_result"):
        replayed().on(name, print)


SCRIPT = """
import powawidget as pw
run = pw.replay({path!r})
run.on("tool_call", lambda call: print(call.tool_name))
run.on("end", lambda run: print("told of the end:", run.status))
"""


def test_a_script_that_ends_with_its_run_still_tells() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(path=str(PATH))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "told of the end: completed"
    assert done.stderr == ""


def row_of(run: pw.Run) -> dict[str, Any]:
    frame = pw.runs()
    rows = frame[frame["run_id"] == run.run_id].to_dict("records")
    return dict(rows[-1])


def test_all_runs_of_this_kernel_are_rows_of_a_frame() -> None:
    with start(tokens_per_second=3000) as server, pw.connect(server.url, api_key=server.key) as pb:
        run = pb.agent("Analyst").run(ASKED)
        result = run.result()
        row = row_of(run)
        assert list(pw.runs().columns)[:5] == ["agent", "status", "tokens", "seconds", "cell"]
        assert (row["agent"], row["status"], row["kind"]) == ("Analyst", "completed", "agent")
        assert row["tokens"] == (result.usage or {})["total_tokens"]
        assert row["seconds"] == pytest.approx(result.seconds)
        assert row["origin"] == "live"
        assert pd.isna(row["cell"]), "no cell started it"
        before = len(pw.runs())
        chat = pb.agent("Writer").chat()
        chat.send("Write about the data.")
        chat.wait(display=False)
        batch = pb.agent("Triage").map(["It is broken", "Thank you"])
        batch.wait(display=False)
        assert list(batch[0].tool_calls) == []
        after = pw.runs().iloc[before:]
        assert list(after["agent"]) == ["Writer", "Triage", "Triage"]
        assert set(after["status"]) == {"completed"}


def test_a_run_that_nobody_holds_is_still_known() -> None:
    run = replayed()
    run_id, figures = run.run_id, row_of(run)
    del run
    gc.collect()
    frame = pw.runs()
    (row,) = frame[frame["run_id"] == run_id].tail(1).to_dict("records")
    assert row["status"] == "completed"
    assert row["tokens"] == figures["tokens"]


def test_a_run_that_goes_on_says_how_long_so_far() -> None:
    with start(tokens_per_second=5) as server, pw.connect(server.url, api_key=server.key) as pb:
        run = pb.agent("Writer").run("Write about the data.")
        wait_for(lambda: run.status == "running" and run.run_id is not None)
        row = row_of(run)
        assert row["status"] == "running"
        assert row["seconds"] > 0
        run.stop()


def test_without_pandas_it_is_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    replayed()
    monkeypatch.setattr("powawidget.resources.runs.own_table", table.Records)
    found = pw.runs()
    assert isinstance(found, list)
    assert found[-1]["agent"] == "agent_multi_step"
