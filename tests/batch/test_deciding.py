"""Approvals in a batch: who may decide, how many rows may wait, what an expired request means."""

import asyncio
import contextlib
import pathlib
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import powawidget as pw
from powawidget.approvals.policy import may_ask
from powawidget.batch import course
from powawidget.batch.budget import budget
from powawidget.batch.deciding import UNASKED, Deciding, deciding_of
from powawidget.batch.decisions import denied_in, expired_in, last_decision
from powawidget.batch.driver import UnderWay
from powawidget.errors import ApprovalNeeded, ConfigurationError, DecisionRefused
from powawidget.kernel import loop
from powawidget.live.run import NONCE
from powawidget.resources.gates import asks_by
from powawidget.state.model import ApprovalPart, RunState, ToolPart
from powawidget.state.reduce.gates import pending
from tests.counterpart import Agent, Call, Calls, Counterpart, Hook, Pause, Say, Tool, start
from tests.waiting import WATCHDOG, until

GO_ON = threading.Event()


def deletes(turn: Any) -> Any:
    """Ask for what the message says: an odd tool, a call that may wait for the test, two calls."""
    while "slow" in turn.message and not GO_ON.is_set():
        yield Pause(0.01)
    name = "löschen" if "odd" in turn.message else "delete"
    (result,) = yield Calls(Call(name, {"what": turn.message}, 0.0))
    if "again" in turn.message:
        (result,) = yield Calls(Call(name, {"what": "once more"}, 0.0))
    yield Say(result)


def says(turn: Any) -> Any:
    yield Say(turn.message)


def _deleted(arguments: dict[str, Any]) -> str:
    return f"deleted {arguments['what']}"


@pytest.fixture(scope="module")
def running() -> Iterator[Counterpart]:
    tools = tuple(Tool(name, _deleted, read_only=False) for name in ("delete", "löschen"))
    gates = (Hook("PreToolUse"),)
    agents = [
        Agent("Keeper", deletes, tools=tools, hooks=gates),
        Agent("Quick", deletes, tools=tools, hooks=(Hook("PreToolUse", timeout=1),)),
        Agent("Free", deletes, tools=tools),
        Agent("Plain", says, hooks=gates),
    ]
    with start(tokens_per_second=5000, agents=agents) as server:
        yield server


@pytest.fixture
def server(running: Counterpart) -> Iterator[Counterpart]:
    GO_ON.clear()
    yield running
    GO_ON.set()


@pytest.fixture
def pb(server: Counterpart) -> Iterator[pw.Powabase]:
    with pw.connect(server.url, api_key=server.key) as connection:
        yield connection


class Posts:
    """What a server was sent from now on."""

    def __init__(self, server: Counterpart) -> None:
        self._server = server
        self._since = len(server.requests)

    def of(self, ending: str) -> list[Any]:
        sent = self._server.requests[self._since :]
        return [body for method, path, body in sent if method == "POST" and path.endswith(ending)]

    @property
    def starts(self) -> list[str]:
        return [body["message"] for body in self.of("/stream")]


def hello(batch: pw.Batch) -> None:
    """Say hello, as a page does that shows the batch."""
    batch.widget._from_comm(None, {"kind": "hello", "id": "h1", "have": 0}, [])


def asking(batch: pw.Batch) -> list[str]:
    """The keys of the rows that wait for a person, as the journal has them."""
    under_way = batch._driver.under_way() if batch._driver else {}
    return sorted(key for key, one in under_way.items() if one.asked is not None)


def end(batch: pw.Batch) -> None:
    """Stop all of it; what the next test counts isn't this one's."""
    batch.stop(runs=True)
    assert batch._driver is not None
    assert batch._driver.done.wait(WATCHDOG)


def run_of(batch: pw.Batch, key: str) -> pw.Run:
    run = batch._live(key)
    assert run is not None
    return run


def rows(count: int, word: str = "row") -> list[str]:
    return [f"{word} {number}" for number in range(count)]


# Who decides.


class _Says:
    """A policy that is an object, and declared to decide."""

    def __call__(self, _approval: object) -> bool:
        return True


def _decides(_approval: object) -> bool:
    return True


def _may_leave_it(_approval: object) -> bool | None:
    return None


