"""Approvals: one decision slot a run, and writes that really happen or don't."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.counterpart import Agent, Call, Calls, Hook, Pause, Say, Tool
from tests.local.service import of, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.counterpart import Script, Turn
    from tests.local.service import Frame, Service

YES = {"approved": True}
NO = {"approved": False, "reason": "not today"}
ESCALATE = "Escalate the overdue orders"


def write(frames: list[Frame]) -> str:
    """Tell how the run's write ended."""
    calls = frames[-1]["tool_calls"]
    return next(call["result"] for call in calls if call["tool_name"] == "database_write")


def seen_after(frames: list[Frame]) -> list[dict]:
    return json.loads(frames[-1]["tool_calls"][-1]["result"])


def test_an_approved_write_really_writes(service: Service) -> None:
    frames = service.run("Operator", ESCALATE, YES)
    changed = json.loads(write(frames))["affected_rows"]
    assert changed > 0
    assert [row["status"] for row in seen_after(frames)] == ["escalated"]
    assert seen_after(frames)[0]["orders"] == changed


def test_a_denied_write_does_not_write(service: Service) -> None:
    frames = service.run("Operator", ESCALATE, NO)
    assert write(frames) == "Error: Blocked by hook \u2014 Denied by user: not today"
    assert [row["status"] for row in seen_after(frames)] == ["open"]
    blocked = next(f for f in of(frames, "tool_result") if f["tool_name"] == "database_write")
    assert "result_meta" not in blocked
    assert frames[-1]["status"] == "completed"


def test_an_expired_write_does_not_write(serve: Callable) -> None:
    service: Service = serve(deadlines={"Operator (short deadline)": 0.05})
    frames = service.run("Operator (short deadline)", ESCALATE)
    assert write(frames) == "Error: Blocked by hook \u2014 Approval timed out"
    hook = of(frames, "hook_result")[0]
    assert (hook["status"], hook["blocked"]) == ("timed_out", True)
    assert [row["status"] for row in seen_after(frames)] == ["open"]


def test_the_frames_of_a_gated_call_come_in_order(service: Service) -> None:
    frames = service.run("Operator", ESCALATE, YES)
    at = next(n for n, frame in enumerate(frames) if frame["event"] == "approval_requested")
    assert [f["event"] for f in frames[at - 1 : at + 3]] == [
        "tool_call",
        "approval_requested",
        "hook_result",
        "tool_result",
    ]
    assert frames[at]["message"] == "Writes need a person."
    assert frames[at]["tool_input"] == frames[at - 1]["arguments"]


def test_edited_input_is_ignored(service: Service) -> None:
    edited = {"arguments": {}, "tool_input": {}, "modified_input": {"table": "products"}}
    frames = service.run("Operator", "Raise the price", YES | edited)
    asked = of(frames, "approval_requested")[0]["tool_input"]
    calls = [c for c in frames[-1]["tool_calls"] if c["tool_name"] == "database_write"]
    assert calls[0]["arguments"] == asked


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({}, "Request body must include 'approved' (boolean)"),
        ({"approved": 1}, "'approved' must be a boolean"),
        ({"approved": "yes"}, "'approved' must be a boolean"),
        ({"approved": None}, "'approved' must be a boolean"),
    ],
)
def test_a_bad_decision_is_refused(service: Service, body: dict, error: str) -> None:
    answer = service.decide("run_nope", **body)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_a_run_that_does_not_wait_is_not_found(service: Service) -> None:
    done = service.run("Operator", ESCALATE, YES)[0]["run_id"]
    plain = service.run("Writer", "haiku")[0]["run_id"]
    for run_id in ("run_nope", done, plain):
        answer = service.decide(run_id, approved=True)
        assert answer.status_code == 404
        assert answer.json() == {"error": "Run not found or not waiting for approval"}


