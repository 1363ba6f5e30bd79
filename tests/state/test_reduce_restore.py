"""A stored run takes the place of a stream that was cut (docs/protocol.md#stored-run)."""

import json
from pathlib import Path
from typing import Any

import pytest

from powawidget.protocol import events as ev
from powawidget.protocol.graph import listed, read_graph
from powawidget.protocol.stored.execution import logs_of
from powawidget.protocol.stored.run import events_of_stored
from powawidget.state import values
from powawidget.state.model import ApprovalPart, RunState, ToolPart, plain, typed
from powawidget.state.ops import Op, apply
from powawidget.state.reduce import reduce
from tests.walk import BEGIN, FIXTURES, fixtures, folded, frame, outcome, payloads, recordings

CUT = ev.Interrupted(title="The connection was lost", message="Reset.")
STORED: dict[str, Any] = {"run_id": "run_1", "status": "completed", "content": "half rest"}
CALL = {"step": 1, "tool_name": "t", "arguments": {"n": 1}, "call_id": "c"}
RESULT = {"step": 1, "tool_name": "t", "call_id": "c", "result_preview": "r", "duration_ms": 5}
AT = BEGIN + 100


def restored(run: RunState, stored: dict[str, Any]) -> tuple[RunState, list[Op]]:
    """The run with what is stored of it, and the changes that made it."""
    ops = reduce(run, ev.Restored(events=list(events_of_stored(stored))), AT)
    after: RunState = typed(plain(run), RunState)
    apply(after, ops)
    return after, ops


def half(*events: ev.Event) -> RunState:
    return folded(frame("start", run_id="run_1", session_id="sess_1"), *events, CUT)


def delta(text: str) -> ev.Event:
    return frame("content_delta", type="content_delta", delta=text)


def engine(name: str, **fields: Any) -> dict[str, Any]:
    return {"type": name, "seq": 1, **fields}


def test_a_text_goes_on_where_it_stopped() -> None:
    run, ops = restored(half(delta("half ")), STORED)
    assert run.status == "completed"
    assert run.restored
    assert run.error is None
    assert values.text_of(run) == "half rest"
    assert ("append", ("parts", 0, "text"), "rest") in ops
    assert [op for op in ops if op[1][0] == "parts" and op[1][1] == 0] == [
        ("append", ("parts", 0, "text"), "rest")
    ]
    assert run.session_id == "sess_1", "the stored one is the database's: it starts another"


def test_what_is_as_it_was_is_not_written_again() -> None:
    _, ops = restored(half(delta("half "), delta("rest")), STORED)
    assert sorted(".".join(map(str, path)) for _, path, _ in ops) == [
        "ended",
        "error",
        "parts.1",
        "restored",
        "spans.1",
        "status",
    ]


def test_a_text_goes_on_before_a_notice_that_came_after_it() -> None:
    run, _ = restored(half(delta("half "), ev.read("nonsense")), STORED)
    assert [(type(part).__name__, str(getattr(part, "text", ""))) for part in run.parts][:2] == [
        ("TextPart", "half rest"),
        ("NoticePart", "A frame of the stream was skipped: not JSON."),
    ]


def test_another_text_is_written_anew() -> None:
    run, _ = restored(half(delta("half ")), {**STORED, "content": "Something else"})
    assert values.text_of(run) == "Something else"


def test_an_open_card_gets_its_result_and_what_never_came_is_added() -> None:
    second = {**CALL, "call_id": "d"}
    stored = {
        **STORED,
        "reasoning_steps": [{"step": 1, "content": "half "}, {"step": 2, "content": "rest"}],
        "events": [
            engine("step_started", step=1),
            engine("tool_call", **CALL),
            engine("tool_call", **second),
            engine("tool_result", **RESULT),
            engine("tool_result", **{**RESULT, "call_id": "d"}),
            engine("step_started", step=2),
        ],
        "tool_calls": [
            {"step": 1, "tool_name": "t", "arguments": {"n": 1}, "result": "r", "duration_ms": 5}
        ],
        "usage": {"total_tokens": 7},
    }
    cut = half(frame("step_started", step=1), delta("half "), frame("tool_call", **CALL))
    assert [call.status for call in values.tool_calls_of(cut)] == ["interrupted"]
    run, ops = restored(cut, stored)
    calls = values.tool_calls_of(run)
    assert [(call.call_id, call.status, call.result) for call in calls] == [
        ("c", "done", "r"),
        ("d", "done", "r"),
    ]
    assert [type(part).__name__ for part in run.parts] == [
        "TextPart",
        "ToolPart",
        "ToolPart",
        "TextPart",
        "NoticePart",
    ]
    assert (run.usage, run.step) == ({"total_tokens": 7}, 2)
    assert ("parts", 0) not in {tuple(path[:2]) for _, path, _ in ops}


