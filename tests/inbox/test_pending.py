"""The list of what waits, in Python: real runs at the embedded server."""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

import powawidget as pw
from powawidget.errors import DecisionRefused
from powawidget.kernel import cells, loop
from powawidget.run import asking
from powawidget.waiting.live import LiveInbox
from tests.counterpart import Agent, Call, Calls, Hook, Say, Tool, start
from tests.waiting import until


def operator(turn: Any) -> Iterator[Any]:
    yield Calls(Call("database_write", {"sql": turn.message}, 0.0))
    yield Say("Done.")


@dataclasses.dataclass
class Desk:
    """Agents that ask, and what their tools were called with."""

    pb: pw.Powabase
    done: list[Any]

    def ask(self, agent: str, message: str) -> pw.Run:
        return self.pb.agent(agent).run(message)


@pytest.fixture
def desk() -> Iterator[Desk]:
    done: list[Any] = []
    tool = Tool("database_write", lambda given: done.append(given) or "ok", read_only=False)
    agents = [
        Agent("Operator", operator, tools=(tool,), hooks=(Hook("PreToolUse"),)),
        Agent("Quick", operator, tools=(tool,), hooks=(Hook("PreToolUse", timeout=2),)),
    ]
    with start(agents=agents) as server, pw.connect(server.url, api_key=server.key) as pb:
        yield Desk(pb, done)


def waits(count: int) -> pw.PendingList:
    found: pw.PendingList = until(
        lambda: listed if len(listed := pw.pending()) == count else None, f"{count} waiting"
    )
    return found


def test_each_decision_is_listed_the_soonest_first_and_decided_by_it(desk: Desk) -> None:
    assert pw.pending() == []
    slow, other = desk.ask("Operator", "drop a"), desk.ask("Operator", "drop <b>")
    waits(2)
    quick = desk.ask("Quick", "select 1")
    listed = until(lambda: [each for each in pw.pending() if each.deadline - each.asked_at < 3])
    assert [each.run for each in listed] == [quick]
    first, *rest = pw.pending()
    assert first.run is quick
    assert (first.name, first.tool, first.arguments) == (
        "Quick",
        "database_write",
        {"sql": "select 1"},
    )
    assert 0 < first.seconds_left <= 2
    assert {each.run for each in rest} == {slow, other}
    assert "<Operator: database_write drop a, " in repr(pw.pending())
    html = pw.pending()._repr_html_()
    assert "3 wait for you" in html.replace("&#32;", " ")
    assert "<b>" not in html.split("<style")[0].replace("<b>3", "")
    assert first.status == "waiting"
    by_run = {each.run: each for each in rest}
    assert by_run[slow].approve("fine").status in {"sending", "approved"}
    by_run[other].deny("no")
    slow.wait()
    other.wait()
    assert desk.done == [{"sql": "drop a"}]
    assert [by_run[run].status for run in (slow, other)] == ["approved", "denied"]
    assert slow.approvals[0].by == "code"
    with pytest.raises(DecisionRefused):
        by_run[slow].deny()
    # Nobody answers the quick one: it says what became of it, and is never said to wait.
    quick.wait()
    assert (first.status, first.seconds_left) == ("expired", 0.0)
    assert pw.pending() == []
    assert repr(pw.pending()) == "[]"


def test_a_decision_covers_what_the_list_has_shown_alone(desk: Desk) -> None:
    run = desk.ask("Operator", "one")
    (before,) = waits(1)
    run.deny()
    run.wait()
    again = desk.ask("Operator", "two")
    (after,) = waits(1)
    with pytest.raises(DecisionRefused):
        before.approve()
    assert after.run is again
    after.deny()
    again.wait()
    assert desk.done == []


def test_the_turns_of_a_chat_are_listed_with_the_cell_of_the_chat(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(cells, "place", lambda: cells.Place(7, "c7"))
        chat = desk.pb.agent("Operator").chat()
    chat.send("by chat")
    (one,) = waits(1)
    assert (one.arguments, one.cell) == ({"sql": "by chat"}, 7)
    one.approve()
    chat.wait()
    assert desk.done == [{"sql": "by chat"}]


def test_what_a_page_starts_isnt_taken_for_the_cell_of_a_batch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = cells.place

    def third() -> cells.Place:
        return place() if loop.loop_thread().is_current else cells.Place(3, "c3")

    with monkeypatch.context() as patched:
        patched.setattr(cells, "place", third)
        batch = desk.pb.agent("Operator").map(["row"], on_approval=lambda _: None)
        batch.start()
        (one,) = waits(1)
        assert one.cell == 3
        one.deny()
        batch.wait()
    places: list[cells.Place] = []
    loop.call_soon(lambda: places.append(cells.place()))  # as a page's message does
    assert until(lambda: places) == [cells.Place()]


def test_a_policy_that_decides_leaves_nothing_to_list(desk: Desk) -> None:
    listed: list[int] = []
    end = desk.pb.agent("Operator").run("x", on_approval=lambda _: listed.append(1) or False)
    end.wait()
    assert listed == [1]
    assert pw.pending() == []
    left = desk.pb.agent("Operator").run("y", on_approval=lambda _: None)
    (one,) = waits(1)
    one.deny()
    left.wait()


def test_an_inbox_is_the_same_until_it_is_closed() -> None:
    first = pw.inbox()
    assert pw.inbox() is first
    assert repr(first) == "<Inbox: Nothing waits for you>"
    first.close()
    assert pw.inbox() is not first
    pw.inbox().close()
    assert asking._hearers == []


def test_a_new_inbox_knows_what_has_waited_before(desk: Desk) -> None:
    run = desk.ask("Operator", "early")
    until(lambda: run.status == "waiting" and len(pw.pending()) == 1)
    until(lambda: asking.now()[0].decider.requests.is_quiet)  # type: ignore[union-attr]  # it asks
    inbox = pw.inbox()
    assert repr(inbox) == "<Inbox: 1 waits for you>"
    assert "database_write" in inbox._transcripts("powawidget-x")["text/html"]
    run.deny()
    run.wait()
    inbox.close()


def test_an_inbox_looks_by_itself(desk: Desk) -> None:
    inbox = pw.inbox()
    run = desk.ask("Operator", "by itself")
    until(lambda: repr(inbox) == "<Inbox: 1 waits for you>", "what waits")
    assert isinstance(inbox._live, LiveInbox)
    html = inbox._transcripts("powawidget-x")["text/html"]
    assert "database_write" in html
    run.deny()
    run.wait()
    until(lambda: repr(inbox) == "<Inbox: Nothing waits for you>", "that nothing does")
    inbox.close()


def test_a_list_is_refused_where_it_would_wait_for_itself() -> None:
    async def ask() -> Any:
        return pw.pending()

    with pytest.raises(RuntimeError, match="own thread"):
        loop.run_sync(ask())
