"""What a run called, of recordings."""

import powawidget as pw
from powawidget.comparison.steps import Step, steps_of
from powawidget.state.model import Block, DelegationPart, RunState, ToolPart
from tests.walk import ROOT

RECORDINGS = sorted((ROOT / "tests/fixtures/recordings").rglob("*.sse"))


def test_tools_come_in_their_order_with_their_own_time() -> None:
    state = RunState(
        parts=[
            ToolPart(name="query", status="done", seconds=9.0, waited=8.5),
            ToolPart(name="write", status="running", started=100.0),
        ]
    )
    assert steps_of(state) == [
        Step(kind="tool", name="query", status="done", seconds=0.5),
        Step(kind="tool", name="write", status="running", since=100.0),
    ]


def test_a_supervisors_call_is_told_by_the_agent_it_stands_for() -> None:
    state = RunState(
        kind="orchestration",
        parts=[
            ToolPart(name="delegate_to_billing", status="done"),
            DelegationPart(agent="billing", call=0, status="done", seconds=3.0),
            ToolPart(name="query", status="done", within=1),
        ],
    )
    assert [step.label for step in steps_of(state)] == ["agent billing", "tool query"]


def test_blocks_that_did_not_run_are_no_steps() -> None:
    state = RunState(
        kind="workflow",
        blocks=[
            Block(id="1", name="Start", status="done"),
            Block(id="2", name="Alarm", status="skipped"),
            Block(id="3", name="Report", status="failed"),
            Block(id="4", name="Mail", status="not_reached"),
        ],
    )
    assert [(step.name, step.status) for step in steps_of(state)] == [
        ("Start", "done"),
        ("Report", "failed"),
    ]


def test_every_recording_has_its_calls() -> None:
    assert len(RECORDINGS) > 5
    told = 0
    for path in RECORDINGS:
        run = pw.replay(path)
        assert isinstance(run, pw.Run)
        steps = steps_of(run._live.state)
        told += len(steps)
        assert all(step.name or step.kind == "agent" for step in steps)
        if run.status == "completed":
            assert not [step for step in steps if step.status in {"running", "waiting"}]
    assert told > 20
