"""One decision for each request, never for another one: interleavings against a model server."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powawidget.approvals.deadlines import is_overdue, timeout_of
from powawidget.errors import ConnectionLost, RequestError
from powawidget.state.model import ApprovalPart, NoticePart
from tests.gates import TIMEOUT, Street, until, virtual
from tests.seeds import examples

ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("request"), st.sampled_from("ab")),
        st.tuples(st.just("look"), st.just(0)),
        st.tuples(st.just("click"), st.booleans()),
        st.tuples(st.just("replay"), st.integers(0, 5)),
        st.tuples(st.just("code"), st.booleans()),
        st.tuples(
            st.just("wait"), st.sampled_from([0.001, 0.1, 0.29, 0.31, 1.0, 17.9, 19.0, 25.0])
        ),
        st.tuples(st.just("tool"), st.sampled_from([0.0, 0.1, 6.0])),
        st.tuples(st.just("refuse"), st.integers(1, 10)),
        st.tuples(st.just("fault"), st.sampled_from(["cut", "500", "409", "late", "unsent"])),
        st.tuples(st.just("forge"), st.booleans()),
    ),
    max_size=25,
)
FAULTS: dict[str, Callable[[], Exception]] = {
    "cut": lambda: ConnectionLost("cut", maybe_accepted=True),
    "500": lambda: RequestError("oops", status=500),
    "409": lambda: RequestError("conflict", status=409),
    "late": TimeoutError,
    "unsent": lambda: ConnectionLost("refused", maybe_accepted=False),
}


@settings(max_examples=examples(300, 10_000), suppress_health_check=list(HealthCheck))
@given(ACTIONS)
@pytest.mark.timeout(900)
@virtual
async def test_whatever_happens_a_decision_counts_once_and_only_for_what_was_shown(  # noqa: C901  # one branch for each thing that may happen
    actions: list[tuple[str, Any]],
) -> None:
    street = Street()
    seen: list[str] = []
    clicks: list[tuple[str, list[str]]] = []
    # Which calls somebody has approved, having been shown exactly what was open.
    agreed: set[str] = set()
    taken = 0

    def call_ids(digests: list[str]) -> list[str]:
        parts = street.live.state.parts
        gated = [p.call for p in parts if isinstance(p, ApprovalPart) and p.digest in digests]
        return [parts[call].call_id for call in gated if call is not None]  # type: ignore[union-attr,misc]  # calls

    def decide(choice: Any, by: str, digests: list[str] | None) -> None:
        nonlocal taken
        covered = street.shown() if digests is None else digests
        before = street.shown()
        refused = street.decider.decide(choice, by, None, digests)
        if refused is None:
            taken += 1
            assert sorted(covered) == sorted(before)
            assert street.shown() == []
            if choice == "approve":
                agreed.update(call_ids(covered))

    for action, value in actions:
        if action == "request":
            street.server.request(value)
        elif action == "look":
            seen = street.shown()
        elif action == "click" and seen:
            clicks.append(("approve" if value else "deny", list(seen)))
            decide(*clicks[-1][:1], "click", clicks[-1][1])
            decide(*clicks[-1][:1], "click", clicks[-1][1])
        elif action == "replay" and clicks:
            choice, digests = clicks[value % len(clicks)]
            decide(choice, "click", digests)
        elif action == "code":
            decide("approve" if value else "deny", "code", None)
        elif action == "forge":
            assert street.decider.decide("approve", "click", None, ["0" * 64]) is not None
        elif action == "wait":
            await asyncio.sleep(value)
        elif action == "tool":
            street.server.tool_seconds = value
        elif action == "refuse":
            street.server.refuse = value
        elif action == "fault":
            street.server.fault = FAULTS[value]
    await asyncio.sleep(3 * TIMEOUT)

    assert set(street.server.ran) <= agreed
    assert len(street.server.posts) <= taken
    assert street.server.waiting == []
    parts = [p for p in street.live.state.parts if isinstance(p, ApprovalPart)]
    for part in parts:
        call = street.live.state.parts[part.call]  # type: ignore[index]  # it has one
        ran = call.call_id in street.server.ran  # type: ignore[union-attr]  # a call
        assert (part.decision == "approved") == ran


@virtual
async def test_a_decision_waits_for_the_quiet_after_parallel_requests() -> None:
    street = Street()
    street.server.request("a")
    await asyncio.sleep(0.2)
    assert street.click("approve") is None
    await asyncio.sleep(0.05)
    street.server.request("b")
    await asyncio.sleep(1)
    assert street.server.posts == []
    assert len(street.shown()) == 2
    assert street.click("approve") is None
    await asyncio.sleep(2 * TIMEOUT)
    assert street.server.posts == [(True, ["call-1", "call-2"])]
    assert sorted(street.server.ran) == ["call-1", "call-2"]


@virtual
async def test_a_404_is_answered_with_the_same_decision_until_the_other_process_takes_it() -> None:
    street = Street()
    street.server.request("a")
    await asyncio.sleep(0.5)
    street.server.refuse = 3
    assert street.click("approve") is None
    await asyncio.sleep(5)
    assert street.server.posts == [(True, ["call-1"])]
    assert street.server.ran == ["call-1"]


@pytest.mark.parametrize("fault", ["cut", "500", "409", "late"])
@virtual
async def test_a_lost_decision_is_unknown_until_the_stream_shows_what_happened(fault: str) -> None:
    street = Street()
    street.server.request("a")
    await asyncio.sleep(0.5)
    street.server.fault = FAULTS[fault]
    assert street.click("approve") is None
    await asyncio.sleep(1)
    part = street.live.state.parts[-1]
    assert isinstance(part, ApprovalPart)
    assert part.decision == "unknown"
    assert street.decider.decide("approve", "click", None) is not None
    await asyncio.sleep(2 * TIMEOUT)
    assert part.decision == "expired"
    assert street.server.posts == []


@virtual
async def test_deciding_closes_before_the_deadline() -> None:
    street = Street()
    street.server.request("a")
    await asyncio.sleep(TIMEOUT - 1)
    assert street.click("approve") == "It is too late: the server is about to block the call."
    await asyncio.sleep(2)
    assert street.server.posts == []


@virtual
async def test_a_stop_denies_what_is_open() -> None:
    street = Street()
    street.server.request("a")
    await street.decider.deny_to_stop(0.8)
    assert street.server.posts == [(False, ["call-1"])]
    assert street.server.ran == []


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.1, 0.4])
@pytest.mark.parametrize("count", [1, 3])
@virtual
async def test_a_stop_waits_for_the_proof_of_its_denial(seconds: float, count: int) -> None:
    street = Street()
    street.server.proof_seconds = seconds
    for path in "abc"[:count]:
        street.server.request(path)
    begun = street.time()
    await street.decider.deny_to_stop(0.8)
    assert street.ledger()[-1] == ("denied", "stop")
    assert street.time() - begun < 0.3 + 0.02 + seconds, "not for those that the server holds"


@pytest.mark.parametrize("waits", [0.0, 0.305, 0.35], ids=["not left", "on the wire", "accepted"])
@virtual
async def test_a_stop_right_after_a_denial_waits_for_its_proof(waits: float) -> None:
    street = Street()
    street.server.proof_seconds = 0.1
    street.server.request("a")
    assert street.click("deny") is None
    await asyncio.sleep(waits)
    assert street.decider.has_to_deny
    await street.decider.deny_to_stop(0.8)
    assert [decision for decision, _ in street.ledger()] == ["denied"]
    assert [approved for approved, _ in street.server.posts] == [False]
    assert not street.decider.has_to_deny


@virtual
async def test_a_stop_waits_no_longer_than_its_limit_for_a_proof_that_does_not_come() -> None:
    street = Street()
    street.server.proof_seconds = TIMEOUT
    street.server.request("a")
    begun = street.time()
    await street.decider.deny_to_stop(0.8)
    assert street.ledger() == [("sending", "stop")]
    assert 0.79 < street.time() - begun < 0.85


@virtual
async def test_a_stop_waits_for_no_tool_that_was_approved() -> None:
    street = Street()
    street.server.tool_seconds = 9.0
    street.server.request("a")
    await asyncio.sleep(1)
    assert street.click("approve") is None
    await until(lambda: street.server.posts)
    assert not street.decider.has_to_deny


@virtual
async def test_a_stop_takes_back_an_approval_that_has_not_left_yet() -> None:
    street = Street()
    street.server.request("a")
    await asyncio.sleep(0.05)
    assert street.click("approve") is None
    assert street.decider.requests.pending() == []
    assert street.decider.has_to_deny
    await street.decider.deny_to_stop(0.8)
    assert street.server.posts == [(False, ["call-1"])]
    assert street.ledger() == [("denied", "stop")]


@virtual
async def test_a_stop_denies_a_request_that_came_behind_a_decision() -> None:
    street = Street()
    street.server.tool_seconds = 9.0
    street.server.request("a")
    await asyncio.sleep(1)
    assert street.click("approve") is None
    await asyncio.sleep(0.5)
    street.server.request("b")
    await street.decider.deny_to_stop(0.8)
    assert street.server.posts == [(True, ["call-1"]), (False, ["call-2"])]
    assert street.server.ran == ["call-1"]


@virtual
async def test_a_call_that_still_runs_does_not_hold_up_the_next_decision() -> None:
    street = Street()
    street.server.tool_seconds = 9.0
    street.server.request("a")
    await asyncio.sleep(1)
    assert street.click("approve") is None
    await asyncio.sleep(1)
    street.server.request("b")
    await asyncio.sleep(1)
    assert street.click("deny") is None
    await asyncio.sleep(20)
    assert street.server.posts == [(True, ["call-1"]), (False, ["call-2"])]
    assert street.ledger() == [("approved", "click"), ("denied", "click")]


@virtual
async def test_a_result_that_is_lost_does_not_hold_up_the_next_step() -> None:
    street = Street()
    street.server.tool_seconds = 10 * TIMEOUT
    street.server.request("a")
    await asyncio.sleep(1)
    assert street.click("approve") is None
    await asyncio.sleep(1)
    street.server.say(event="step_started", type="step_started", step=2)
    street.server.request("b")
    assert street.click("approve") is None
    await asyncio.sleep(1)
    assert street.server.posts == [(True, ["call-1"]), (True, ["call-2"])]
    assert street.ledger()[0] == ("unknown", "click")


@virtual
async def test_a_request_that_comes_while_a_decision_is_under_way_waits_for_what_that_did() -> None:
    street = Street()
    street.server.tool_seconds = 2.0
    street.server.request("a")
    await asyncio.sleep(1)
    assert street.click("approve") is None
    await asyncio.sleep(0.1)  # the server has just taken it
    street.server.request("b")
    await asyncio.sleep(0.5)
    assert street.click("deny") == "A decision on an earlier request is still on its way."
    await asyncio.sleep(2)
    assert street.click("deny") is None
    await asyncio.sleep(1)
    assert street.server.posts == [(True, ["call-1"]), (False, ["call-2"])]


@virtual
async def test_a_further_request_opens_those_again_whose_decision_it_clears() -> None:
    """The slot answers the latest at once; for the others it is kept, until one more asks."""
    street = Street()
    street.server.request("a")
    street.server.request("b")
    await asyncio.sleep(1)
    assert street.click("deny") is None
    await asyncio.sleep(1)
    assert street.ledger() == [("sending", "click"), ("denied", "click")]
    street.server.asked = street.time()  # a third of the parallel calls, late
    street.server.request("c")
    assert [decision for decision, _ in street.ledger()] == ["pending", "denied", "pending"]
    await asyncio.sleep(1)
    assert street.click("approve") is None
    await asyncio.sleep(2 * TIMEOUT)
    assert [decision for decision, _ in street.ledger()] == ["approved", "denied", "approved"]
    assert sorted(street.server.ran) == ["call-1", "call-3"]


@virtual
async def test_a_server_that_is_too_busy_for_a_decision_can_be_told_again() -> None:
    street = Street()
    street.server.request("a")
    await asyncio.sleep(1)
    street.server.fault = lambda: RequestError("slow down", status=429, temporary=True)
    assert street.click("approve") is None
    await asyncio.sleep(1)
    assert street.ledger() == [("pending", None)]
    assert street.click("approve") is None
    await asyncio.sleep(1)
    assert street.server.ran == ["call-1"]


# Policies.


@virtual
async def test_a_policy_is_asked_once_about_each_of_several_requests() -> None:
    asked: list[Any] = []

    def allow(approval: Any) -> bool:
        asked.append(approval.arguments)
        return True

    street = Street(allow)
    street.server.request("a")
    await asyncio.sleep(0.01)
    street.server.request("b")
    await street.approved(2)
    assert asked == [{"path": "a"}, {"path": "b"}]
    assert street.server.posts == [(True, ["call-1", "call-2"])]


@virtual
async def test_a_policy_decides_on_the_next_request_while_the_call_before_still_runs() -> None:
    street = Street(lambda _: True)
    street.server.tool_seconds = 9.0
    street.server.request("a")
    await until(lambda: street.server.posts)
    await asyncio.sleep(0.1)
    street.server.request("b")
    await street.approved(2)
    assert street.server.posts == [(True, ["call-1"]), (True, ["call-2"])]
    assert street.ledger() == [("approved", "policy")] * 2


@virtual
async def test_a_policys_decision_that_could_not_be_sent_is_made_again() -> None:
    street = Street(lambda _: True)
    street.server.fault = FAULTS["unsent"]
    street.server.request("a")
    await street.approved(1)
    assert street.server.posts == [(True, ["call-1"])]
    assert not street.decider.asks_person


@virtual
async def test_a_request_that_comes_before_a_policys_next_try_is_decided_with_the_first() -> None:
    street = Street(lambda _: True)
    street.server.fault = FAULTS["unsent"]
    street.server.request("a")
    await until(lambda: street.server.fault is None)
    await asyncio.sleep(0.2)
    street.server.asked = street.time()
    street.server.request("b")
    await street.approved(2)
    assert street.server.posts == [(True, ["call-1", "call-2"])]
    assert not street.decider.asks_person


@virtual
async def test_a_stop_is_no_longer_than_its_limit() -> None:
    street = Street()
    street.server.request("a")
    await asyncio.sleep(1)
    street.server.refuses = lambda: RequestError("not waiting", status=404)
    assert street.click("approve") is None
    await asyncio.sleep(0.1)
    street.server.asked = street.time()
    street.server.request("b")
    begun = street.time()
    await street.decider.deny_to_stop(0.8)
    assert street.time() - begun < 0.85  # of the virtual clock


@virtual
async def test_where_a_policys_decision_never_gets_through_a_person_is_asked() -> None:
    street = Street(lambda _: True)
    street.server.refuses = lambda: ConnectionLost("refused", maybe_accepted=False)
    street.server.request("a")
    await until(lambda: street.decider.asks_person)
    assert street.server.posts == []


@virtual
async def test_a_policy_that_answers_too_late_leaves_it_to_a_person_and_says_so() -> None:
    async def slow(_: Any) -> bool:
        await asyncio.sleep(TIMEOUT - 1)
        return True

    street = Street(slow)
    street.server.request("a")
    await until(lambda: street.decider.asks_person)
    assert street.server.posts == []
    told = [part.text for part in street.live.state.parts if isinstance(part, NoticePart)]
    assert told == [
        "The approval policy's decision came to nothing: "
        "It is too late: the server is about to block the call."
    ]


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt, GeneratorExit, ValueError])
@pytest.mark.parametrize("is_async", [True, False])
@virtual
async def test_a_policy_that_raises_anything_leaves_it_to_a_person(
    raised: type[BaseException], *, is_async: bool
) -> None:
    def fails(_: Any) -> bool:
        raise raised("no")

    async def fails_later(_: Any) -> bool:
        raise raised("no")

    street = Street(fails_later if is_async else fails)
    street.server.request("a")
    await until(lambda: street.decider.asks_person)
    (told,) = [part.text for part in street.live.state.parts if isinstance(part, NoticePart)]
    assert told == f"The approval policy failed: {raised.__name__}: no"
    assert street.server.posts == []


# Deadlines.


@pytest.mark.parametrize(
    ("config", "gates", "expected"),
    [
        ({"timeout": 8}, 0, 8.0),
        ({"timeout": 2.5}, 0, 2.5),
        ({}, 0, 300.0),
        ({"timeout": "soon"}, 0, 300.0),
        ({"timeout": -1}, 0, 300.0),
        ({"timeout": True}, 0, 300.0),
        (None, 0, 300.0),
    ],
)
def test_the_deadline_is_that_of_the_hook(config: Any, gates: int, expected: float) -> None:
    hook = {"type": "approval", "event": "PreToolUse", "matcher": "read", "config": config}
    part = ApprovalPart(tool_name="read")
    assert timeout_of([hook], part, gates) == expected


def test_each_gate_has_the_deadline_of_its_own_hook() -> None:
    hooks = [
        {
            "type": "approval",
            "event": "PreToolUse",
            "matcher": "read",
            "position": 1,
            "config": {"timeout": 20},
        },
        {
            "type": "approval",
            "event": "PreToolUse",
            "matcher": "read",
            "position": 0,
            "config": {"timeout": 10},
        },
        {
            "type": "approval",
            "event": "PreToolUse",
            "matcher": "other",
            "position": 0,
            "config": {"timeout": 1},
        },
        {
            "type": "approval",
            "event": "PreToolUse",
            "matcher": "read",
            "position": 0,
            "enabled": False,
            "config": {"timeout": 2},
        },
        {"type": "webhook", "event": "PreToolUse", "matcher": "read", "config": {"timeout": 3}},
    ]
    part = ApprovalPart(tool_name="read")
    assert [timeout_of(hooks, part, gate) for gate in (0, 1, 2)] == [10.0, 20.0, 20.0]


@virtual
async def test_a_request_is_overdue_when_its_time_is_over() -> None:
    street = Street()
    assert is_overdue(street.live), "nothing is waited for"
    street.server.request("a")
    await asyncio.sleep(TIMEOUT - 1)
    assert not is_overdue(street.live)
    street.server.waiting.clear()  # the line is dead: nothing tells of the end of its time
    await asyncio.sleep(2)
    assert is_overdue(street.live)