def test_a_decision_before_the_request_is_stored_and_discarded(serve: Callable) -> None:
    def wait_and_ask(_turn: Turn) -> Script:
        yield Pause(60)
        yield Calls(Call("write", {}))

    agent = Agent(
        "Waiting",
        wait_and_ask,
        (Tool("write", lambda _: "written", read_only=False),),
        (Hook("PreToolUse", timeout=0.05),),
    )
    service: Service = serve(agents=[agent])
    frames = []
    with service.stream("Waiting", "x") as stream:
        for frame in stream:
            frames.append(frame)
            if len(frames) == 1:
                assert service.decide(frame["run_id"], **YES).json() == {"status": "resumed"}
    result = of(frames, "tool_result")[0]["result_preview"]
    assert result == "Error: Blocked by hook \u2014 Approval timed out"


def test_a_second_decision_is_answered_200_and_changes_nothing(serve: Callable) -> None:
    # As slow as for a reader: the run must not be over before the second decision comes.
    service: Service = serve(tokens_per_second=60)
    frames = []
    with service.stream("Operator", ESCALATE) as stream:
        for frame in stream:
            frames.append(frame)
            if frame["event"] == "approval_requested":
                assert service.decide(frames[0]["run_id"], **NO).status_code == 200
            if frame["event"] == "hook_result":
                assert service.decide(frames[0]["run_id"], **YES).status_code == 200
                break
        frames += stream
    assert "Denied by user" in write(frames)


@pytest.mark.parametrize(
    ("decision", "result"),
    [(YES, '[{"region"'), (NO, "Error: Blocked by hook \u2014 Denied by user: not today")],
)
def test_one_decision_covers_two_open_reads_the_older_at_its_deadline(
    serve: Callable, decision: dict, result: str
) -> None:
    service: Service = serve(deadlines={"Operator (parallel reads)": 1.0})
    frames = service.run("Operator (parallel reads)", "North and South", None, decision)
    asked = of(frames, "tool_call", "approval_requested")
    assert [frame["event"] for frame in asked] == ["tool_call", "approval_requested"] * 2
    first, second = (frame["call_id"] for frame in of(frames, "tool_call"))
    results = of(frames, "tool_result")
    assert [frame["call_id"] for frame in results] == [second, first]
    assert all(frame["result_preview"].startswith(result) for frame in results)
    assert [hook["status"] for hook in of(frames, "hook_result")] == ["succeeded"] * 2


def test_two_open_reads_that_nobody_answers_expire(serve: Callable) -> None:
    service: Service = serve(deadlines={"Operator (parallel reads)": 0.05})
    frames = service.run("Operator (parallel reads)", "North and South")
    assert [hook["status"] for hook in of(frames, "hook_result")] == ["timed_out"] * 2


def test_a_later_request_discards_the_decision_an_older_one_waits_for(serve: Callable) -> None:
    """One call has a second gate: its request comes after the decision, and clears it."""
    hooks = (
        Hook("PreToolUse", matcher="read_a", timeout=1.0),
        Hook("PreToolUse", matcher="read_b", timeout=1.0),
        Hook("PreToolUse", matcher="read_b", timeout=0.05),
    )

    def ask(_turn: Turn) -> Script:
        yield Calls(Call("read_a", {}), Call("read_b", {}))

    tools = tuple(Tool(name, lambda _: "read") for name in ("read_a", "read_b"))
    service: Service = serve(agents=[Agent("Two", ask, tools, hooks)])
    frames = service.run("Two", "x", None, YES)
    results = {f["tool_name"]: f["result_preview"] for f in of(frames, "tool_result")}
    expired = "Error: Blocked by hook \u2014 Approval timed out"
    assert results == {"read_a": expired, "read_b": expired}


def test_two_gates_ask_twice_and_tell_their_results_after_both(service: Service) -> None:
    frames = service.run("Operator (two gates)", ESCALATE, YES, YES)
    gates = of(frames, "approval_requested", "hook_result")
    assert [(f["event"], f.get("position")) for f in gates] == [
        ("approval_requested", None),
        ("approval_requested", None),
        ("hook_result", 0),
        ("hook_result", 1),
    ]
    assert gates[0]["tool_input"] == gates[1]["tool_input"]
    assert json.loads(write(frames))["affected_rows"] > 0