@pytest.mark.parametrize(
    ("policy", "asks"),
    [
        (pw.policy(), True),
        (pw.policy(allow=["*"], otherwise="ask"), True),
        (pw.policy(allow=["*"], ask=["drop"], otherwise="deny"), True),
        (pw.policy(allow=["*"], otherwise="deny"), False),
        (pw.policy(otherwise="approve"), False),
        (lambda _approval: True, True),
        (_may_leave_it, True),
        (_decides, False),
        (_Says(), False),
    ],
)
def test_which_policies_may_leave_a_request_to_a_person(policy: Any, asks: bool) -> None:
    assert may_ask(policy) is asks


@pytest.mark.parametrize(
    ("has_tools", "is_gated", "policy", "follows"),
    [
        (False, True, None, UNASKED),  # without tools no hook ever runs
        (False, None, None, UNASKED),
        (True, False, None, UNASKED),
        (None, False, None, UNASKED),
        (True, True, None, Deciding(3, needs_page=True)),
        (None, True, None, Deciding(3, needs_page=True)),
        (True, True, pw.policy(), Deciding(3, needs_page=False)),
        (None, None, pw.policy(), Deciding(3, needs_page=False)),
        (True, True, pw.policy(otherwise="deny"), UNASKED),
        (True, None, pw.policy(otherwise="deny"), UNASKED),
    ],
)
def test_what_follows_from_who_decides(
    has_tools: bool | None, is_gated: bool | None, policy: Any, follows: Deciding
) -> None:
    found = deciding_of("A", has_tools=has_tools, is_gated=is_gated, policy=policy)
    assert found == follows


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_where_hooks_cant_be_read_somebody_has_to_be_named(
    pb: pw.Powabase, server: Counterpart, status: int
) -> None:
    agent, posts = pb.agent("Free"), Posts(server)
    server.refuse(status, ending="/hooks", times=2)  # by what is compared, and by who is asked
    with pytest.raises(ConfigurationError, match=r"on_approval=.*Nothing was sent"):
        agent.map(rows(3))
    assert posts.of("") == []
    server.refuse(status, ending="/hooks", times=2)  # by what is compared, and by who is asked
    batch = agent.map(rows(3), on_approval=pw.policy(otherwise="deny")).wait(WATCHDOG)
    assert batch.counts == {"done": 3}


GATE = {"type": "approval", "enabled": True, "event": "PreToolUse", "matcher": "a|b*"}
OTHER = {"type": "http", "enabled": True, "event": "PostToolUse"}


@pytest.mark.parametrize(
    ("answer", "asks"),
    [
        ({"hooks": []}, False),
        ([], False),
        ({"hooks": [OTHER]}, False),
        ({"hooks": [OTHER, GATE]}, True),
        ({"hooks": [GATE | {"matcher": 7}]}, True),  # whatever it matches
        ({"hooks": [GATE | {"matcher": None}]}, True),
        ({"hooks": [GATE | {"enabled": False}]}, False),
        ({"hooks": [GATE | {"enabled": None}]}, True),
        ({"hooks": ["approval", GATE]}, True),  # one that can be read is enough
        # What can't be read may be a gate.
        (None, None),
        ("", None),
        ({}, None),
        ({"hooks": None}, None),
        ({"hooks": {"0": GATE}}, None),
        ({"hooks": ["approval"]}, None),
        ({"hooks": [OTHER, None]}, None),
        ({"hooks": [{"event": "PreToolUse"}]}, None),
        ({"hooks": [{"type": ["approval"]}]}, None),
        ({"hooks": [OTHER], "total": 2}, None),
        ({"hooks": [GATE], "total": 2}, True),
        ({"hooks": [OTHER], "total": 1}, False),
    ],
)
def test_what_an_answer_tells_of_gates(answer: Any, asks: bool | None) -> None:
    assert asks_by(answer) is asks


@pytest.mark.parametrize("name", ["Plain", "Free"])
def test_who_is_never_asked_needs_nobody(pb: pw.Powabase, name: str) -> None:
    assert pb.agent(name).map(rows(5)).wait(WATCHDOG).counts == {"done": 5}


# The hello.


def test_nothing_is_sent_before_a_page_shows_the_batch(
    pb: pw.Powabase, server: Counterpart
) -> None:
    posts = Posts(server)
    batch = pb.agent("Keeper").map(rows(5), concurrency=5, budget=budget(seconds=30))
    with pytest.raises(ApprovalNeeded, match="nothing was sent") as raised:
        batch.wait(WATCHDOG)
    assert raised.value.run is None
    for said in ("on_approval=powawidget.policy(", "show the batch", "batch[key].approve()"):
        assert said in str(raised.value)
    again = pickle.loads(pickle.dumps(raised.value))
    assert (type(again), str(again), again.run) == (ApprovalNeeded, str(raised.value), None)

    async def cell() -> None:
        await batch

    with pytest.raises(ApprovalNeeded, match="nothing was sent"):
        asyncio.run(cell())
    assert "nothing is sent before a page shows this batch" in repr(batch)
    assert batch.counts == {"waiting": 5}
    assert posts.of("") == []
    hello(batch)
    until(lambda: len(asking(batch)) == 3)
    assert sorted(posts.starts) == ["row 0", "row 1", "row 2"]
    assert "nothing is sent" not in repr(batch)
    end(batch)


