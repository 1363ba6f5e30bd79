"""The machine's clock may be set while a run goes on: nothing took less than no time."""

import json
import time

import pytest

from powawidget.approvals.deadlines import is_overdue
from powawidget.live.run import Live
from powawidget.state import values
from powawidget.state.model import ApprovalPart, RunState, ToolPart

HOUR = 3600.0
CALL = {"step": 1, "tool_name": "t", "call_id": "c"}
FRAMES = [
    {"event": "start", "run_id": "run_1", "session_id": "sess_1"},
    {"event": "tool_call", **CALL, "arguments": {}},
    {"event": "approval_requested", "tool_name": "t", "tool_input": {}, "message": ""},
]
REST = [
    {"event": "tool_result", **CALL, "result_preview": "r"},
    {"event": "complete", "run_id": "run_1", "status": "completed", "content": ""},
]


@pytest.mark.parametrize("jump", [-HOUR, HOUR])
def test_a_clock_that_is_set_changes_no_duration_and_no_deadline(
    monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    live, there = Live(RunState()), time.time
    for frame in FRAMES:
        live.receive(json.dumps(frame))
    (request,) = [part for part in live.state.parts if isinstance(part, ApprovalPart)]
    monkeypatch.setattr(time, "time", lambda: there() + jump)
    assert not is_overdue(live), "the server still waits"
    assert 0 <= live.clock() - request.asked_at < 100
    for frame in REST:
        live.receive(json.dumps(frame))
    (call,) = [part for part in live.state.parts if isinstance(part, ToolPart)]
    assert 0 <= (call.seconds or 0.0) < 100
    assert 0 <= (values.seconds_of(live.state) or 0.0) < 100


def test_a_run_whose_stored_end_is_before_its_begin_took_no_time() -> None:
    assert values.seconds_of(RunState(started=HOUR, ended=1.0)) == 0