def test_a_card_whose_frames_are_not_stored_gets_the_result_that_is() -> None:
    calls = [{"step": 1, "tool_name": "t", "arguments": {"n": 1}, "result": "r", "duration_ms": 5}]
    cut = half(frame("step_started", step=1), frame("tool_call", **CALL))
    run, _ = restored(cut, {**STORED, "tool_calls": calls})
    (call,) = values.tool_calls_of(run)
    assert (call.status, call.result) == ("done", "r")


def test_a_request_whose_outcome_never_came_is_told() -> None:
    ask = {"tool_name": "t", "tool_input": {"n": 1}, "message": "?"}
    cut = half(
        frame("step_started", step=1),
        frame("tool_call", **CALL),
        frame("approval_requested", **ask),
    )
    assert [one.decision for one in values.approvals_of(cut)] == ["undecided"]
    stored = {
        **STORED,
        "events": [
            engine("step_started", step=1),
            engine("tool_call", **CALL),
            engine("approval_requested", **ask),
            engine("tool_result", **RESULT),
        ],
    }
    run, _ = restored(cut, stored)
    (approval,) = values.approvals_of(run)
    assert (approval.decision, approval.outcome) == ("approved", "The tool ran.")
    part = run.parts[1]
    assert getattr(part, "call", None) == 0
    assert isinstance(run.parts[0], ToolPart)


def test_an_answer_that_a_hook_edited_leaves_nothing_of_what_was_streamed() -> None:
    hook = engine(
        "hook_result", hook_event="PreResponse", status="succeeded", modified=True, blocked=False
    )
    run, _ = restored(half(delta("secret ")), {**STORED, "content": "public", "events": [hook]})
    assert run.edited == "modified"
    assert values.text_of(run) == "public"
    assert "secret" not in json.dumps(plain(run))


def test_reasoning_is_completed() -> None:
    whole = engine("reasoning", step=1, content="I think so.", source="thinking")
    cut = half(
        frame("step_started", step=1),
        frame("reasoning_delta", step=1, source="thinking", delta="I think"),
    )
    run, _ = restored(cut, {**STORED, "events": [engine("step_started", step=1), whole]})
    assert values.reasoning_of(run) == "I think so."


@pytest.mark.parametrize("status", ["completed", "failed", "stopped"])
def test_only_a_run_that_is_interrupted_is_taken_over(status: str) -> None:
    ends = {
        "completed": frame("complete", status="completed", content="mine"),
        "failed": frame("complete", status="failed", error="No.", content="mine"),
        "stopped": ev.Stopped(message="Stopped by you."),
    }
    run = folded(frame("start", run_id="run_1"), delta("mine"), ends[status])
    assert reduce(run, ev.Restored(events=list(events_of_stored(STORED))), AT) == []


def agent_runs() -> list[Path]:
    """Recordings of agents that completed, in the service's own dialect."""
    return [
        path
        for path in [*fixtures(), *recordings(["agent_"])]
        if _is_completed(path) and "documented" not in path.name
    ]


def _is_completed(path: Path) -> bool:
    frames = list(map(ev.read, payloads(path.read_bytes())))
    ends = [event for event in frames if isinstance(event, ev.Completed)]
    begins = [event for event in frames if isinstance(event, ev.Started)]
    return (
        len(begins) == 1
        and len(ends) == 1
        and ends[0].status == "completed"
        and str(begins[0].run_id).startswith("run_")
        and isinstance(frames[-1], ev.Completed)
    )


def as_stored(frames: list[dict[str, Any]]) -> dict[str, Any]:
    """What the service stores of a run: the engine's frames and the terminal event's fields."""
    last = frames[-1]
    kept = [{k: v for k, v in one.items() if k != "event"} for one in frames if "seq" in one]
    return {**last, "events": kept or None, "reasoning_steps": None}


