"""Where the time went: of every recording, of any stream, and of streams with a case each."""

import itertools
import json
import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

import powawidget
from powawidget.protocol import events as ev
from powawidget.protocol.times import time_of
from powawidget.spans.reading import spans_of
from powawidget.spans.span import Span, Spans, covered, timing_of
from powawidget.state.model import ENDED, ApprovalPart, RunState, typed
from powawidget.state.ops import apply
from powawidget.state.reduce import reduce
from tests.seeds import examples
from tests.spans.made import HERE, SERVER, Seen, folded, streams, ts, workflows
from tests.walk import FIXTURES, frame, payloads, recordings

STREAMS = [*recordings(), *sorted(FIXTURES.glob("*.sse"))]
ANY = settings(max_examples=examples(60, 3000), deadline=None)


def told(path: Path) -> list[float]:
    """The server's times in a stream, read from its frames alone."""
    events = map(ev.read, payloads(path.read_bytes()))
    frames = (event.raw for event in events if isinstance(event.raw, dict))
    times = (time_of(raw.get("ts")) for raw in frames)
    return [time.timestamp() for time in times if time is not None]


def uncovered(spans: list[Span], first: float, last: float) -> float:
    tops = [one for one in spans if one.parent is None]
    inside = ((max(first, one.start), min(last, one.end)) for one in tops)
    return last - first - covered(one for one in inside if one[0] <= one[1])


def check(spans: Spans) -> None:
    for number, one in enumerate(spans):
        assert math.isfinite(one.start)
        assert math.isfinite(one.end)
        assert one.start <= one.end, one
        assert one.parent is None or one.parent < number
        if one.parent is not None and one.clock == spans[one.parent].clock == "server":
            assert one.end <= spans[one.parent].end + 1e-6, one
        assert one.kind in timing_of([])
        assert one.name
    seconds = timing_of(spans)
    if spans:
        length = max(one.end for one in spans) - min(one.start for one in spans)
        assert all(0 <= each <= length + 1e-6 for each in seconds.values())


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_the_spans_of_a_recording_are_whole(path: Path) -> None:
    run = powawidget.replay(path)
    assert isinstance(run, powawidget.Run)
    check(run.spans)
    assert "running" not in {one.status for one in run.spans}
    times = told(path)
    if times:
        first, last = min(times), max(times)
        left = uncovered(run.spans, first, last)
        assert left <= max(0.05, 0.02 * (last - first))
        by_server = [one for one in run.spans if one.clock == "server"]
        assert by_server or last - first < 0.05
        if path.parent.name == "recordings":  # those written by hand have a clock in each agent
            assert all(first - 1 <= one.start <= one.end <= last for one in by_server)
    calls = [one for one in run.spans if one.kind == "tool"]
    delegated = [one for one in run.tool_calls if one.name.startswith("delegate_to_")]
    assert len(calls) >= len(run.tool_calls) - len(delegated)
    assert len([one for one in run.spans if one.kind == "human"]) == len(run.approvals)


@pytest.mark.parametrize("path", recordings(["agent_preresponse"]), ids=lambda path: path.stem)
def test_words_that_were_taken_back_are_in_no_span(path: Path) -> None:
    streamed = "".join(
        event.text
        for event in map(ev.read, payloads(path.read_bytes()))
        if type(event) is ev.TextDelta
    )
    assert len(streamed) > 20
    run = powawidget.replay(path)
    assert isinstance(run, powawidget.Run)
    said = repr(list(run.spans)) + run.spans.to_frame().to_csv() + run.to_text()
    assert streamed not in said
    words = [" ".join(pair) for pair in itertools.pairwise(streamed.split())]
    kept = run.text
    assert not [pair for pair in words if pair in said and pair not in kept]


def requests(state: RunState) -> list[ApprovalPart]:
    return [part for part in state.parts if isinstance(part, ApprovalPart)]


def whole(seen: list[Seen]) -> RunState:
    """Fold a stream, and look at the spans after every event."""
    state = RunState()
    for given_event, at in seen:
        event = given_event
        if isinstance(event, ev.DecisionMade):  # on whatever waits
            waiting = [one.digest for one in requests(state) if one.decision == "pending"]
            event = msgspec.structs.replace(event, digests=waiting)
        apply(state, reduce(state, event, at))
        spans = spans_of(state, at)
        check(spans)
        if state.status not in ENDED:
            waits = [one for one in spans if one.kind == "tool" and one.status == "waiting"]
            assert not any(one.seconds for one in waits)
    decided = [one for one in requests(state) if one.by == "click" and one.choice]
    humans = [one.seconds for one in spans_of(state) if one.kind == "human" and one.clock == "here"]
    for one in decided:
        assert near((one.decided_at or 0) - one.asked_at, humans), one
    assert state.status in ENDED
    assert all(one.end is not None for one in state.spans)
    return state


