"""A stored run, told again as events (docs/protocol.md#stored-run)."""

from typing import Any

import pytest

from powawidget.protocol.stored.run import events_of_stored, question_of
from tests.walk import outcome, walk

CALL = {"type": "tool_call", "step": 1, "tool_name": "t", "arguments": {"n": 1}, "call_id": "c"}
RESULT = {
    "type": "tool_result",
    "step": 1,
    "tool_name": "t",
    "call_id": "c",
    "result_preview": "x" * 200,
    "duration_ms": 5,
}
STORED: dict[str, Any] = {
    "run_id": "run_1",
    "session_id": "6f1c0a4e-1111-4222-8333-944455566677",
    "status": "completed",
    "content": "Look: done.",
    "error": None,
    "usage": {"total_tokens": 4},
    "reasoning_steps": [{"step": 1, "content": "Look: "}, {"step": 2, "content": "done."}],
    "events": [
        {"type": "step_started", "step": 1},
        CALL,
        RESULT,
        {"type": "step_completed", "step": 1},
        {"type": "step_started", "step": 2},
        {"type": "step_completed", "step": 2},
    ],
    "tool_calls": [
        {"step": 1, "tool_name": "t", "arguments": {"n": 1}, "result": "x" * 300, "duration_ms": 5}
    ],
}


def came_to(stored: dict[str, Any]) -> dict[str, Any]:
    return outcome(walk(events_of_stored(stored)).state)


def test_a_stored_run_folds_like_a_live_one() -> None:
    assert came_to(STORED) == {
        "status": "completed",
        "text": "Look: done.",
        "reasoning": "",
        "tool_calls": [
            {
                "name": "t",
                "status": "done",
                "arguments": {"n": 1},
                "result": "x" * 300,
                "asked": None,
            }
        ],
        "approvals": [],
        "notices": [],
        "error": None,
        "edited": None,
        "usage": {"total_tokens": 4},
        "run_id": "run_1",
        "session_id": "6f1c0a4e-1111-4222-8333-944455566677",
    }


def test_the_text_of_each_step_stands_before_its_cards() -> None:
    parts = [type(part).__name__ for part in walk(events_of_stored(STORED)).state.parts]
    assert parts == ["TextPart", "ToolPart", "TextPart"]


def test_steps_that_do_not_make_up_the_answer_are_left_out() -> None:
    assert came_to({**STORED, "content": "Another answer."})["text"] == "Another answer."


def test_a_failed_run_says_why() -> None:
    failed = came_to({"run_id": "r", "status": "failed", "content": "", "error": "No."})
    assert (failed["status"], failed["error"]["message"]) == ("failed", "No.")


@pytest.mark.parametrize("status", ["running", "pending", None, 7])
def test_a_run_that_is_not_over_is_interrupted_and_says_so(status: object) -> None:
    told = came_to({"run_id": "r", "status": status, "content": "", "events": None})
    assert told["status"] == "interrupted"
    assert told["error"]["title"] == "The run isn't over at the server"


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"events": "none"},
        {"events": [None, 7, {"type": "weather"}, {}]},
        {"reasoning_steps": [None, {"step": "1"}, {"step": 1, "content": 5}]},
        {"content": ["a"], "status": "completed"},
        {"tool_calls": {"a": 1}, "usage": [], "status": "completed"},
    ],
)
def test_odd_answers_are_no_obstacle(odd: dict[str, Any]) -> None:
    assert came_to(odd)["status"] in {"completed", "interrupted"}


@pytest.mark.parametrize(
    ("messages", "question"),
    [
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "a"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": "c"}], "c"),
        ([{"role": "user", "content": [{"type": "text"}]}], ""),
        (None, ""),
    ],
)
def test_the_question_is_the_last_message_of_the_user(messages: object, question: str) -> None:
    assert question_of({"input_messages": messages}) == question


@pytest.mark.parametrize("kind", ["agent", "orchestration", "workflow"])
def test_only_of_an_orchestration_it_is_said_that_it_may_stay_at_work(kind: str) -> None:
    stored: dict[str, Any] = {"run_id": "r", "status": "running"}
    if kind == "orchestration":
        stored |= {"events": [], "child_runs": []}
    elif kind == "workflow":
        stored |= {"execution": {"id": "r", "status": "running"}, "block_logs": [], "graph": None}
    error = walk(events_of_stored(stored)).state.error
    assert error is not None
    stays = " One whose stream was cut stays so for ever." if kind == "orchestration" else ""
    assert error.hint == f"Look it up again later.{stays}"