@pytest.mark.parametrize("path", agent_runs(), ids=lambda path: path.stem)
def test_cut_anywhere_a_run_comes_to_what_it_would_have_been(path: Path) -> None:
    events = list(map(ev.read, payloads(path.read_bytes())))
    stored = as_stored([event.raw for event in events if isinstance(event.raw, dict)])
    wanted = outcome(folded(*events))
    step = max(1, len(events) // 40)  # of a long one not every place
    for count in range(1, len(events), step):
        cut = folded(*events[:count], CUT)
        if cut.status == "failed":
            continue  # the server had told why before the line went down
        run, ops = restored(cut, stored)
        came = outcome(run)
        for name in ("status", "text", "usage", "edited"):
            assert came[name] == wanted[name], (count, name)
        assert [call["name"] for call in came["tool_calls"]] == [
            call["name"] for call in wanted["tool_calls"]
        ], count
        assert [(call["status"], call["result"]) for call in came["tool_calls"]] == [
            (call["status"], call["result"]) for call in wanted["tool_calls"]
        ], count
        again = reduce(cut, ev.Restored(events=list(events_of_stored(stored))), AT)
        assert again == ops


ORCHESTRATIONS = sorted((FIXTURES).glob("orchestration_*.stored.json"))


@pytest.mark.parametrize("path", ORCHESTRATIONS, ids=lambda path: path.stem)
def test_cut_anywhere_an_orchestration_becomes_what_is_stored_of_it(path: Path) -> None:
    stream = path.with_name(path.name.replace(".stored.json", ".sse"))
    events = list(map(ev.read, payloads(stream.read_bytes())))
    frames = [event.raw for event in events if isinstance(event.raw, dict)]
    stored = {
        **as_stored(frames),
        **json.loads(path.read_text()),
        "status": "completed",
        "content": "".join(event.text for event in events if isinstance(event, ev.TextDelta)),
    }
    wanted = outcome(folded(*events_of_stored(stored)))
    assert wanted["delegations"]
    assert wanted["text"] or "fails" in path.name
    for count in range(2, len(events), max(1, len(events) // 40)):
        cut = folded(*events[:count], CUT)
        if cut.status != "interrupted":
            break  # the server had told its end
        run, _ = restored(cut, stored)
        came = outcome(run)
        assert came["notices"].pop() == "restored"
        for name in wanted.keys() - {"session_id", "reasoning"}:  # thinking is kept as it came
            assert came[name] == wanted[name], (count, name)
        assert run.restored


def test_who_decided_stays_known_of_an_orchestration() -> None:
    asked = frame(
        "approval_requested",
        type="approval_requested",
        seq=1,
        step=1,
        tool_name="t",
        input={"n": 1},
        hook_event="PreToolUse",
    )
    begin = frame(
        "orchestration_started", type="orchestration_started", strategy="supervisor", name="O"
    )
    cut = folded(frame("start", run_id="orch_run_1"), begin, asked, CUT)
    (request,) = [part for part in cut.parts if isinstance(part, ApprovalPart)]
    request.decision, request.by, request.reason = "approved", "click", "fine"
    kept = {
        "run_id": "orch_run_1",
        "status": "completed",
        "content": "Done.",
        "events": [{"type": "orchestration_started", "strategy": "supervisor", "name": "O"}],
        "child_runs": [],
    }
    run, _ = restored(cut, kept)
    (told_now,) = values.approvals_of(run)
    assert (told_now.decision, told_now.by, told_now.reason) == ("approved", "click", "fine")
    assert values.text_of(run) == "Done."


def as_execution(path: Path) -> dict[str, Any]:
    """What `Workflow.look_up` returns of a fixture."""
    kept = json.loads(path.read_text())
    return {**kept, "graph": read_graph(kept["graph"])}


@pytest.mark.parametrize("graph", [True, False], ids=["graph", "no graph"])
def test_cut_anywhere_an_execution_becomes_what_is_stored_of_it(graph: bool) -> None:
    path = FIXTURES / "workflow_branch.stored.json"
    stored = as_execution(path)
    stored["graph"] = stored["graph"] if graph else None
    events = list(map(ev.read, payloads(path.with_suffix("").with_suffix(".sse").read_bytes())))
    end = next(event for event in events if isinstance(event, ev.WorkflowCompleted))
    output = json.loads(str(next(b.output for b in logs_of(stored).blocks if b.type == "response")))
    row = {"id": end.execution_id, "status": "completed", "output": output}
    stored |= {"execution": row, "status": "completed"}
    known = [ev.GraphKnown(blocks=listed(stored["graph"]))] if graph else []
    wanted = outcome(folded(*known, *events, logs_of(stored)))
    assert wanted["status"] == "completed"
    for count in range(1, events.index(end) + 1):
        named = ev.WorkflowStarted(execution_id=end.execution_id)
        cut = folded(*known, *events[:count], CUT, named)
        assert cut.run_id == end.execution_id
        run, ops = restored(cut, stored)
        came = outcome(run)
        assert came["notices"].pop() == "restored"
        for name in wanted.keys() - {"notices"}:
            if name != "blocks":
                assert came[name] == wanted[name], (count, name)
        for block, same in zip(came["blocks"], wanted["blocks"], strict=True):
            assert {**block, "started": None} == {**same, "started": None}, count
        assert [str(block.text) for block in run.blocks][: len(cut.blocks)] == [
            str(block.text) for block in cut.blocks
        ], "what an agent block said stays"
        assert run.restored
        assert ("blocks",) not in {tuple(path) for _, path, _ in ops}


def test_a_run_over_here_is_named_once() -> None:
    cut = folded(frame("block_start", block_id="b"), CUT)
    cut.kind = "workflow"
    first = reduce(cut, ev.WorkflowStarted(execution_id="e"), AT)
    assert first == [("set", ("run_id",), "e")]
    apply(cut, first)
    assert reduce(cut, ev.WorkflowStarted(execution_id="f"), AT) == []