def test_a_page_that_came_first_is_enough(pb: pw.Powabase, server: Counterpart) -> None:
    posts = Posts(server)
    batch = pb.agent("Keeper").map(rows(2), start=False)
    hello(batch)
    until(lambda: batch.widget.greeted)
    batch.start()
    until(lambda: len(asking(batch)) == 2)
    assert len(posts.starts) == 2
    end(batch)


@pytest.mark.parametrize("how", ["start", "sample", "retry"])
def test_a_hello_that_comes_while_a_batch_is_started_counts(
    pb: pw.Powabase, server: Counterpart, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The cell shows the batch and starts it; its page loads as fast as that."""
    posts = Posts(server)
    batch = pb.agent("Quick").map(rows(1), start=False)
    if how == "retry":
        batch.start()
        hello(batch)
        until(lambda: batch.counts == {"failed": 1})
        assert batch.widget.greeted
        batch.widget._requests.greeted = False  # as a view that was made anew
    made = batch._made

    def and_hello(inputs: Any) -> Any:
        driver = made(inputs)
        hello(batch)
        until(lambda: batch.widget.greeted)
        loop.run_sync(asyncio.sleep(0))
        return driver

    monkeypatch.setattr(batch, "_made", and_hello)
    {"start": batch.start, "sample": batch.sample, "retry": lambda: batch.retry("failed")}[how]()
    until(lambda: asking(batch))
    assert len(posts.starts) == (2 if how == "retry" else 1)
    end(batch)


def test_the_seconds_of_a_budget_begin_with_the_hello(pb: pw.Powabase) -> None:
    batch = pb.agent("Keeper").map(rows(1), budget=budget(seconds=0.5))
    driver = batch._driver
    assert driver is not None
    assert not driver.done.wait(1.0)  # what is held is no time in which it runs
    assert driver._spending.refusal() is None or driver.is_held
    hello(batch)
    until(lambda: asking(batch))
    run_of(batch, asking(batch)[0]).approve()
    until(driver.done.is_set)
    assert batch.counts == {"done": 1}


def test_a_batch_that_waits_for_a_page_gives_way_to_one_with_a_policy(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    posts, path = Posts(server), tmp_path / "b.powa"
    agent = pb.agent("Keeper")
    held = agent.map(rows(3), journal=path)
    with pytest.raises(ApprovalNeeded):
        held.wait(WATCHDOG)
    batch = agent.map(rows(3), journal=path, on_approval=pw.policy(otherwise="approve"))
    assert batch.wait(WATCHDOG).counts == {"done": 3}
    assert sorted(posts.starts) == rows(3)


def test_a_held_batch_gives_way_to_one_of_other_rows(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    posts, path = Posts(server), tmp_path / "b.powa"
    agent = pb.agent("Keeper")
    held = agent.map(rows(3), journal=path)
    batch = agent.map(rows(2), journal=path, on_approval=pw.policy(otherwise="approve"))
    assert batch.wait(WATCHDOG).counts == {"done": 2}
    assert held.reason
    assert sorted(posts.starts) == rows(2)


# The same `map` once more, while it runs: what it says then counts from then on.


def approvals(posts: Posts) -> list[bool]:
    return [one["approved"] for one in posts.of("/approve")]


def approves(_approval: object) -> bool:
    return True


def denies(_approval: object) -> bool:
    return False


def fails(_approval: object) -> bool:
    raise LookupError("a policy with a mistake")


def hangs(_approval: object) -> bool:
    GO_ON.wait(WATCHDOG)
    return True


async def hangs_async(_approval: object) -> bool:
    await asyncio.sleep(WATCHDOG)
    return True


def test_a_policy_that_takes_anothers_place_decides_from_then_on(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    """Also on what the rows ask that were sent before: their owner has thought better of it."""
    posts, path = Posts(server), tmp_path / "b.powa"
    agent, messages = pb.agent("Keeper"), rows(5, "slow")
    agent.map(messages, journal=path, concurrency=2, on_approval=approves)
    until(lambda: len(posts.starts) == 2)
    batch = agent.map(messages, journal=path, concurrency=2, on_approval=denies)
    GO_ON.set()
    assert batch.wait(WATCHDOG).counts == {"done": 5}
    assert approvals(posts) == [False] * 5
    assert "on_approval=denies" in batch._content().python
    assert {batch[key].approvals[0].by for key in batch} == {"policy: denies"}
    assert sorted(posts.starts) == messages


@pytest.mark.parametrize("former", [None, fails, hangs, hangs_async, pw.policy()])
def test_it_decides_on_what_waits_too(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path, former: Any
) -> None:
    """A policy that failed is mended, and its cell is run again; or a person has enough of it."""
    posts, path, agent = Posts(server), tmp_path / "b.powa", pb.agent("Keeper")
    first = agent.map(rows(4), journal=path, concurrency=3, on_approval=former)
    hello(first)
    until(lambda: len(asking(first)) == 3)
    batch = agent.map(rows(4), journal=path, on_approval=denies)
    assert batch.wait(WATCHDOG).counts == {"done": 4}
    GO_ON.set()  # too late for what hangs: another has decided
    assert first.counts == {"done": 4}
    assert approvals(posts) == [False] * 4
    assert sorted(posts.starts) == rows(4)
    assert all("policy failed" not in batch[key].to_markdown() for key in batch) or former is fails


def test_without_a_policy_a_person_decides_from_then_on(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    posts, path, agent = Posts(server), tmp_path / "b.powa", pb.agent("Keeper")
    messages = [*rows(2, "slow"), *rows(3)]
    agent.map(messages, journal=path, concurrency=2, on_approval=approves)
    until(lambda: len(posts.starts) == 2)
    batch = agent.map(messages, journal=path, concurrency=5)
    GO_ON.set()
    until(lambda: len(asking(batch)) == 2)  # nothing more starts before a page shows it
    with pytest.raises(ApprovalNeeded):
        batch.wait(WATCHDOG)
    assert len(posts.starts) == 2
    assert approvals(posts) == []
    hello(batch)
    until(lambda: len(asking(batch)) == 3)
    assert len(posts.starts) == 3
    end(batch)


def test_the_same_policy_once_more_asks_nobody_twice(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    posts, path, asked = Posts(server), tmp_path / "b.powa", []

    def leaves_it(approval: pw.Approval) -> None:
        asked.append(approval)

    agent = pb.agent("Keeper")
    agent.map(rows(2), journal=path, on_approval=leaves_it)
    until(lambda: len(asked) == 2)
    batch = agent.map(rows(2), journal=path, on_approval=leaves_it)
    until(lambda: len(asking(batch)) == 2)
    for key in asking(batch):
        run_of(batch, key).approve()
    assert batch.wait(WATCHDOG).counts == {"done": 2}
    assert (len(asked), approvals(posts)) == (2, [True, True])


@pytest.mark.parametrize("whose", ["first", "second"])
def test_what_is_sent_again_later_is_decided_by_the_policy_that_came_last(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path, whose: str
) -> None:
    posts, path, agent = Posts(server), tmp_path / "b.powa", pb.agent("Quick")
    messages = ["row", "slow row"]
    first = agent.map(messages, journal=path, on_approval=pw.policy())
    until(lambda: first.counts == {"failed": 1, "accepted": 1})  # nobody decided in time
    second = agent.map(messages, journal=path, on_approval=denies)
    GO_ON.set()
    assert second.wait(WATCHDOG).counts == {"failed": 1, "done": 1}
    again = first if whose == "first" else second
    assert again.retry("failed").wait(WATCHDOG).counts == {"done": 2}
    assert approvals(posts) == [False, False]


def test_limits_that_are_given_anew_hold_from_then_on(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    posts, path, agent = Posts(server), tmp_path / "b.powa", pb.agent("Free")
    messages = rows(9, "slow")
    first = agent.map(messages, journal=path, concurrency=2)
    until(lambda: len(posts.starts) == 2)
    more = agent.map(messages, journal=path, concurrency=4)
    until(lambda: len(posts.starts) == 4)
    less = agent.map(messages, journal=path, concurrency=4, budget=budget(runs=5))
    GO_ON.set()
    less.wait(WATCHDOG)
    assert len(posts.starts) == 5
    for one in (first, more, less):
        assert one.counts == {"done": 5, "waiting": 4}
        assert one.reason == "The budget of 5 runs is used up."
    assert "budget=pw.budget(runs=5)" in less._content().python
    rest = agent.map(messages, journal=path, budget=budget(runs=9))
    assert rest.wait(WATCHDOG).counts == {"done": 9}
    assert len(posts.starts) == 9


# At most three.


@pytest.mark.parametrize("policy", [pw.policy(), lambda _approval: None], ids=["rules", "function"])
def test_at_most_three_rows_wait_though_more_were_asked_for(
    pb: pw.Powabase, server: Counterpart, policy: Any
) -> None:
    posts = Posts(server)
    batch = pb.agent("Keeper").map(rows(7), concurrency=7, on_approval=policy)
    seen = []
    for over in range(7):
        left = min(3, 7 - over)
        until(lambda left=left: len(asking(batch)) == left)  # type: ignore[misc]  # mypy reads no default
        seen.append(len(posts.starts))
        run_of(batch, asking(batch)[0]).approve()
        until(lambda over=over: batch.counts.get("done", 0) == over + 1)  # type: ignore[misc]  # likewise
    assert seen == [3, 4, 5, 6, 7, 7, 7]
    until(batch._driver.done.is_set)  # type: ignore[union-attr]  # it was started
    assert len(posts.starts) == len(set(posts.starts)) == 7
    assert len(posts.of("/approve")) == 7


@pytest.mark.parametrize("lost", ["driver", "streams"])
def test_what_the_server_may_keep_waiting_still_counts_among_the_three(
    pb: pw.Powabase,
    server: Counterpart,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    lost: str,
) -> None:
    """A kernel that is gone, or a broken stream, leaves runs that are looked for."""
    monkeypatch.setattr(course, "_HEAD_START", 0.0)
    posts, path, asking_policy = Posts(server), tmp_path / "b.powa", pw.policy()
    messages = [*rows(3, "slow"), *rows(3)]
    agent = pb.agent("Keeper")
    batch = agent.map(messages, journal=path, on_approval=asking_policy)
    driver = batch._driver
    assert driver is not None
    until(lambda: batch.counts.get("accepted") == 3 and driver.running == 3)
    begun = len(server.requests)
    if lost == "driver":
        end(batch)
        batch = agent.map(messages, journal=path, on_approval=asking_policy)
    else:
        for key in batch:
            if (run := batch._live(str(key))) is not None:
                run.stop()
    # By its id, or by its conversation where the stream hadn't named it.
    until(
        lambda: (
            sum(
                "/api/agents/runs/" in path or path.endswith("/runs")
                for method, path, _ in server.requests[begun:]
                if method == "GET"
            )
            >= 6
        )
    )
    assert sorted(posts.starts) == rows(3, "slow")
    GO_ON.set()
    until(lambda: len(posts.starts) == 6)
    end(batch)


def test_a_policy_that_decides_sets_no_limit(pb: pw.Powabase, server: Counterpart) -> None:
    posts = Posts(server)
    allowing = pw.policy(allow=["delete"], otherwise="deny")
    batch = pb.agent("Keeper").map(rows(8, "slow"), concurrency=8, on_approval=allowing)
    until(lambda: len(posts.starts) == 8)
    GO_ON.set()
    batch.wait(WATCHDOG)
    assert batch.counts == {"done": 8}
    assert {run.approvals[0].by for run in map(batch.__getitem__, batch.keys)} == {"policy"}


def test_what_a_policy_cant_read_waits_and_little_is_started_beside_it(
    pb: pw.Powabase, server: Counterpart
) -> None:
    """The name of the tool isn't plain: a person is asked, whatever the policy says."""
    posts = Posts(server)
    messages = ["odd 0", *rows(5, "slow"), *(f"odd {n}" for n in range(1, 6))]
    approving = pw.policy(otherwise="approve")
    batch = pb.agent("Keeper").map(messages, concurrency=6, on_approval=approving)
    until(lambda: len(asking(batch)) == 1 and len(posts.starts) == 6)
    GO_ON.set()
    until(lambda: len(asking(batch)) == 3)
    assert batch.counts["done"] == 5
    assert len(posts.starts) == 8  # though six were asked for
    for over in range(6):
        until(lambda: asking(batch))
        run_of(batch, asking(batch)[0]).deny("no")
        until(lambda over=over: batch.counts["done"] == 6 + over)  # type: ignore[misc]  # mypy reads no default
    until(batch._driver.done.is_set)  # type: ignore[union-attr]  # it was started
    assert sorted(posts.starts) == sorted(messages)


# Whoever decides first.


def test_while_a_policy_takes_its_time_a_person_may_come_first(
    pb: pw.Powabase, server: Counterpart
) -> None:
    posts, asked = Posts(server), threading.Event()

    async def slow(_approval: object) -> bool:
        asked.set()
        await asyncio.sleep(WATCHDOG)
        return False

    batch = pb.agent("Keeper").map(rows(2), on_approval=slow)
    assert asked.wait(WATCHDOG)
    until(lambda: len(asking(batch)) == 2)  # at the board, too
    for key in asking(batch):
        run_of(batch, key).approve()
    until(batch._driver.done.is_set)  # type: ignore[union-attr]  # it was started
    assert {batch[key].approvals[0].by for key in batch} == {"code"}
    assert [one["approved"] for one in posts.of("/approve")] == [True, True]


def test_what_a_policy_decides_at_once_never_seems_to_wait(
    pb: pw.Powabase, server: Counterpart
) -> None:
    del server
    batch = pb.agent("Keeper").map(rows(4), on_approval=pw.policy(otherwise="approve"))
    driver, seen = batch._driver, set()
    assert driver is not None
    while not driver.done.is_set():
        asked = [one for one in driver.under_way().values() if one.asked is not None]
        # A loaded machine takes its time, too.
        seen |= {one.asked.subject for one in asked if one.asked and _age(one) < 1.0}
        time.sleep(0.005)
    assert seen == set()


def _age(one: UnderWay) -> float:
    """How long ago a row was asked about, at least."""
    assert one.asked is not None
    return time.time() - (one.asked.deadline - 300)


def test_a_click_and_code_are_one_decision(pb: pw.Powabase, server: Counterpart) -> None:
    posts = Posts(server)
    batch = pb.agent("Keeper").map(rows(3))
    hello(batch)
    until(lambda: len(asking(batch)) == 3)
    first, second, third = (run_of(batch, key) for key in asking(batch))
    asked = first._live.state.parts
    digests = [part.digest for part in asked if isinstance(part, ApprovalPart)]
    for number in range(2):  # two views, each by two ways
        click = {"kind": "act", "id": f"c{number}", "nonce": NONCE, "action": "approve"}
        for _ in range(2):
            first.widget._from_comm(None, {**click, "digests": digests}, [])
    until(lambda: first.approvals[0].by == "click")
    with pytest.raises(DecisionRefused):
        first.deny()
    second.deny("not this one")
    with pytest.raises(DecisionRefused):
        second.approve()
    third.approve()
    until(batch._driver.done.is_set)  # type: ignore[union-attr]  # it was started
    assert batch.counts == {"done": 3}
    sent = posts.of("/approve")
    assert sorted(one["approved"] for one in sent) == [False, True, True]
    assert [one.get("reason") for one in sent if not one["approved"]] == ["not this one"]
    assert len(posts.starts) == 3


def test_decisions_stand_in_the_journal(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    del server
    path = tmp_path / "b.powa"
    batch = pb.agent("Keeper").map(rows(2), journal=path, on_approval=pw.policy())
    until(lambda: len(asking(batch)) == 2)
    first, second = asking(batch)
    run_of(batch, first).approve("checked")
    run_of(batch, second).deny("not now")
    until(batch._driver.done.is_set)  # type: ignore[union-attr]  # it was started
    batch._journal.close()
    opened = pw.open_batch(path)
    told = [opened[key].approvals[0] for key in opened]
    assert [(one.decision, one.by, one.reason) for one in told] == [
        ("approved", "code", "checked"),
        ("denied", "code", "not now"),
    ]
    assert opened.frame["note"].fillna("").tolist() == ["", "Denied: 'delete'."]


# A kernel that dies while it decides.

DIES = """
import sys, time
import powawidget as pw
from tests.batch.test_deciding import asking, run_of
from tests.waiting import until

url, key, path, name, *messages = sys.argv[1:]
batch = pw.connect(url, api_key=key).agent(name).map(
    messages, journal=path, on_approval=pw.policy()
)
until(lambda: len(asking(batch)) == len(messages) or batch.counts.get("failed"))
if len(messages) > 1:
    run_of(batch, "0").deny("not now")
    run_of(batch, "1").approve()
print("asked", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def dying(
    server: Counterpart, path: pathlib.Path, name: str, messages: list[str]
) -> Iterator[None]:
    """A kernel of its own that runs a batch, which waits for a person; it is killed at the end."""
    told = [server.url, server.key, str(path), name, *messages]
    kernel = subprocess.Popen([sys.executable, "-c", DIES, *told], stdout=subprocess.PIPE)
    try:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == b"asked\n"
        yield
    finally:
        kernel.kill()
        kernel.communicate()


UNKNOWN = "Look at what they may have changed before you run it again."


def test_a_decision_whose_answer_is_lost_with_the_kernel_is_sent_once(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    posts, path = Posts(server), tmp_path / "b.powa"
    with dying(server, path, "Keeper", rows(3)):
        until(lambda: len(posts.of("/approve")) == 2)
    batch = pb.agent("Keeper").map(rows(3), journal=path, on_approval=pw.policy())
    until(lambda: batch.counts.get("done", 0) + batch.counts.get("failed", 0) == 2)
    end(batch)
    # What was decided is done, unless the server has noticed first that nobody listens any more.
    decided = batch.frame[:2]
    assert all(row["status"] == "done" or UNKNOWN in row["error"] for row in decided)
    assert decided[0]["note"] == "Denied: 'delete'." or decided[0]["status"] == "failed"
    # On the third nobody can decide any more: no stream tells what it asks.
    assert batch.frame[2]["status"] == "accepted"
    assert sorted(posts.starts) == rows(3)
    assert sorted(approvals(posts)) == [False, True]


def test_what_waited_as_the_kernel_died_is_a_failed_row(
    pb: pw.Powabase, server: Counterpart, tmp_path: pathlib.Path
) -> None:
    posts, path = Posts(server), tmp_path / "b.powa"
    with dying(server, path, "Quick", rows(1)):
        pass
    batch = pb.agent("Quick").map(rows(1), journal=path, on_approval=pw.policy())
    assert batch.wait(WATCHDOG).counts == {"failed": 1}
    error = batch.frame[0]["error"]
    assert UNKNOWN in error or error.startswith("Nobody decided on 'delete' in time")
    assert (posts.starts, approvals(posts)) == (rows(1), [])


# A grid, and two rows that ask the same.


def test_a_grid_waits_for_a_page_and_for_a_person_as_map_does(
    pb: pw.Powabase, server: Counterpart
) -> None:
    posts, agent = Posts(server), pb.agent("Keeper")
    batch = agent.grid(message=["row", "other"], temperature=[0, 1])
    with pytest.raises(ApprovalNeeded):
        batch.wait(WATCHDOG)
    assert posts.starts == []
    hello(batch)
    until(lambda: len(asking(batch)) == 3)
    assert len(posts.starts) == 3
    end(batch)
    decided = agent.grid(message=["row"], temperature=[0, 1], on_approval=denies).wait(WATCHDOG)
    assert decided.counts == {"done": 2}


def test_of_two_rows_that_ask_the_same_each_is_decided_for_itself(
    pb: pw.Powabase, server: Counterpart
) -> None:
    posts = Posts(server)
    batch = pb.agent("Keeper").map(["row"] * 3, on_approval=pw.policy())
    until(lambda: len(asking(batch)) == 3)
    runs = [run_of(batch, key) for key in ("0", "1", "2")]
    states = [run._task.live.state for run in runs]
    (digest,), _, (third,) = [[part.digest for part in pending(state)] for state in states]
    assert digest != third
    pages = [run.widget for run in runs]

    def click(at: int, digests: list[str], action: str, name: str) -> None:
        pages[at]._from_comm(None, {"kind": "hello", "id": f"h{at}", "have": 0}, [])
        content = {"nonce": NONCE, "action": action, "digests": digests, "reason": None}
        pages[at]._from_comm(None, {"kind": "act", "id": name, **content}, [])

    click(1, [digest], "approve", "a1")  # what another row asks
    click(0, [digest], "approve", "a2")
    click(0, [digest], "deny", "a3")  # another page, a moment later
    click(0, [digest], "approve", "a2")  # the same click once more, as after a reload
    until(lambda: batch.counts.get("done") == 1)
    assert asking(batch) == ["1", "2"]
    assert approvals(posts) == [True]
    end(batch)


# Expiry.


def test_an_expired_request_is_an_outcome_and_nobody_is_waited_for_twice(
    pb: pw.Powabase, server: Counterpart
) -> None:
    posts = Posts(server)
    batch = pb.agent("Quick").map(rows(5), on_approval=pw.policy())
    driver = batch._driver
    assert driver is not None
    until(driver.done.is_set)
    # Nobody was there: no fourth row was paid for.
    assert sorted(posts.starts) == rows(3)
    assert batch.counts == {"failed": 3, "waiting": 2}
    assert "nobody decided on any row meanwhile" in batch.reason
    assert "batch.start() sends what waits" in repr(batch)
    (error,) = {row["error"] for row in batch.errors}
    assert error == "Nobody decided on 'delete' in time: the server blocked it."
    assert "Approval timed out" in batch.errors[0]["answer"]
    assert batch[0].status == "completed"
    assert posts.of("/approve") == []
    batch.start()
    until(lambda: len(asking(batch)) == 2)
    for key in asking(batch):
        run_of(batch, key).approve()
    until(driver.done.is_set)
    assert batch.counts == {"done": 2, "failed": 3}
    # Sent again by a person's word alone.
    assert sorted(posts.starts) == rows(5)
    batch.retry("failed")
    until(lambda: len(asking(batch)) == 3)
    assert sorted(posts.starts) == sorted([*rows(5), *rows(3)])
    end(batch)


def test_while_somebody_decides_an_expired_request_stops_nothing(
    pb: pw.Powabase, server: Counterpart
) -> None:
    posts = Posts(server)
    batch = pb.agent("Quick").map(rows(6), on_approval=pw.policy())
    left_alone = until(lambda: len(asking(batch)) == 3 and asking(batch)[0])
    while not batch._driver.done.is_set():  # type: ignore[union-attr]  # it was started
        for key in asking(batch):
            if key != left_alone:
                run = batch._live(key)
                if run is not None:
                    run.approve()
        time.sleep(0.02)
    assert batch.reason == ""
    assert batch.counts == {"done": 5, "failed": 1}
    assert len(posts.starts) == 6


def test_who_decided_a_moment_ago_is_there(pb: pw.Powabase, server: Counterpart) -> None:
    """A short deadline passes while a person reads the next request."""
    posts = Posts(server)
    batch = pb.agent("Quick").map(rows(7), on_approval=pw.policy())
    first = until(lambda: len(asking(batch)) == 3 and asking(batch)[0])
    run_of(batch, first).approve()
    until(batch._driver.done.is_set)  # type: ignore[union-attr]  # it was started
    assert batch.counts == {"done": 1, "failed": 6}
    assert batch.reason == ""
    assert len(posts.starts) == 7


def request(name: str, decision: Any, **more: Any) -> ApprovalPart:
    return ApprovalPart(tool_name=name, decision=decision, **more)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([], ""),
        ([request("a", "approved")], ""),
        ([request("a", "expired")], "Nobody decided on 'a' in time: the server blocked it."),
        # Asked for once more, and decided then.
        ([request("a", "expired"), request("a", "approved")], ""),
        ([request("a", "expired"), request("a", "denied")], ""),
        (
            [request("a", "approved"), request("b", "expired"), request("a", "expired")],
            "Nobody decided on 'a', 'b' in time: the server blocked it.",
        ),
        (
            [request("", "expired", covers="answer")],
            "Nobody decided on its answer in time: the server blocked it.",
        ),
        # A run that was looked up tells the results of its calls alone.
        (
            [ToolPart(name="a", result="Error: Blocked by hook — Approval timed out")],
            "Nobody decided on 'a' in time: the server blocked it.",
        ),
        ([ToolPart(name="a", result="Error: Blocked by hook — Denied by user")], ""),
        (
            [
                ToolPart(name="a", result="Error: Blocked by hook — Approval timed out"),
                ToolPart(name="a", result="fine"),
            ],
            "",
        ),
    ],
)
def test_what_expired_is_said_in_words(parts: list[Any], said: str) -> None:
    assert expired_in(RunState(parts=parts)) == said


def test_names_that_a_model_chose_stand_marked_and_cut() -> None:
    names = [f"tool{n}\u202e\ud800" + "x" * 500 for n in range(9)]
    parts: list[Any] = [request(name, "denied") for name in names]
    said = denied_in(RunState(parts=parts))
    assert "\u202e" not in said
    assert said.endswith(" and 4 more.")
    assert len(said) < 900
    assert said.encode()


def test_a_policys_decision_is_no_persons() -> None:
    parts: list[Any] = [
        request("a", "approved", by="policy: p", decided_at=9.0),
        request("a", "approved", by="click", decided_at=5.0),
        request("a", "denied", by="stop", decided_at=8.0),
        request("a", "pending"),
    ]
    assert last_decision(RunState(parts=parts)) == 5.0
