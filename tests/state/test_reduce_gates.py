"""Requests for approval, and what proves a decision (docs/protocol.md#decision-proof)."""

from typing import Any, Literal

import pytest

from powawidget.protocol import events as ev
from powawidget.state import values
from powawidget.state.model import ApprovalPart, RunState, ToolPart
from tests.walk import folded, frame

DENIED = "Error: Blocked by hook — Denied by user: too dear"
EXPIRED = "Error: Blocked by hook — Approval timed out"
START = frame("start", run_id="run_1", session_id="sess_1")


def call(id_: str, name: str = "t", **arguments: Any) -> ev.Event:
    return frame("tool_call", step=1, tool_name=name, arguments=arguments, call_id=id_)


def ask(name: str = "t", **arguments: Any) -> ev.Event:
    return frame("approval_requested", tool_name=name, tool_input=arguments, message="Sure?")


def result(id_: str, text: str = "r", name: str = "t") -> ev.Event:
    return frame("tool_result", step=1, tool_name=name, call_id=id_, result_preview=text)


def hook(event: str = "PreToolUse", status: str = "succeeded", **said: Any) -> ev.Event:
    return frame("hook_result", hook_id="h", hook_event=event, status=status, **said)


def requests(state: RunState) -> list[ApprovalPart]:
    return [part for part in state.parts if isinstance(part, ApprovalPart)]


def decisions(state: RunState) -> list[str]:
    return [part.decision for part in requests(state)]


def calls(state: RunState) -> list[str]:
    return [part.status for part in state.parts if isinstance(part, ToolPart)]


def sent(state: RunState, choice: str, *, by: str = "click") -> ev.Event:
    digests = [part.digest for part in requests(state) if part.decision == "pending"]
    return ev.DecisionMade(digests=digests, choice=choice, by=by, reason=None)


def test_a_request_makes_the_call_and_the_run_wait() -> None:
    state = folded(call("c", n=1), ask(n=1))
    assert (calls(state), decisions(state), state.status) == (["waiting"], ["pending"], "waiting")
    (request,) = requests(state)
    assert (request.call, request.covers, request.message) == (0, "call", "Sure?")


def test_a_request_is_about_the_latest_open_call_of_that_name_and_input() -> None:
    state = folded(call("a", n=1), call("b", n=2), call("c", n=1), call("d", "u", n=1), ask(n=1))
    assert requests(state)[0].call == 2


def test_input_is_compared_by_value() -> None:
    asked = ev.read(
        '{"event": "approval_requested", "tool_name": "t", "tool_input": {"b":2,"a":1}}'
    )
    assert requests(folded(call("c", a=1, b=2), asked))[0].call == 0


@pytest.mark.parametrize(
    ("text", "decision", "status"),
    [
        ("fine", "approved", "done"),
        ("Error: it fell over", "approved", "failed"),
        (DENIED, "denied", "denied"),
        (EXPIRED, "expired", "failed"),
    ],
)
def test_the_result_of_the_call_proves_the_decision(text: str, decision: str, status: str) -> None:
    state = folded(call("c"), ask(), hook(), result("c", text))
    assert (decisions(state), calls(state), state.status) == ([decision], [status], "running")


def test_the_hook_of_a_tool_proves_nothing() -> None:
    assert decisions(folded(call("c"), ask(), hook(), hook(blocked=True))) == ["pending"]


def test_a_second_request_for_the_same_call_proves_the_first() -> None:
    state = folded(call("c", n=1), ask(n=1), ask(n=1))
    assert decisions(state) == ["approved", "pending"]
    assert [request.call for request in requests(state)] == [0, 0]
    assert requests(state)[0].digest != requests(state)[1].digest, "each needs its own decision"
    denied = folded(
        call("c", n=1), ask(n=1), ask(n=1), hook(), hook(blocked=True), result("c", DENIED)
    )
    assert decisions(denied) == ["approved", "denied"]


def test_parallel_requests_are_about_their_own_calls() -> None:
    both = [call("a", n=1), ask(n=1), call("b", n=2), ask(n=2)]
    state = folded(*both)
    assert [request.call for request in requests(state)] == [0, 2]
    answered = folded(*both, result("b"))
    assert decisions(answered) == ["pending", "approved"]
    assert answered.status == "waiting", "the other one still waits"
    assert decisions(folded(*both, result("b"), result("a", EXPIRED))) == ["expired", "approved"]


def test_parallel_requests_with_the_same_input_are_about_two_calls() -> None:
    state = folded(call("a", n=1), ask(n=1), call("b", n=1), ask(n=1))
    assert [request.call for request in requests(state)] == [0, 2]
    assert decisions(state) == ["pending", "pending"]