def test_the_second_gate_may_deny_what_the_first_approved(service: Service) -> None:
    frames = service.run("Operator (two gates)", ESCALATE, YES, NO)
    assert [hook["blocked"] for hook in of(frames, "hook_result")] == [False, True]
    assert "Denied by user" in write(frames)


def test_the_first_gates_denial_is_the_last_word(service: Service) -> None:
    frames = service.run("Operator (two gates)", ESCALATE, NO)
    assert len(of(frames, "approval_requested")) == len(of(frames, "hook_result")) == 1


def test_two_writes_of_a_step_ask_one_after_the_other(service: Service) -> None:
    frames = service.run("Operator", "Escalate the overdue orders and raise the price", NO, YES)
    writes = [c for c in frames[-1]["tool_calls"] if c["tool_name"] == "database_write"]
    assert [call["result"].startswith("Error: ") for call in writes] == [True, False]
    assert writes[0]["step"] == writes[1]["step"]
    assert "## Partly done" in frames[-1]["content"]


def test_an_answer_that_is_denied_is_blocked(service: Service) -> None:
    frames = service.run("Operator (reviewed answers)", "Overdue?", NO)
    asked = of(frames, "approval_requested")[0]
    assert (asked["tool_name"], asked["tool_input"]) == ("", {})
    hook = of(frames, "hook_result")[0]
    assert (hook["hook_event"], hook["blocked"]) == ("PreResponse", True)
    blocked = "[Response blocked: Denied by user: not today]"
    assert [frames[-2]["content"], frames[-1]["content"]] == [blocked, blocked]
    assert frames[-1]["status"] == "completed"


def test_an_answer_that_is_approved_stays(service: Service) -> None:
    frames = service.run("Operator (reviewed answers)", "Overdue?", YES)
    text = "".join(frame["delta"] for frame in of(frames, "content_delta"))
    assert frames[-1]["content"] == text


def test_a_run_that_is_denied_fails_before_its_first_step(service: Service) -> None:
    frames = service.run("Operator (reviewed runs)", "Overdue?", NO)
    asked = of(frames, "approval_requested")[0]
    assert (asked["tool_name"], asked["tool_input"]) == ("", {"message": "Overdue?"})
    assert of(frames, "step_started") == []
    assert (frames[-1]["status"], frames[-1]["error"]) == ("failed", "Denied by user: not today")
    assert service.run("Operator (reviewed runs)", "Overdue?", YES)[-1]["status"] == "completed"


def test_the_hooks_tell_their_deadlines(serve: Callable) -> None:
    service: Service = serve(
        agents=[Agent("Default", lambda _: iter(()), (), (Hook("PreToolUse"),))]
    )  # type: ignore[arg-type,return-value]  # of any kind

    def hooks(name: str) -> list[dict]:
        return service.get(f"/api/agents/{service.agents[name]}/hooks")["hooks"]

    assert [hook["config"].get("timeout") for hook in hooks("Operator")] == [300, 20]
    assert [hook["config"].get("timeout") for hook in hooks("Operator (short deadline)")] == [8]
    assert "timeout" not in hooks("Default")[0]["config"]
    assert [hook["position"] for hook in hooks("Operator (two gates)")] == [0, 1]
    assert hooks("Analyst") == []


def test_a_waiting_run_tells_nothing_of_itself(service: Service) -> None:
    with service.stream("Operator", ESCALATE) as stream:
        run_id = next(stream)["run_id"]
        next(frame for frame in stream if frame["event"] == "approval_requested")
        stored = service.get(f"/api/agents/runs/{run_id}")
        assert (stored["status"], stored["content"], stored["events"]) == ("running", "", None)
        service.decide(run_id, **NO)
        for _ in stream:
            pass