@ANY
@given(streams(jumps=False))
def test_any_stream_has_whole_spans_and_one_clock_in_each(seen: list[Seen]) -> None:
    state = whole(seen)
    raws = [one.event.raw for one in seen if isinstance(one.event.raw, dict)]
    times = [time_of(raw["ts"]) for raw in raws if "ts" in raw]
    stamps = [time.timestamp() for time in times if time is not None]
    if stamps:
        first, last = min(stamps), max(stamps)
        assert uncovered(spans_of(state), first, last) <= max(0.05, 0.02 * (last - first))
    ats = [one.at for one in seen]
    for one in spans_of(state):
        if one.clock == "server" and one.kind != "hook" and one.name != "service":
            assert near(one.start, stamps), one
            assert near(one.end, stamps), one
        if one.clock == "here" and one.name != "service":
            lengths = [abs(a - b) for a, b in itertools.combinations_with_replacement(ats, 2)]
            assert near(one.seconds, lengths), one


def near(value: float, known: list[float]) -> bool:
    return any(abs(value - each) < 1e-4 for each in known)


@ANY
@given(streams(jumps=True))
def test_a_clock_that_jumps_leaves_spans_whole(seen: list[Seen]) -> None:
    state = whole(seen)
    clocks = state.clocks
    if clocks is not None:
        first, last = clocks.first, clocks.latest
        assert uncovered(spans_of(state), first, last) <= max(0.05, 0.02 * (last - first))


@ANY
@given(workflows())
def test_blocks_of_any_workflow_have_whole_spans(seen: list[Seen]) -> None:
    blocks = [one for one in spans_of(whole(seen)) if one.kind == "block"]
    for earlier, later in itertools.pairwise(blocks):
        assert later.start >= earlier.start


def of(*events: Any, step: float = 1.0) -> list[Span]:
    """The spans of a run whose events come a second apart; a number is the server's time."""
    seen = []
    for number, given_event in enumerate(events):
        event = given_event
        if isinstance(event, tuple):
            name, time, fields = event
            event = frame(name, type=name, ts=ts(SERVER + time), **fields)
        seen.append(Seen(event, HERE + number * step))
    return list(spans_of(folded(seen), HERE + len(events) * step))


def brief(spans: list[Span]) -> list[tuple[Any, ...]]:
    begin = min(one.start for one in spans)
    return [
        (one.kind, one.name, round(one.start - begin, 3), round(one.end - begin, 3), one.clock)
        for one in spans
    ]


START = frame("start", run_id="r", session_id="s")
DONE = frame("complete", status="completed", content="x")
CALL = {"step": 1, "tool_name": "send", "call_id": "c", "arguments": {}}
RESULT = {"step": 1, "tool_name": "send", "call_id": "c", "result_preview": "sent"}


def test_a_step_is_its_model_call_and_its_tools_stand_beside_it() -> None:
    spans = of(
        START,
        ("step_started", 0, {"step": 1}),
        ("tool_call", 2, CALL),
        ("tool_result", 3, {**RESULT, "duration_ms": 1000}),
        ("step_completed", 3, {"step": 1}),
        ("step_started", 3, {"step": 2}),
        ("step_completed", 4.5, {"step": 2}),
        DONE,
    )
    assert brief(spans)[:3] == [
        ("model", "step 1", 0, 2, "server"),
        ("tool", "send", 2, 3, "server"),
        ("model", "step 2", 3, 4.5, "server"),
    ]
    assert timing_of(spans)["model"] == 3.5


def test_calls_at_once_count_once() -> None:
    other = {**CALL, "call_id": "d"}
    spans = of(
        ("step_started", 0, {"step": 1}),
        ("tool_call", 1, CALL),
        ("tool_call", 1, other),
        ("tool_result", 5, RESULT),
        ("tool_result", 6, {**RESULT, "call_id": "d"}),
        DONE,
    )
    assert [one.seconds for one in spans if one.kind == "tool"] == [4, 5]
    assert timing_of(spans)["tool"] == 5


