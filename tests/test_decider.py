"""One decision for each request, never for another one: interleavings against a model server.

Time is virtual here: the loop jumps to the next thing that is due.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powawidget import events as ev
from powawidget.deadlines import is_overdue, timeout_of
from powawidget.decider import Decider
from powawidget.errors import ConnectionLost, RequestError
from powawidget.live import Live
from powawidget.state import ApprovalPart, NoticePart, RunState

TIMEOUT = 20.0
PARALLEL = 0.25


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next timer whenever nothing is ready.

    While a thread works, as a policy does, it stands still.
    """

    def __init__(self) -> None:
        self.now = 1_000.0
        self.threads: set[asyncio.Future[Any]] = set()
        super().__init__()

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        future = super().run_in_executor(executor, func, *args)
        self.threads.add(future)
        future.add_done_callback(self.threads.discard)
        return future

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        due = [timer.when() for timer in self._scheduled if not timer.cancelled()]
        if not self._ready and due and not self.threads:
            self.now = max(self.now, min(due))
        super()._run_once()


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)


class Server:
    """The service's side of the wire protocol, section 5: one slot, requests that wait for it."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.loop = asyncio.get_running_loop()
        self.waiting: list[dict[str, Any]] = []
        self.stored: bool | None = None
        self.ran: list[str] = []
        self.posts: list[tuple[bool, list[str]]] = []
        self.refuse = 0
        self.fault: Callable[[], Exception] | None = None
        self.refuses: Callable[[], Exception] | None = None
        self.calls = 0
        self.asked = 0.0
        self.tool_seconds = 0.0

    def request(self, path: str) -> None:
        """Ask for approval of a call, perhaps while one that was approved still runs.

        Parallel calls are requested a few milliseconds apart; any other call waits for the one
        before it. (A request that came while a decision is on the wire would take it: that can't
        be prevented from this side, which is why a decision waits for the quiet.)
        """
        now = self.loop.time()
        if self.waiting and now - self.asked > PARALLEL:
            return
        self.asked = now
        self.calls += 1
        call_id = f"call-{self.calls}"
        arguments = {"path": path}
        self.say(
            event="tool_call",
            type="tool_call",
            step=1,
            tool_name="read",
            call_id=call_id,
            arguments=arguments,
        )
        self.say(
            event="approval_requested",
            type="approval_requested",
            tool_name="read",
            tool_input=arguments,
            message="?",
        )
        self.stored = None
        entry = {"id": call_id, "path": path}
        entry["timer"] = self.loop.call_later(TIMEOUT, self.time_out, entry)
        self.waiting.append(entry)

    def say(self, **frame: Any) -> None:
        self.live.take(json.dumps(frame))

    def time_out(self, entry: dict[str, Any]) -> None:
        if entry not in self.waiting:
            return
        if self.stored is None:
            self.finish(entry, "Error: Blocked by hook — Approval timed out")
        else:
            self.answer(entry, approved=self.stored)

    def answer(self, entry: dict[str, Any], *, approved: bool) -> None:
        if approved:
            self.ran.append(entry["id"])
        result = "content" if approved else "Error: Blocked by hook — Denied by user"
        self.finish(entry, result, self.tool_seconds if approved else 0.0)

    def finish(self, entry: dict[str, Any], result: str, seconds: float = 0.0) -> None:
        self.waiting.remove(entry)
        entry["timer"].cancel()
        if seconds:
            self.loop.call_later(seconds, self.tell, entry, result)
        else:
            self.tell(entry, result)

    def tell(self, entry: dict[str, Any], result: str) -> None:
        self.say(
            event="tool_result",
            type="tool_result",
            step=1,
            tool_name="read",
            call_id=entry["id"],
            result_preview=result,
            duration_ms=1,
        )

    async def post(self, run_id: str, body: Any, limit: float) -> None:
        assert run_id == "run_1"
        assert limit > 0
        await asyncio.sleep(0.01)
        if self.refuses is not None:
            raise self.refuses()
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault()
        if self.refuse:
            self.refuse -= 1
            raise RequestError("not waiting", status=404)
        self.posts.append((body["approved"], [entry["id"] for entry in self.waiting]))
        if not self.waiting:
            raise RequestError("not waiting", status=404)
        self.stored = body["approved"]
        latest = self.waiting[-1]
        self.answer(latest, approved=self.stored)


def shown(live: Live) -> list[str]:
    """What a page shows as pending."""
    return [
        part.digest
        for part in live.state.parts
        if isinstance(part, ApprovalPart) and part.decision == "pending"
    ]


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


@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(ACTIONS)
@pytest.mark.timeout(900)
def test_whatever_happens_a_decision_counts_once_and_only_for_what_was_shown(
    actions: list[tuple[str, Any]],
) -> None:
    run(_interleave(actions))


async def _interleave(  # noqa: C901, PLR0915  # one branch for each thing that may happen
    actions: list[tuple[str, Any]],
) -> None:
    loop = asyncio.get_running_loop()
    live = Live(RunState(), clock=loop.time)
    live.take(ev.Started(run_id="run_1", session_id=None))
    server = Server(live)
    hooks = {"hooks": [{"type": "approval", "event": "PreToolUse", "config": {"timeout": TIMEOUT}}]}

    async def list_hooks() -> Any:
        return hooks

    decider = Decider(live, server.post, list_hooks, monotonic=loop.time)
    live.observe = decider.notice
    seen: list[str] = []
    clicks: list[tuple[str, list[str]]] = []
    # Which calls somebody has approved, having been shown exactly what was open.
    agreed: set[str] = set()
    taken = 0

    def call_ids(digests: list[str]) -> list[str]:
        parts = live.state.parts
        gated = [p.call for p in parts if isinstance(p, ApprovalPart) and p.digest in digests]
        return [parts[call].call_id for call in gated if call is not None]  # type: ignore[union-attr,misc]  # calls

    def decide(choice: Any, by: str, digests: list[str] | None) -> None:
        nonlocal taken
        covered = shown(live) if digests is None else digests
        before = shown(live)
        refused = decider.decide(choice, by, None, digests)
        if refused is None:
            taken += 1
            assert sorted(covered) == sorted(before)
            assert shown(live) == []
            if choice == "approve":
                agreed.update(call_ids(covered))

    for action, value in actions:
        if action == "request":
            server.request(value)
        elif action == "look":
            seen = shown(live)
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
            assert decider.decide("approve", "click", None, ["0" * 64]) is not None
        elif action == "wait":
            await asyncio.sleep(value)
        elif action == "tool":
            server.tool_seconds = value
        elif action == "refuse":
            server.refuse = value
        elif action == "fault":
            server.fault = FAULTS[value]
    await asyncio.sleep(3 * TIMEOUT)

    assert set(server.ran) <= agreed
    assert len(server.posts) <= taken
    assert server.waiting == []
    parts = [p for p in live.state.parts if isinstance(p, ApprovalPart)]
    for part in parts:
        call = live.state.parts[part.call]  # type: ignore[index]  # it has one
        ran = call.call_id in server.ran  # type: ignore[union-attr]  # a call
        assert (part.decision == "approved") == ran
    await decider.close()


def test_a_decision_waits_for_the_quiet_after_parallel_requests() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.request("a")
        await asyncio.sleep(0.2)
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(0.05)
        server.request("b")
        await asyncio.sleep(1)
        assert server.posts == []
        assert len(shown(live)) == 2
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(2 * TIMEOUT)
        assert server.posts == [(True, ["call-1", "call-2"])]
        assert sorted(server.ran) == ["call-1", "call-2"]
        await decider.close()

    run(main())


def test_a_404_is_answered_with_the_same_decision_until_the_other_process_takes_it() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.request("a")
        await asyncio.sleep(0.5)
        server.refuse = 3
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(5)
        assert server.posts == [(True, ["call-1"])]
        assert server.ran == ["call-1"]
        await decider.close()

    run(main())


@pytest.mark.parametrize("fault", ["cut", "500", "409", "late"])
def test_a_lost_decision_is_unknown_until_the_stream_shows_what_happened(fault: str) -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.request("a")
        await asyncio.sleep(0.5)
        server.fault = FAULTS[fault]
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(1)
        part = live.state.parts[-1]
        assert isinstance(part, ApprovalPart)
        assert part.decision == "unknown"
        assert decider.decide("approve", "click", None) is not None
        await asyncio.sleep(2 * TIMEOUT)
        assert part.decision == "expired"
        assert server.posts == []
        await decider.close()

    run(main())


def test_deciding_closes_before_the_deadline() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.request("a")
        await asyncio.sleep(TIMEOUT - 1)
        assert decider.decide("approve", "click", None, shown(live)) == (
            "It is too late: the server is about to block the call."
        )
        await asyncio.sleep(2)
        assert server.posts == []
        await decider.close()

    run(main())


def test_a_stop_denies_what_is_open() -> None:
    async def main() -> None:
        _, server, decider = _street()
        server.request("a")
        await decider.deny_to_stop(0.8)
        assert server.posts == [(False, ["call-1"])]
        assert server.ran == []
        await decider.close()

    run(main())


def test_a_stop_takes_back_an_approval_that_has_not_left_yet() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.request("a")
        await asyncio.sleep(0.05)
        assert decider.decide("approve", "click", None, shown(live)) is None
        assert decider.pending() == []
        assert decider.is_open
        await decider.deny_to_stop(0.8)
        assert server.posts == [(False, ["call-1"])]
        assert ledger(live) == [("denied", "stop")]
        await decider.close()

    run(main())


def test_a_stop_denies_a_request_that_came_behind_a_decision() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.tool_seconds = 9.0
        server.request("a")
        await asyncio.sleep(1)
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(0.5)
        server.request("b")
        await decider.deny_to_stop(0.8)
        assert server.posts == [(True, ["call-1"]), (False, ["call-2"])]
        assert server.ran == ["call-1"]
        await decider.close()

    run(main())


def test_a_call_that_still_runs_does_not_hold_up_the_next_decision() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.tool_seconds = 9.0
        server.request("a")
        await asyncio.sleep(1)
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(1)
        server.request("b")
        await asyncio.sleep(1)
        assert decider.decide("deny", "click", None, shown(live)) is None
        await asyncio.sleep(20)
        assert server.posts == [(True, ["call-1"]), (False, ["call-2"])]
        assert ledger(live) == [("approved", "click"), ("denied", "click")]
        await decider.close()

    run(main())


def test_a_result_that_is_lost_does_not_hold_up_the_next_step() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.tool_seconds = 10 * TIMEOUT
        server.request("a")
        await asyncio.sleep(1)
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(1)
        server.say(event="step_started", type="step_started", step=2)
        server.request("b")
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(1)
        assert server.posts == [(True, ["call-1"]), (True, ["call-2"])]
        assert ledger(live)[0] == ("unknown", "click")
        await decider.close()

    run(main())


def test_a_request_that_comes_while_a_decision_is_under_way_waits_for_what_that_did() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.tool_seconds = 2.0
        server.request("a")
        await asyncio.sleep(1)
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(0.1)  # the server has just taken it
        server.request("b")
        await asyncio.sleep(0.5)
        assert decider.decide("deny", "click", None, shown(live)) == (
            "A decision on an earlier request is still on its way."
        )
        await asyncio.sleep(2)
        assert decider.decide("deny", "click", None, shown(live)) is None
        await asyncio.sleep(1)
        assert server.posts == [(True, ["call-1"]), (False, ["call-2"])]
        await decider.close()

    run(main())


def test_a_further_request_opens_those_again_whose_decision_it_clears() -> None:
    """The slot answers the latest at once; for the others it is kept, until one more asks."""

    async def main() -> None:
        live, server, decider = _street()
        server.request("a")
        server.request("b")
        await asyncio.sleep(1)
        assert decider.decide("deny", "click", None, shown(live)) is None
        await asyncio.sleep(1)
        assert ledger(live) == [("sending", "click"), ("denied", "click")]
        server.asked = server.loop.time()  # a third of the parallel calls, late
        server.request("c")
        assert [decision for decision, _ in ledger(live)] == ["pending", "denied", "pending"]
        await asyncio.sleep(1)
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(2 * TIMEOUT)
        assert [decision for decision, _ in ledger(live)] == ["approved", "denied", "approved"]
        assert sorted(server.ran) == ["call-1", "call-3"]
        await decider.close()

    run(main())


def test_a_server_that_is_too_busy_for_a_decision_can_be_told_again() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.request("a")
        await asyncio.sleep(1)
        server.fault = lambda: RequestError("slow down", status=429, temporary=True)
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(1)
        assert ledger(live) == [("pending", None)]
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(1)
        assert server.ran == ["call-1"]
        await decider.close()

    run(main())


# Policies.


def test_a_policy_is_asked_once_about_each_of_several_requests() -> None:
    asked: list[Any] = []

    def allow(approval: Any) -> bool:
        asked.append(approval.arguments)
        return True

    async def main() -> None:
        live, server, decider = _street(allow)
        server.request("a")
        await asyncio.sleep(0.01)
        server.request("b")
        await decided(live, 2)
        assert asked == [{"path": "a"}, {"path": "b"}]
        assert server.posts == [(True, ["call-1", "call-2"])]
        await decider.close()

    run(main())


def test_a_policy_decides_on_the_next_request_while_the_call_before_still_runs() -> None:
    async def main() -> None:
        live, server, decider = _street(lambda _: True)
        server.tool_seconds = 9.0
        server.request("a")
        await until(lambda: server.posts)
        await asyncio.sleep(0.1)
        server.request("b")
        await decided(live, 2)
        assert server.posts == [(True, ["call-1"]), (True, ["call-2"])]
        assert ledger(live) == [("approved", "policy")] * 2
        await decider.close()

    run(main())


def test_a_policys_decision_that_could_not_be_sent_is_made_again() -> None:
    async def main() -> None:
        live, server, decider = _street(lambda _: True)
        server.fault = FAULTS["unsent"]
        server.request("a")
        await decided(live, 1)
        assert server.posts == [(True, ["call-1"])]
        assert not decider.asks_person
        await decider.close()

    run(main())


def test_a_request_that_comes_before_a_policys_next_try_is_decided_with_the_first() -> None:
    async def main() -> None:
        live, server, decider = _street(lambda _: True)
        server.fault = FAULTS["unsent"]
        server.request("a")
        await until(lambda: server.fault is None)
        await asyncio.sleep(0.2)
        server.asked = server.loop.time()
        server.request("b")
        await decided(live, 2)
        assert server.posts == [(True, ["call-1", "call-2"])]
        assert not decider.asks_person
        await decider.close()

    run(main())


def test_a_stop_is_no_longer_than_its_limit() -> None:
    async def main() -> None:
        live, server, decider = _street()
        server.request("a")
        await asyncio.sleep(1)
        server.refuses = lambda: RequestError("not waiting", status=404)
        assert decider.decide("approve", "click", None, shown(live)) is None
        await asyncio.sleep(0.1)
        server.asked = server.loop.time()
        server.request("b")
        begun = server.loop.time()
        await decider.deny_to_stop(0.8)
        assert server.loop.time() - begun < 0.85  # of the virtual clock
        await decider.close()

    run(main())


def test_where_a_policys_decision_never_gets_through_a_person_is_asked() -> None:
    async def main() -> None:
        _, server, decider = _street(lambda _: True)
        server.refuses = lambda: ConnectionLost("refused", maybe_accepted=False)
        server.request("a")
        await until(lambda: decider.asks_person)
        assert server.posts == []
        await decider.close()

    run(main())


def test_a_policy_that_answers_too_late_leaves_it_to_a_person_and_says_so() -> None:
    async def slow(_: Any) -> bool:
        await asyncio.sleep(TIMEOUT - 1)
        return True

    async def main() -> None:
        live, server, decider = _street(slow)
        server.request("a")
        await until(lambda: decider.asks_person)
        assert server.posts == []
        told = [part.text for part in live.state.parts if isinstance(part, NoticePart)]
        assert told == [
            "The approval policy's decision came to nothing: "
            "It is too late: the server is about to block the call."
        ]
        await decider.close()

    run(main())


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt, GeneratorExit, ValueError])
@pytest.mark.parametrize("is_async", [True, False])
def test_a_policy_that_raises_anything_leaves_it_to_a_person(
    raised: type[BaseException], *, is_async: bool
) -> None:
    def fails(_: Any) -> bool:
        raise raised("no")

    async def fails_later(_: Any) -> bool:
        raise raised("no")

    async def main() -> None:
        live, server, decider = _street(fails_later if is_async else fails)
        server.request("a")
        await until(lambda: decider.asks_person)
        (told,) = [part.text for part in live.state.parts if isinstance(part, NoticePart)]
        assert told == f"The approval policy failed: {raised.__name__}: no"
        assert server.posts == []
        await decider.close()

    run(main())


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


def test_a_request_is_overdue_when_its_time_is_over() -> None:
    async def main() -> None:
        live, server, decider = _street()
        assert is_overdue(live), "nothing is waited for"
        server.request("a")
        await asyncio.sleep(TIMEOUT - 1)
        assert not is_overdue(live)
        server.waiting.clear()  # the line is dead: nothing tells of the end of its time
        await asyncio.sleep(2)
        assert is_overdue(live)
        await decider.close()

    run(main())


def ledger(live: Live) -> list[tuple[str, str | None]]:
    parts = live.state.parts
    return [(part.decision, part.by) for part in parts if isinstance(part, ApprovalPart)]


async def until(condition: Callable[[], Any]) -> None:
    while not condition():  # noqa: ASYNC110  # what is looked at has no event
        await asyncio.sleep(0.01)


async def decided(live: Live, count: int) -> None:
    await until(lambda: [one for one, _ in ledger(live)] == ["approved"] * count)


def _street(policy: Any = None) -> tuple[Live, Server, Decider]:
    loop = asyncio.get_running_loop()
    live = Live(RunState(), clock=loop.time)
    live.take(ev.Started(run_id="run_1", session_id=None))
    server = Server(live)

    async def hooks() -> Any:
        return {
            "hooks": [{"type": "approval", "event": "PreToolUse", "config": {"timeout": TIMEOUT}}]
        }

    decider = Decider(live, server.post, hooks, policy, monotonic=loop.time)
    live.observe = decider.notice
    return live, server, decider