def test_two_requests_for_two_calls_of_the_same_input_are_no_second_gate() -> None:
    state = folded(call("a", n=1), call("b", n=1), ask(n=1), ask(n=1))
    assert sorted(request.call or 0 for request in requests(state)) == [0, 1]
    assert decisions(state) == ["pending", "pending"]


def test_a_request_with_changed_arguments_is_about_the_only_call_of_its_name() -> None:
    """A hook before the approval has changed them: nothing else of that name is open."""
    state = folded(call("c", n=1), ask(n=2))
    assert (requests(state)[0].call, requests(state)[0].arguments) == (0, '{"n": 2}')
    assert decisions(folded(call("c", n=1), ask(n=2), result("c"))) == ["approved"]
    twice = folded(call("c", n=1), ask(n=2), ask(n=2))
    assert (decisions(twice), requests(twice)[1].call) == (["approved", "pending"], 0)


def test_a_request_that_fits_no_call_stands_alone_until_the_end() -> None:
    both = [call("c", n=1), call("d", n=3)]
    lone = folded(*both, ask(n=2))
    assert requests(lone)[0].call is None
    assert calls(lone) == ["running", "running"]
    ended = folded(*both, ask(n=2), frame("complete", status="completed"))
    assert (decisions(ended), ended.status) == (["undecided"], "completed")
    anew = folded(START, *both, ask(n=2), STEP_TWO)
    assert (decisions(anew), anew.status) == (["superseded"], "running")


@pytest.mark.parametrize(
    ("said", "decision"),
    [
        ({}, "approved"),
        ({"blocked": True}, "denied"),
        ({"status": "timed_out", "blocked": True}, "expired"),
    ],
)
@pytest.mark.parametrize(
    ("asked", "covers", "event"),
    [
        ({}, "answer", "PreResponse"),
        ({"message": "Go"}, "start", "OnRunStart"),
    ],
)
def test_requests_about_the_answer_and_the_start_are_proved_by_their_hook(
    asked: dict[str, str], covers: str, event: str, said: dict[str, Any], decision: str
) -> None:
    state = folded(START, ask("", **asked), hook(event, **said))
    assert (requests(state)[0].covers, decisions(state)) == (covers, [decision])
    assert state.status == "running"


def test_another_hook_proves_nothing_about_the_answer() -> None:
    state = folded(START, ask(""), hook("OnRunStart"), hook("PostToolUse"))
    assert (decisions(state), state.status) == (["pending"], "waiting")


def test_a_message_is_asked_about_only_before_the_first_step() -> None:
    state = folded(START, frame("step_started", step=1), ask("", message="Go"))
    assert requests(state)[0].covers == "answer"


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (frame("complete", status="completed"), "completed"),
        (frame("complete", status="failed"), "failed"),
        (ev.Ended(), "interrupted"),
        (ev.Stopped(message="Stopped by you."), "stopped"),
    ],
)
def test_the_end_closes_every_request(end: ev.Event, status: str) -> None:
    pending = folded(call("c"), ask(), end)
    assert (decisions(pending), pending.status) == (["undecided"], status)
    before = [call("c"), ask()]
    made = sent(folded(*before), "approve")
    assert decisions(folded(*before, made, end)) == ["undecided"], "it never left"
    assert isinstance(made, ev.DecisionMade)
    left = ev.DecisionNoted(digests=made.digests, decision="sending", outcome="On its way.")
    assert decisions(folded(*before, made, left, end)) == ["unknown"], "nobody will know"


def test_a_decision_is_on_its_way_until_the_stream_shows_it() -> None:
    before = [call("c"), ask()]
    made = [*before, sent(folded(*before), "approve")]
    assert (decisions(folded(*made)), folded(*made).status) == (["sending"], "running")
    (request,) = requests(folded(*made, hook(), result("c")))
    assert (request.decision, request.by) == ("approved", "click")


def test_what_the_stream_shows_outweighs_what_was_sent() -> None:
    before = [call("c"), ask()]
    (request,) = requests(folded(*before, sent(folded(*before), "approve"), result("c", DENIED)))
    assert (request.decision, request.by) == ("denied", "elsewhere")
    (late,) = requests(folded(*before, sent(folded(*before), "approve"), result("c", EXPIRED)))
    assert (late.decision, late.by) == ("expired", "deadline")


def test_a_decision_that_was_not_sent_can_be_made_again() -> None:
    before = [call("c"), ask()]
    made = sent(folded(*before), "approve")
    assert isinstance(made, ev.DecisionMade)
    back = ev.DecisionNoted(digests=made.digests, decision="pending", outcome="Not sent.")
    state = folded(*before, made, back)
    assert (decisions(state), state.status) == (["pending"], "waiting")
    assert requests(state)[0].by is None


