"""A page that shows the inbox is one at which a person can decide on every run."""

from collections.abc import Iterator
from typing import Any

import pytest

import powawidget as pw
from powawidget.errors import ApprovalNeeded
from powawidget.run import approvers
from powawidget.waiting.inbox import Inbox
from tests.counterpart import Agent, Call, Calls, Hook, Say, Tool, start
from tests.waiting import until


def keeper(turn: Any) -> Iterator[Any]:
    yield Calls(Call("delete", {"what": turn.message}, 0.0))
    yield Say("Deleted.")


@pytest.fixture
def pb() -> Iterator[pw.Powabase]:
    tool = Tool("delete", lambda _: "deleted", read_only=False)
    agents = [Agent("Keeper", keeper, tools=(tool,), hooks=(Hook("PreToolUse"),))]
    with start(agents=agents) as server, pw.connect(server.url, api_key=server.key) as connection:
        yield connection


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    inbox = Inbox()
    yield inbox
    inbox.close()
    assert inbox._output not in approvers.everywhere


def hello(inbox: Inbox) -> None:
    """Say hello, as a page does that shows it."""
    inbox.widget.is_asked_for = True
    inbox.widget._from_comm(None, {"kind": "hello", "id": "h1", "have": 0}, [])


def decided_at(inbox: Inbox, batch: pw.Batch, rows: int) -> None:
    """Deny all at the inbox, one by one, as a page does."""
    for _ in range(rows):
        (row, *_) = until(inbox._live.waiting, "a row that waits")
        content = {"action": "deny", "turn": row.turn, "digests": list(row.digests)}
        inbox.widget._loop.call_soon_threadsafe(inbox._live.act, content)
        until(lambda: row.ended is not None, "its decision")  # noqa: B023  # it is this row
    until(lambda: batch.counts == {"done": rows}, "all rows")


def test_a_batch_that_waits_for_a_page_begins_with_the_inbox(pb: pw.Powabase, inbox: Inbox) -> None:
    batch = pb.agent("Keeper").map(["a", "b"])
    with pytest.raises(ApprovalNeeded, match="nothing was sent"):
        batch.wait(60)
    assert inbox._live.waiting() == []
    hello(inbox)
    until(lambda: len(inbox._live.waiting()) == 2, "both rows")
    assert "nothing is sent" not in repr(batch)
    decided_at(inbox, batch, 2)


def test_a_batch_begins_at_once_where_the_inbox_is_there(pb: pw.Powabase, inbox: Inbox) -> None:
    hello(inbox)
    until(lambda: inbox.widget.greeted)
    batch = pb.agent("Keeper").map(["a"])
    until(lambda: len(inbox._live.waiting()) == 1, "the row")
    decided_at(inbox, batch, 1)


def test_a_batch_that_nobody_has_any_more_is_told_nothing(pb: pw.Powabase, inbox: Inbox) -> None:
    told: list[str] = []

    class Held:
        def begin(self) -> None:
            told.append("begun")

    held = Held()
    approvers.when_page(held.begin)
    approvers.when_page(held.begin)
    hello(inbox)
    until(lambda: told == ["begun"], "that a page is there")
    del held
    inbox.widget._from_comm(None, {"kind": "hello", "id": "h2", "have": 0}, [])
    batch = pb.agent("Keeper").map(["a"])
    until(lambda: len(inbox._live.waiting()) == 1, "the row")
    assert told == ["begun"]
    decided_at(inbox, batch, 1)
