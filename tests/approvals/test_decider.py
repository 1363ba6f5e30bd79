"""One decision for each request, never for another one: interleavings against a model server."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powawidget.approvals.deadlines import is_overdue, timeout_of
from powawidget.errors import ConnectionLost, RequestError
from powawidget.state.model import ApprovalPart, NoticePart
from tests.gates import TIMEOUT, GatedRun, until, virtual
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
    gated = GatedRun()
    seen: list[str] = []
    clicks: list[tuple[str, list[str]]] = []
    # Which calls somebody has approved, having been shown exactly what was open.
    agreed: set[str] = set()
    taken = 0

    def call_ids(digests: list[str]) -> list[str]:
        parts = gated.live.state.parts
        calls = [p.call for p in parts if isinstance(p, ApprovalPart) and p.digest in digests]
        return [parts[call].call_id for call in calls if call is not None]  # type: ignore[union-attr,misc]  # calls

    def decide(choice: Any, by: str, digests: list[str] | None) -> None:
        nonlocal taken
        covered = gated.shown() if digests is None else digests
        before = gated.shown()
        refused = gated.decider.decide(choice, by, None, digests)
        if refused is None:
            taken += 1
            assert sorted(covered) == sorted(before)
            assert gated.shown() == []
            if choice == "approve":
                agreed.update(call_ids(covered))

    for action, value in actions:
        if action == "request":
            gated.server.request(value)
        elif action == "look":
            seen = gated.shown()
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
            assert gated.decider.decide("approve", "click", None, ["0" * 64]) is not None
        elif action == "wait":
            await asyncio.sleep(value)
        elif action == "tool":
            gated.server.tool_seconds = value
        elif action == "refuse":
            gated.server.refuse = value
        elif action == "fault":
            gated.server.fault = FAULTS[value]
    await asyncio.sleep(3 * TIMEOUT)

    assert set(gated.server.ran) <= agreed
    assert len(gated.server.posts) <= taken
    assert gated.server.waiting == []
    parts = [p for p in gated.live.state.parts if isinstance(p, ApprovalPart)]
    for part in parts:
        call = gated.live.state.parts[part.call]  # type: ignore[index]  # it has one
        ran = call.call_id in gated.server.ran  # type: ignore[union-attr]  # a call
        assert (part.decision == "approved") == ran


@virtual
async def test_a_decision_waits_for_the_quiet_after_parallel_requests() -> None:
    gated = GatedRun()
    gated.server.request("a")
    await asyncio.sleep(0.2)
    assert gated.click("approve") is None
    await asyncio.sleep(0.05)
    gated.server.request("b")
    await asyncio.sleep(1)
    assert gated.server.posts == []
    assert len(gated.shown()) == 2
    assert gated.click("approve") is None
    await asyncio.sleep(2 * TIMEOUT)
    assert gated.server.posts == [(True, ["call-1", "call-2"])]
    assert sorted(gated.server.ran) == ["call-1", "call-2"]


@virtual
async def test_a_404_is_answered_with_the_same_decision_until_the_other_process_takes_it() -> None:
    gated = GatedRun()
    gated.server.request("a")
    await asyncio.sleep(0.5)
    gated.server.refuse, gated.server.tool_seconds = 3, 1.0
    assert gated.click("approve") is None
    said = [gated.delivery()]
    for _ in range(500):
        await asyncio.sleep(0.01)
        said.append(gated.delivery())
    assert [each for each, _ in itertools.groupby(said)] == ["sending", "again", "taken"]
    assert gated.server.posts == [(True, ["call-1"])]
    assert gated.server.ran == ["call-1"]


@pytest.mark.parametrize("fault", ["cut", "500", "409", "late"])
@virtual
async def test_a_lost_decision_is_unknown_until_the_stream_shows_what_happened(fault: str) -> None:
    gated = GatedRun()
    gated.server.request("a")
    await asyncio.sleep(0.5)
    gated.server.fault = FAULTS[fault]
    assert gated.click("approve") is None
    await asyncio.sleep(1)
    part = gated.live.state.parts[-1]
    assert isinstance(part, ApprovalPart)
    assert part.decision == "unknown"
    assert gated.decider.decide("approve", "click", None) is not None
    await asyncio.sleep(2 * TIMEOUT)
    assert part.decision == "expired"
    assert gated.server.posts == []


@virtual
async def test_deciding_closes_before_the_deadline() -> None:
    gated = GatedRun()
    gated.server.request("a")
    await asyncio.sleep(TIMEOUT - 1)
    assert gated.click("approve") == "It is too late: the server is about to block the call."
    await asyncio.sleep(2)
    assert gated.server.posts == []


@virtual
async def test_a_stop_denies_what_is_open() -> None:
    gated = GatedRun()
    gated.server.request("a")
    await gated.decider.deny_to_stop(0.8)
    assert gated.server.posts == [(False, ["call-1"])]
    assert gated.server.ran == []


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.1, 0.4])
@pytest.mark.parametrize("count", [1, 3])
@virtual
async def test_a_stop_waits_for_the_proof_of_its_denial(seconds: float, count: int) -> None:
    gated = GatedRun()
    gated.server.proof_seconds = seconds
    for path in "abc"[:count]:
        gated.server.request(path)
    begun = gated.time()
    await gated.decider.deny_to_stop(0.8)
    assert gated.ledger()[-1] == ("denied", "stop")
    assert gated.time() - begun < 0.3 + 0.02 + seconds, "not for those that the server holds"


@pytest.mark.parametrize("waits", [0.0, 0.305, 0.35], ids=["not left", "on the wire", "accepted"])
@virtual
async def test_a_stop_right_after_a_denial_waits_for_its_proof(waits: float) -> None:
    gated = GatedRun()
    gated.server.proof_seconds = 0.1
    gated.server.request("a")
    assert gated.click("deny") is None
    await asyncio.sleep(waits)
    assert gated.decider.has_to_deny
    await gated.decider.deny_to_stop(0.8)
    assert [decision for decision, _ in gated.ledger()] == ["denied"]
    assert [approved for approved, _ in gated.server.posts] == [False]
    assert not gated.decider.has_to_deny


@virtual
async def test_a_stop_waits_no_longer_than_its_limit_for_a_proof_that_does_not_come() -> None:
    gated = GatedRun()
    gated.server.proof_seconds = TIMEOUT
    gated.server.request("a")
    begun = gated.time()
    await gated.decider.deny_to_stop(0.8)
    assert gated.ledger() == [("sending", "stop")]
    assert 0.79 < gated.time() - begun < 0.85


@virtual
async def test_a_stop_waits_for_no_tool_that_was_approved() -> None:
    gated = GatedRun()
    gated.server.tool_seconds = 9.0
    gated.server.request("a")
    await asyncio.sleep(1)
    assert gated.click("approve") is None
    await until(lambda: gated.server.posts)
    assert not gated.decider.has_to_deny


@virtual
async def test_a_stop_takes_back_an_approval_that_has_not_left_yet() -> None:
    gated = GatedRun()
    gated.server.request("a")
    await asyncio.sleep(0.05)
    assert gated.click("approve") is None
    assert gated.decider.requests.pending() == []
    assert gated.decider.has_to_deny
    await gated.decider.deny_to_stop(0.8)
    assert gated.server.posts == [(False, ["call-1"])]
    assert gated.ledger() == [("denied", "stop")]


@virtual
async def test_a_stop_denies_a_request_that_came_behind_a_decision() -> None:
    gated = GatedRun()
    gated.server.tool_seconds = 9.0
    gated.server.request("a")
    await asyncio.sleep(1)
    assert gated.click("approve") is None
    await asyncio.sleep(0.5)
    gated.server.request("b")
    await gated.decider.deny_to_stop(0.8)
    assert gated.server.posts == [(True, ["call-1"]), (False, ["call-2"])]
    assert gated.server.ran == ["call-1"]


@virtual
async def test_a_call_that_still_runs_does_not_hold_up_the_next_decision() -> None:
    gated = GatedRun()
    gated.server.tool_seconds = 9.0
    gated.server.request("a")
    await asyncio.sleep(1)
    assert gated.click("approve") is None
    await asyncio.sleep(1)
    gated.server.request("b")
    await asyncio.sleep(1)
    assert gated.click("deny") is None
    await asyncio.sleep(20)
    assert gated.server.posts == [(True, ["call-1"]), (False, ["call-2"])]
    assert gated.ledger() == [("approved", "click"), ("denied", "click")]


@virtual
async def test_a_result_that_is_lost_does_not_hold_up_the_next_step() -> None:
    gated = GatedRun()
    gated.server.tool_seconds = 10 * TIMEOUT
    gated.server.request("a")
    await asyncio.sleep(1)
    assert gated.click("approve") is None
    await asyncio.sleep(1)
    gated.server.say(event="step_started", type="step_started", step=2)
    gated.server.request("b")
    assert gated.click("approve") is None
    await asyncio.sleep(1)
    assert gated.server.posts == [(True, ["call-1"]), (True, ["call-2"])]
    assert gated.ledger()[0] == ("unknown", "click")


@virtual
async def test_a_request_that_comes_while_a_decision_is_under_way_waits_for_what_that_did() -> None:
    gated = GatedRun()
    gated.server.tool_seconds = 2.0
    gated.server.request("a")
    await asyncio.sleep(1)
    assert gated.click("approve") is None
    await asyncio.sleep(0.1)  # the server has just taken it
    gated.server.request("b")
    await asyncio.sleep(0.5)
    assert gated.click("deny") == "A decision on an earlier request is still on its way."
    await asyncio.sleep(2)
    assert gated.click("deny") is None
    await asyncio.sleep(1)
    assert gated.server.posts == [(True, ["call-1"]), (False, ["call-2"])]


@virtual
async def test_a_further_request_opens_those_again_whose_decision_it_clears() -> None:
    """The slot answers the latest at once; for the others it is kept, until one more asks."""
    gated = GatedRun()
    gated.server.request("a")
    gated.server.request("b")
    await asyncio.sleep(1)
    assert gated.click("deny") is None
    await asyncio.sleep(1)
    assert gated.ledger() == [("sending", "click"), ("denied", "click")]
    gated.server.asked = gated.time()  # a third of the parallel calls, late
    gated.server.request("c")
    assert [decision for decision, _ in gated.ledger()] == ["pending", "denied", "pending"]
    await asyncio.sleep(1)
    assert gated.click("approve") is None
    await asyncio.sleep(2 * TIMEOUT)
    assert [decision for decision, _ in gated.ledger()] == ["approved", "denied", "approved"]
    assert sorted(gated.server.ran) == ["call-1", "call-3"]


@virtual
async def test_a_server_that_is_too_busy_for_a_decision_can_be_told_again() -> None:
    gated = GatedRun()
    gated.server.request("a")
    await asyncio.sleep(1)
    gated.server.fault = lambda: RequestError("slow down", status=429, temporary=True)
    assert gated.click("approve") is None
    await asyncio.sleep(1)
    assert gated.ledger() == [("pending", None)]
    assert gated.click("approve") is None
    await asyncio.sleep(1)
    assert gated.server.ran == ["call-1"]


# Policies.


@virtual
async def test_a_policy_is_asked_once_about_each_of_several_requests() -> None:
    asked: list[Any] = []

    def allow(approval: Any) -> bool:
        asked.append(approval.arguments)
        return True

    gated = GatedRun(allow)
    gated.server.request("a")
    await asyncio.sleep(0.01)
    gated.server.request("b")
    await gated.approved(2)
    assert asked == [{"path": "a"}, {"path": "b"}]
    assert gated.server.posts == [(True, ["call-1", "call-2"])]


@virtual
async def test_a_policy_decides_on_the_next_request_while_the_call_before_still_runs() -> None:
    gated = GatedRun(lambda _: True)
    gated.server.tool_seconds = 9.0
    gated.server.request("a")
    await until(lambda: gated.server.posts)
    await asyncio.sleep(0.1)
    gated.server.request("b")
    await gated.approved(2)
    assert gated.server.posts == [(True, ["call-1"]), (True, ["call-2"])]
    assert gated.ledger() == [("approved", "policy")] * 2


@virtual
async def test_a_policys_decision_that_could_not_be_sent_is_made_again() -> None:
    gated = GatedRun(lambda _: True)
    gated.server.fault = FAULTS["unsent"]
    gated.server.request("a")
    await gated.approved(1)
    assert gated.server.posts == [(True, ["call-1"])]
    assert not gated.decider.asks_person


@virtual
async def test_a_request_that_comes_before_a_policys_next_try_is_decided_with_the_first() -> None:
    gated = GatedRun(lambda _: True)
    gated.server.fault = FAULTS["unsent"]
    gated.server.request("a")
    await until(lambda: gated.server.fault is None)
    await asyncio.sleep(0.2)
    gated.server.asked = gated.time()
    gated.server.request("b")
    await gated.approved(2)
    assert gated.server.posts == [(True, ["call-1", "call-2"])]
    assert not gated.decider.asks_person


@virtual
async def test_a_stop_is_no_longer_than_its_limit() -> None:
    gated = GatedRun()
    gated.server.request("a")
    await asyncio.sleep(1)
    gated.server.refuses = lambda: RequestError("not waiting", status=404)
    assert gated.click("approve") is None
    await asyncio.sleep(0.1)
    gated.server.asked = gated.time()
    gated.server.request("b")
    begun = gated.time()
    await gated.decider.deny_to_stop(0.8)
    assert gated.time() - begun < 0.85  # of the virtual clock


@virtual
async def test_where_a_policys_decision_never_gets_through_a_person_is_asked() -> None:
    gated = GatedRun(lambda _: True)
    gated.server.refuses = lambda: ConnectionLost("refused", maybe_accepted=False)
    gated.server.request("a")
    await until(lambda: gated.decider.asks_person)
    assert gated.server.posts == []


@virtual
async def test_a_policy_that_answers_too_late_leaves_it_to_a_person_and_says_so() -> None:
    async def slow(_: Any) -> bool:
        await asyncio.sleep(TIMEOUT - 1)
        return True

    gated = GatedRun(slow)
    gated.server.request("a")
    await until(lambda: gated.decider.asks_person)
    assert gated.server.posts == []
    told = [part.text for part in gated.live.state.parts if isinstance(part, NoticePart)]
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

    gated = GatedRun(fails_later if is_async else fails)
    gated.server.request("a")
    await until(lambda: gated.decider.asks_person)
    (told,) = [part.text for part in gated.live.state.parts if isinstance(part, NoticePart)]
    assert told == f"The approval policy failed: {raised.__name__}: no"
    assert gated.server.posts == []


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


@pytest.mark.parametrize("is_bare", [True, False])
@virtual
async def test_the_deadline_is_read_from_a_list_of_hooks_however_it_comes(is_bare: bool) -> None:
    """Else a request that the server soon gives up could be decided on for 300 s."""
    gated = GatedRun()
    told = gated.decider._hooks
    assert told is not None

    async def hooks() -> Any:
        answer = await told()
        return answer["hooks"] if is_bare else answer

    gated.decider._hooks = hooks
    gated.server.request("a")
    await asyncio.sleep(0.5)
    (part,) = [one for one in gated.live.state.parts if isinstance(one, ApprovalPart)]
    assert part.deadline == part.asked_at + TIMEOUT


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
    gated = GatedRun()
    assert is_overdue(gated.live), "nothing is waited for"
    gated.server.request("a")
    await asyncio.sleep(TIMEOUT - 1)
    assert not is_overdue(gated.live)
    gated.server.waiting.clear()  # the line is dead: nothing tells of the end of its time
    await asyncio.sleep(2)
    assert is_overdue(gated.live)