def test_a_person_who_decides_here_has_the_time_of_the_ledger() -> None:
    """The tool's time is the tool's; the person's is by this machine's clock, and says so."""
    before = [
        ("step_started", 0, {"step": 1}),
        ("tool_call", 1, CALL),
        ("approval_requested", 1, {"tool_name": "send", "tool_input": {}}),
    ]
    state = folded(
        [
            Seen(frame(name, type=name, ts=ts(SERVER + time), **fields), HERE + time)
            for name, time, fields in before  # type: ignore[misc]  # tuples of three
        ]
    )
    asked = next(part for part in state.parts if isinstance(part, ApprovalPart))
    decided = ev.DecisionMade(digests=[asked.digest], choice="approve", by="click", reason=None)
    after: list[tuple[ev.Event, float]] = [
        (decided, 14),
        (
            frame(
                "hook_result",
                type="hook_result",
                ts=ts(SERVER + 14.1),
                hook_event="PreToolUse",
                status="succeeded",
                latency_ms=13_100,
            ),
            14.1,
        ),
        (
            frame(
                "tool_result", type="tool_result", ts=ts(SERVER + 15), duration_ms=14_000, **RESULT
            ),
            15,
        ),
        (DONE, 15),
    ]
    for event, at in after:
        apply(state, reduce(state, event, HERE + at))
    spans = spans_of(state)
    human = next(one for one in spans if one.kind == "human")
    tool = next(one for one in spans if one.kind == "tool")
    assert (human.clock, human.seconds, human.status) == ("here", 13, "approved")
    assert asked.asked_at == HERE + 1
    assert (tool.clock, round(tool.seconds, 3)) == ("server", 0.9)
    assert tool.start >= human.end
    assert (tool.seconds, tool.clock) == (pytest.approx(0.9), "server")
    assert timing_of(spans)["human"] == 13
    assert not [one for one in spans if one.kind == "hook"]


def test_a_call_whose_person_is_asked_takes_no_time_yet() -> None:
    spans = of(
        ("step_started", 0, {"step": 1}),
        ("tool_call", 1, CALL),
        ("approval_requested", 1, {"tool_name": "send", "tool_input": {}}),
    )
    assert [(one.kind, one.seconds) for one in spans] == [("model", 1), ("tool", 0), ("human", 1)]


def test_the_model_of_a_delegation_that_fails_ends_with_it() -> None:
    spans = of(
        ("orchestration_started", 0, {"strategy": "supervisor"}),
        ("step_started", 0, {"step": 1}),
        ("tool_call", 1, {**CALL, "tool_name": "delegate_to_billing"}),
        ("delegation_started", 1, {"agent": "billing", "child_execution_id": "1"}),
        ("step_started", 1, {"step": 1}),
        (
            "delegation_completed",
            3,
            {"agent": "billing", "child_execution_id": "1", "status": "failed"},
        ),
        ("tool_result", 3, {**RESULT, "tool_name": "delegate_to_billing"}),
        ("step_started", 3, {"step": 2}),
        ("step_completed", 9, {"step": 2}),
        DONE,
    )
    inner = next(one for one in spans if one.kind == "model" and one.parent is not None)
    assert (inner.seconds, inner.status) == (2, "failed")


def test_a_wait_before_another_try_is_seen_here() -> None:
    spans = of(
        ev.Waiting(purpose="retry", why="429", until=HERE + 3, attempt=2),
        ev.WaitOver(),
        START,
        ("step_started", 0, {"step": 1}),
        ("step_completed", 2, {"step": 1}),
        DONE,
    )
    first = spans[0]
    assert (first.kind, first.name, first.seconds, first.clock) == (
        "wait",
        "before another try",
        1,
        "here",
    )
    assert first.end <= spans[1].start


def test_an_agent_without_tools_is_one_span_as_seen_here() -> None:
    usage = {"total_tokens": 12}
    spans = of(
        START, frame("content_delta", delta="x"), frame("complete", content="x", usage=usage)
    )
    assert brief(spans) == [("model", "model", 0, 2, "here")]
    assert spans[0].tokens == 12


def test_a_block_is_as_long_as_the_server_says() -> None:
    def block(name: str, block_id: str, **fields: Any) -> ev.Event:
        return ev.read(
            json.dumps({"type": name, "block_id": block_id, "block_type": "code", **fields})
        )

    spans = of(
        block("block_start", "a"),
        block("block_complete", "a", data={"output": 1}, duration_ms=900),
        block("block_start", "b"),
        block("block_error", "b", data={"error": "no"}, duration_ms=500),
        ev.read('{"type": "done", "execution_id": "e"}'),
    )
    blocks = [one for one in spans if one.kind == "block"]
    assert brief(blocks) == [
        ("block", "code", 0, 0.9, "placed"),
        ("block", "code", 2, 2.5, "placed"),
    ]
    assert [one.status for one in blocks] == ["done", "failed"]


