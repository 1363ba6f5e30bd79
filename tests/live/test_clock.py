"""The machine's clock may be set while a run goes on: nothing took less than no time."""

import json
import os
import subprocess
import sys

from powawidget.state import values
from powawidget.state.model import RunState
from tests.chaos import WATCHDOG
from tests.walk import ROOT

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


# The clock is replaced before anything has taken hold of it.
PROGRAM = """
import time
there, jump = time.time, 0.0
time.time = lambda: there() + jump
import json
from powawidget.approvals.deadlines import is_overdue
from powawidget.live.run import Live
from powawidget.state import values
from powawidget.state.model import ApprovalPart, RunState, ToolPart
from tests.live.test_clock import FRAMES, HOUR, REST

for further in (-HOUR, HOUR):
    live = Live(RunState())
    for frame in FRAMES:
        live.receive(json.dumps(frame))
    jump += further
    (request,) = [part for part in live.state.parts if isinstance(part, ApprovalPart)]
    waited, overdue = live.clock() - request.asked_at, is_overdue(live)
    for frame in REST:
        live.receive(json.dumps(frame))
    (call,) = [part for part in live.state.parts if isinstance(part, ToolPart)]
    print(json.dumps([overdue, waited, call.seconds, values.seconds_of(live.state)]))
"""


def test_a_clock_that_is_set_changes_no_duration_and_no_deadline() -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
        timeout=WATCHDOG,
    ).stdout.splitlines()
    assert len(told) == 2
    for overdue, *seconds in map(json.loads, told):
        assert not overdue, "the server still waits"
        assert all(0 <= each < 1000 for each in seconds)


def test_a_run_whose_stored_end_is_before_its_begin_took_no_time() -> None:
    assert values.seconds_of(RunState(started=HOUR, ended=1.0)) == 0