@pytest.mark.parametrize(
    ("first", "came_to"),
    [
        ("One, ", ("completed", "One,  three.", None)),
        ("", ("failed", "two, three.", "Unknown error \u2014 no output from agent")),
    ],
)
def test_an_agent_without_tools_goes_on_alone_and_loses_a_token(
    serve: Callable, first: str, came_to: object
) -> None:
    """The one at the place of the cut; before its first token none is lost, but it has failed."""

    def slow(_turn: Turn) -> Script:
        if first:
            yield Say(first)
        yield Pause(30)
        for word in ("two, ", "three."):
            yield Say(word)
            yield Pause(5)

    service: Service = serve(agents=[Agent("Slow", slow)])
    with service.stream("Slow", "x") as stream:
        run_id = next(stream)["run_id"]
        if first:
            next(stream)
    until(lambda: service.server.open_streams == 0)
    path = f"/api/agents/runs/{run_id}"
    stored = until(lambda: (run := service.get(path))["status"] != "running" and run)
    assert (stored["status"], stored["content"], stored["error"]) == came_to


def test_an_agent_with_tools_fails_at_its_next_write_but_its_tool_finishes(
    serve: Callable,
) -> None:
    ran = []

    def use(_turn: Turn) -> Script:
        yield Calls(Call("slow", {"n": 1}, 40), Call("slow", {"n": 2}, 10))
        yield Calls(Call("slow", {"n": 3}))

    def note(arguments: dict) -> str:
        ran.append(arguments["n"])
        return "done"

    tools = (Tool("slow", note, read_only=False),)
    service: Service = serve(agents=[Agent("Slow", use, tools)])
    with service.stream("Slow", "x") as stream:
        run_id = next(stream)["run_id"]
        next(frame for frame in stream if frame["event"] == "tool_call")
    until(lambda: service.server.open_streams == 0)
    path = f"/api/agents/runs/{run_id}"
    assert service.get(path)["status"] == "running"
    stored = until(lambda: (run := service.get(path))["status"] != "running" and run)
    assert stored["status"] == "failed"
    assert stored["error"] == "Client disconnected before LLM streaming started"
    assert (stored["content"], stored["events"]) == ("", None)
    until(lambda: ran == [1, 2])
    messages = service.get(f"/api/sessions/{service_session(service, 'Slow')}/messages")
    assert messages["messages"] == []


def service_session(service: Service, agent: str) -> str:
    return service.get(f"/api/agents/{service.agents[agent]}/sessions")["sessions"][0]["session_id"]


def test_an_approval_stays_answerable_after_the_client_has_gone_and_then_really_writes(
    serve: Callable,
) -> None:
    service: Service = serve(keepalive_seconds=0.02)
    with service.stream("Operator", ESCALATE) as stream:
        run_id = next(stream)["run_id"]
        next(frame for frame in stream if frame["event"] == "approval_requested")
    path = f"/api/agents/runs/{run_id}"
    until(lambda: service.get(path)["status"] == "failed")
    assert service.decide(run_id, **YES).json() == {"status": "resumed"}
    until(lambda: service.decide(run_id, **YES).status_code == 404)
    again = service.run("Operator", "Escalate the overdue orders", NO)
    ids = set(of(again, "approval_requested")[0]["tool_input"]["where"]["id"])
    assert ids  # others are overdue still, not those that were escalated
    escalated = service.run("Operator (reviewed answers)", "Overdue?", YES)[-1]["content"]
    assert all(f"| {number} |" in escalated for number in ids)
    assert service.get(path)["status"] == "failed"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "Prices are fixed until January.",
            "A person denied it: Prices are fixed until January. The rows",
        ),
        ("not today", "A person denied it: not today. The rows"),
        ("Why now?", "A person denied it: Why now? The rows"),
        ("Nein!  ", "A person denied it: Nein! The rows"),
        ("\u4ef7\u683c\u5df2\u5b9a\u3002", "\u5df2\u5b9a\u3002 The rows"),
        (None, "A person denied it. The rows"),
    ],
)
def test_a_reason_that_is_a_sentence_ends_once(
    service: Service, reason: str | None, said: str
) -> None:
    frames = service.run("Operator", "Raise the price", {"approved": False, "reason": reason})
    assert said in frames[-1]["content"]
    assert ".." not in frames[-1]["content"].replace("...", "")