def test_a_delegation_is_around_what_its_agent_did() -> None:
    spans = of(
        ("orchestration_started", 0, {"strategy": "supervisor"}),
        ("step_started", 0, {"step": 1}),
        ("tool_call", 1, {**CALL, "tool_name": "delegate_to_billing", "arguments": {"task": "t"}}),
        ("delegation_started", 1, {"agent": "billing", "task": "t", "child_execution_id": "1"}),
        ("step_started", 1, {"step": 1}),
        ("tool_call", 2, {**CALL, "call_id": "inner"}),
        ("tool_result", 3, {**RESULT, "call_id": "inner"}),
        ("step_completed", 4, {"step": 1}),
        (
            "delegation_completed",
            4,
            {
                "agent": "billing",
                "child_execution_id": "1",
                "status": "completed",
                "usage": {"total_tokens": 70},
            },
        ),
        ("tool_result", 4, {**RESULT, "tool_name": "delegate_to_billing"}),
        ("step_completed", 4, {"step": 1}),
        DONE,
    )
    known = {(one.kind, one.name): one for one in spans}
    around = spans.index(known["delegate", "billing"])
    assert known["delegate", "billing"].tokens == 70
    assert known["tool", "send"].parent == around
    assert [one.parent for one in spans if one.name == "step 1"] == [None, around]


def test_what_goes_on_ends_now() -> None:
    spans = of(START, ("step_started", 0, {"step": 1}))
    assert [(one.status, one.seconds) for one in spans] == [("running", 1)]


def test_a_run_that_was_cut_is_looked_up_until_now_and_has_no_gap() -> None:
    cut: list[Any] = [
        START,
        frame("content_delta", delta="x"),
        ev.Interrupted(title="cut", message="cut"),
        ev.Waiting(purpose="look_up", why="", until=HERE + 9, attempt=1),
    ]
    going_on = of(*cut)
    assert [(one.kind, one.seconds, one.status) for one in going_on] == [
        ("model", 2, "interrupted"),
        ("wait", 1, "running"),
    ]
    stored: list[ev.Event] = [START, frame("content_delta", delta="xy"), DONE]
    found = of(*cut, ev.WaitOver(), ev.WaitOver(), ev.WaitOver(), ev.Restored(events=stored))
    assert brief(found)[1:] == [
        ("wait", "service", 2, 3, "here"),
        ("wait", "before a lookup", 3, 4, "here"),
        ("wait", "service", 4, 7, "here"),
    ]


def test_time_of_which_nothing_is_told_is_a_wait_for_the_service() -> None:
    spans = of(
        ("step_started", 0, {"step": 1}),
        ("step_completed", 1, {"step": 1}),
        ("step_started", 4, {"step": 2}),
        ("step_completed", 5, {"step": 2}),
        DONE,
        step=0.0,
    )
    assert ("wait", "service", 1, 4, "server") in brief(spans)


def test_a_clock_that_is_set_back_goes_on_from_where_it_was() -> None:
    spans = of(
        ("step_started", 3600, {"step": 1}),
        ("tool_call", 3601, CALL),
        ("tool_result", 2, RESULT),
        ("step_completed", 3, {"step": 1}),
        DONE,
    )
    begin = min(one.start for one in spans)
    assert max(one.end for one in spans) - begin < 10


def test_a_frame_of_spans() -> None:
    run = powawidget.replay(FIXTURES / "recordings" / "agent_approval_two_sequential.sse")
    assert isinstance(run, powawidget.Run)
    frame_ = run.spans.to_frame()
    assert list(frame_.columns) == [
        "kind",
        "name",
        "start",
        "end",
        "seconds",
        "parent",
        "status",
        "tokens",
        "clock",
    ]
    assert (frame_["end"] >= frame_["start"]).all()
    assert list(Spans().to_frame().columns) == list(frame_.columns)
    assert repr(run.spans).startswith("<6 spans: model 0.1 s")
    assert set(run.timing) == {"model", "tool", "hook", "human", "wait", "delegate", "block"}


def test_a_saved_run_has_its_spans(tmp_path: Path) -> None:
    run = powawidget.replay(FIXTURES / "recordings" / "orch_supervisor.sse")
    assert isinstance(run, powawidget.Run)
    again = powawidget.replay(run.save(tmp_path / "run.json"))
    assert isinstance(again, powawidget.Run)
    assert again.spans == run.spans


@pytest.mark.parametrize(
    "spans",
    [
        [{"kind": "tool", "of": 9, "within": 9, "start": 5.0, "end": 1.0}],
        [{"kind": "delegate", "of": -1, "within": 0, "start": 1.0}],
        [{"kind": "block", "of": 3, "start": 1.0, "end": 1e308}],
    ],
)
def test_spans_that_somebody_made_up_are_harmless(spans: list[dict[str, Any]]) -> None:
    state: RunState = typed({"status": "completed", "spans": spans, "ended": 3.0}, RunState)
    check(spans_of(state))