def test_an_approved_call_runs_until_the_decision_turns_out_not_to_be_sent() -> None:
    before = [call("c"), ask()]
    made = sent(folded(*before), "approve")
    assert calls(folded(*before, made)) == ["running"]
    assert isinstance(made, ev.DecisionMade)
    back = ev.DecisionNoted(digests=made.digests, decision="pending", outcome="Not sent.")
    assert calls(folded(*before, made, back)) == ["waiting"]
    denied = sent(folded(*before), "deny")
    assert calls(folded(*before, denied)) == ["waiting"], "denied calls don't run"


def seconds(*events: ev.Event) -> list[float | None]:
    """How long each call took by itself; events come a second apart."""
    return [each.seconds for each in values.tool_calls_of(folded(*events))]


def test_a_call_s_time_is_without_its_wait_for_a_decision() -> None:
    before = [call("c"), ask()]
    done = timed("c", 5_000)
    here = sent(folded(*before), "approve")
    assert seconds(*before, here, done) == [4.0], "decided here, a second after it was asked"
    assert seconds(*before, hook(latency_ms=4_500), done) == [0.5], "decided elsewhere"
    assert seconds(*before, done) == [4.0], "nobody told when"
    assert seconds(call("c"), done) == [5.0], "nobody was asked"
    for refused in (DENIED, EXPIRED):
        assert seconds(*before, timed("c", 5_000, refused)) == [0.0]


def test_a_call_s_time_begins_when_the_server_has_taken_the_decision() -> None:
    before = [call("c"), ask()]
    made = sent(folded(*before), "approve")
    assert isinstance(made, ev.DecisionMade)

    def told(delivery: Literal["sending", "again", "taken"]) -> ev.Event:
        return ev.DecisionNoted(
            digests=made.digests, decision="sending", outcome="Told.", delivery=delivery
        )

    on_its_way = [told("sending"), told("again"), told("again"), told("taken")]
    assert seconds(*before, made, *on_its_way, timed("c", 6_000)) == [1.0]
    state = folded(*before, made, *on_its_way[:2])
    assert requests(state)[0].delivery == "again"


def test_a_call_with_two_gates_waits_for_both() -> None:
    gates = [call("c"), ask(), ask(), hook(latency_ms=2_000), hook(latency_ms=3_000)]
    assert seconds(*gates, timed("c", 6_000)) == [1.0]


def test_a_hook_s_wait_is_that_of_the_request_that_is_as_old() -> None:
    asked = [call("a", n=1), ask(n=1), call("b", n=2), ask(n=2)]  # at 0, 1, 2 and 3 seconds
    of_first = [*asked, hook(latency_ms=3_000), timed("a", 5_000), timed("b", 4_000)]
    assert seconds(*of_first)[0] == 2.0
    of_second = [*asked, hook(latency_ms=1_000), timed("b", 5_000), timed("a", 4_000)]
    assert seconds(*of_second)[1] == 4.0


def timed(id_: str, milliseconds: int, text: str = "r") -> ev.Event:
    return frame(
        "tool_result",
        step=1,
        tool_name="t",
        call_id=id_,
        result_preview=text,
        duration_ms=milliseconds,
    )


def test_a_digest_names_one_request_of_one_run() -> None:
    base = folded(START, call("c", n=1), ask(n=1))
    others = [
        folded(frame("start", run_id="run_2"), call("c", n=1), ask(n=1)),
        folded(START, call("d", n=1), ask(n=1)),
        folded(START, call("c", n=2), ask(n=2)),
        folded(START, call("c", n=1), frame("content_delta", delta="x"), ask(n=1)),
    ]
    digests = [requests(state)[0].digest for state in [base, *others]]
    assert len(set(digests)) == len(digests)


STEP_TWO = frame("step_started", step=2, is_last_step=False)


def test_the_model_called_anew_supersedes_what_nobody_waits_for() -> None:
    state = folded(START, call("c", n=1), ask(n=1), STEP_TWO)
    assert (decisions(state), state.status) == (["superseded"], "running")
    assert requests(state)[0].by is None


def test_a_result_that_comes_late_still_tells_what_became_of_a_superseded_request() -> None:
    state = folded(START, call("c", n=1), ask(n=1), STEP_TWO, result("c", DENIED))
    assert decisions(state) == ["denied"]


def test_a_decision_on_its_way_when_the_model_is_called_anew_stays_unknown() -> None:
    state = folded(START, call("c", n=1), ask(n=1))
    made = [START, call("c", n=1), ask(n=1), sent(state, "approve"), STEP_TWO]
    (request,) = requests(folded(*made))
    assert (request.decision, request.choice, request.by) == ("unknown", "approve", "click")
    assert decisions(folded(*made, result("c"))) == ["approved"], "what came late is still heard"
    (ended,) = requests(folded(*made, ev.Ended()))
    assert (ended.decision, ended.outcome) == ("unknown", request.outcome)
