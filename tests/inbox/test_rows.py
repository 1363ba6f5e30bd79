"""The rows of an inbox: one decision each, which follows what becomes of it."""

import asyncio
from typing import Any

import pytest

from powawidget.state.model import RunState
from powawidget.waiting import live as live_module
from powawidget.waiting.live import LiveInbox
from powawidget.waiting.transcript import NOTHING, told_of, transcripts
from powawidget.widget import page_state
from tests.gates import TIMEOUT, GatedRun, virtual
from tests.inbox.rows import Inbox, Page, asking_run


def shown(page: Page) -> list[tuple[list[str], bool]]:
    """What each row says of its requests, and whether it is asked."""
    page.look()
    return [([part.decision for part in page.parts(row)], row.ended is None) for row in page.rows]


async def asks(*paths: str) -> tuple[GatedRun, Page]:
    run = asking_run()
    for path in paths:
        run.server.request(path)
    await asyncio.sleep(1)
    return run, Page(Inbox())


@virtual
async def test_all_that_a_run_asks_at_once_is_one_row_once_it_is_quiet() -> None:
    run, page = await asks()
    run.server.request("a")
    assert shown(page) == []
    await asyncio.sleep(0.2)
    run.server.request("b")
    assert shown(page) == []
    await asyncio.sleep(0.31)
    assert shown(page) == [(["pending", "pending"], True)]
    assert [part.arguments for part in page.parts(page.rows[0])] == [
        '{"path": "a"}',
        '{"path": "b"}',
    ]
    assert all(part.call is None for part in page.parts(page.rows[0]))


@virtual
async def test_a_further_request_ends_the_row_and_begins_another_with_all_that_is_open() -> None:
    run, page = await asks("a")
    assert shown(page) == [(["pending"], True)]
    run.server.asked = asyncio.get_running_loop().time()  # as one of the same moment, late
    run.server.request("b")
    assert shown(page) == [(["pending"], False)]
    row = page.rows[0]
    assert (row.moved, row.late) == (True, False)
    assert page.click(row, "approve") is not None
    await asyncio.sleep(0.5)
    assert shown(page) == [(["pending"], False), (["pending", "pending"], True)]
    assert page.click(page.rows[1], "approve") is None
    # Of several the server answers the latest at once, the others when their time is over.
    await asyncio.sleep(1)
    assert shown(page) == [(["sending"], False), (["sending", "approved"], False)]
    await asyncio.sleep(TIMEOUT)
    assert shown(page) == [(["approved"], False), (["approved", "approved"], False)]
    assert run.server.posts == [(True, ["call-1", "call-2"])]


@virtual
async def test_a_row_follows_a_decision_by_whomever_until_it_is_proved() -> None:
    run, page = await asks("a")
    assert shown(page) == [(["pending"], True)]
    run.server.proof_seconds = 5.0
    assert run.click("deny") is None
    assert shown(page) == [(["sending"], False)]
    assert page.state.turns[0].status == "running"
    assert not page.inbox.finished
    await asyncio.sleep(10)
    assert shown(page) == [(["denied"], False)]
    assert page.state.turns[0].status == "completed"
    assert page.inbox.finished


@virtual
async def test_a_request_whose_time_is_over_never_waits_whatever_the_stream_says() -> None:
    run, page = await asks("a")
    assert shown(page) == [(["pending"], True)]
    for entry in run.server.waiting:
        entry["timer"].cancel()  # the stream tells nothing of it
    await asyncio.sleep(1_800)
    assert shown(page) == [(["pending"], False)]
    row = page.rows[0]
    assert (row.late, row.moved) == (True, False)
    assert page.inbox.waiting() == []
    assert page.click(row, "approve") is not None
    late = run.server.waiting[0]
    run.server.finish(late, "Error: Blocked by hook — Approval timed out")
    assert shown(page) == [(["expired"], False)]


@virtual
async def test_not_now_takes_a_row_out_of_sight_and_decides_nothing() -> None:
    run, page = await asks("a")
    shown(page)
    page.inbox.hide(page.rows[0].id)
    page.look()
    assert [row.hidden for row in page.rows] == [True]
    await asyncio.sleep(2)
    assert run.shown() != []
    page.inbox.hide("another")
    page.look()
    assert [row.hidden for row in page.rows] == [True]
    page.inbox.hide(None)
    page.look()
    assert [row.hidden for row in page.rows] == [False]
    assert page.click(page.rows[0], "deny", "no") is None


@virtual
async def test_what_a_policy_takes_over_ends_with_its_decision() -> None:
    run, page = await asks("a")
    assert shown(page) == [(["pending"], True)]
    run.decider.decide_by(lambda _: True)
    await run.approved(1)
    assert shown(page) == [(["approved"], False)]


@virtual
async def test_a_run_that_ends_takes_its_row_along() -> None:
    run, page = await asks("a")
    shown(page)
    run.server.say(event="complete", run_id="run_1", status="failed", content="", error="no")
    run.live.finish()
    assert shown(page) == [(["undecided"], False)]
    assert page.inbox.finished


@virtual
async def test_who_writes_the_file_meanwhile_keeps_nothing_from_the_page() -> None:
    run, page = await asks("a")
    shown(page)
    run.server.say(event="complete", run_id="run_1", status="failed", content="", error="no")
    run.live.finish()
    assert [one.subject for one in told_of(page.inbox.waiting())] == ["read"]
    assert shown(page) == [(["undecided"], False)]


@virtual
async def test_more_than_a_page_can_bear_is_counted_and_comes_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_module, "MOST", 3)
    runs = [asking_run() for _ in range(5)]
    for run in runs:
        run.server.request("a")
    await asyncio.sleep(1)
    page = Page(Inbox())
    page.look()
    assert (len(page.rows), page.inbox.more) == (3, 2)
    assert runs[0].click("deny") is None
    page.look()
    assert (len(page.asked()), page.inbox.more) == (3, 1)
    monkeypatch.setattr(live_module, "MOST_TEXT", 10)
    assert runs[1].click("deny") is None
    page.look()
    assert (len(page.asked()), page.inbox.more) == (2, 1)


@virtual
async def test_what_ended_long_ago_is_forgotten_and_its_place_used_again() -> None:
    run, page = await asks("a")
    shown(page)
    assert run.click("deny") is None
    shown(page)
    await asyncio.sleep(1)
    shown(page)
    page.inbox.rows[0].ended = page.inbox.clock() - 601
    assert shown(page) == []
    assert page.state.turns == [RunState(status="completed")]
    run.server.request("b")
    await asyncio.sleep(1)
    assert shown(page) == [(["pending"], True)]
    assert (page.rows[0].turn, page.state.order) == (0, [0])


@virtual
async def test_of_many_that_ended_the_last_are_kept() -> None:
    run, page = await asks()
    for _ in range(60):
        run.server.request("a")
        await asyncio.sleep(1)
        shown(page)
        assert run.click("deny") is None
        shown(page)
        await asyncio.sleep(1)
    assert len(shown(page)) == 50
    assert len(page.state.turns) <= 52


@virtual
async def test_arguments_that_are_too_large_are_withheld_and_decided_by_code() -> None:
    run, page = await asks("x" * 200_001)
    page.look()
    given = page_state.chat(page.inbox.snapshot())["turns"][0]["parts"][0]
    assert given["arguments"] == ""
    assert given["withheld"]["size"] > 200_000
    assert page.click(page.rows[0], "approve") == page_state.REFUSED
    assert run.shown() != []
    assert page.click(page.rows[0], "deny") is None


@virtual
async def test_a_page_counts_down_by_a_clock_of_its_own_whenever_the_machines_was_set() -> None:
    run, page = await asks("a")
    await asyncio.sleep(1)  # until its deadline is known
    page.look()
    (part,) = page.parts(page.rows[0])
    left = (part.deadline or 0.0) - page.inbox.clock()
    # The run's clock began at another time: only what is left of it counts.
    assert TIMEOUT - 5 < left <= TIMEOUT
    assert (part.closes or 0.0) < (part.deadline or 0.0)
    assert abs(part.asked_at - page.inbox.clock()) < 5
    page.look()
    assert page.parts(page.rows[0]) == [part]
    # Once it is decided it tells when, by its run's clock.
    assert page.click(page.rows[0], "deny") is None
    await asyncio.sleep(1)
    page.look()
    (part,) = page.parts(page.rows[0])
    assert part.decided_at is not None
    assert part.asked_at <= part.decided_at <= run.live.clock()


@virtual
async def test_of_what_is_decided_no_arguments_stay_on_the_page() -> None:
    run, page = await asks("x" * 100_000)
    run.server.proof_seconds = 5.0
    page.look()
    assert page.click(page.rows[0], "deny") is None
    page.look()
    (part,) = page.parts(page.rows[0])
    assert (part.decision, len(part.arguments) > 100_000) == ("sending", True)
    await asyncio.sleep(10)
    page.look()
    (part,) = page.parts(page.rows[0])
    assert (part.decision, part.arguments, part.tool_name) == ("denied", "", "read")
    assert len(str(page.inbox.snapshot())) < 5_000


@virtual
async def test_a_decision_on_what_isnt_a_name_is_refused_in_words() -> None:
    run, page = await asks("a")
    page.look()
    for digests in ([["x"]], [{}], [None], [1], "x", None, []):
        content = {"action": "approve", "turn": page.rows[0].turn, "digests": digests}
        assert "look at it again" in (page.inbox.act(content) or "")
    assert len(run.shown()) == 1


@virtual
async def test_an_inbox_that_was_left_follows_nothing_any_more() -> None:
    run, page = await asks("a")
    page.look()
    page.inbox.leave()
    page.inbox._leave()
    other = asking_run()
    other.server.request("b")
    await asyncio.sleep(1)
    followed = len(other.live.subscribers)
    assert page.inbox.refresh() is None
    assert len(other.live.subscribers) == followed
    assert page.inbox.rows == []
    del run


@virtual
async def test_what_fails_is_told_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    run, page = await asks("a")
    monkeypatch.setattr(run.live, "redact", lambda text: text.replace("pb_key", "…"))

    def fail() -> Any:
        raise ValueError("pb_key")

    monkeypatch.setattr(live_module, "asked_now", fail)
    await page.inbox._look_once()
    assert "ValueError" in page.inbox.message().trouble
    assert "pb_key" not in page.inbox.message().trouble


@virtual
async def test_a_transcript_lists_what_waits_and_escapes_it() -> None:
    run = asking_run()
    run.live.state.name = "<b>Operator</b>"
    run.server.request("<script>alert(1)</script>")
    await asyncio.sleep(1)
    inbox = Inbox()
    inbox.refresh()
    told = told_of(inbox.waiting())
    written = transcripts(told, inbox.clock(), "powawidget-abc")
    assert "1 waits for you" in written["text/html"]
    assert "<script>" not in written["text/html"]
    assert "<b>Operator" not in written["text/html"]
    assert "powawidget-abc" in written["text/html"]
    assert "script" in written["text/markdown"]
    assert NOTHING in transcripts([], 0.0, "m")["text/html"]


@virtual
async def test_a_row_says_how_long_it_can_be_decided_by_the_clock_of_its_run() -> None:
    run, page = await asks("a")
    page.look()
    (one,) = told_of(page.inbox.waiting())
    assert (one.left, one.status, one.subject, one.arguments) == (
        TIMEOUT - 1,
        "waiting",
        "read",
        "path a",
    )
    del run


def test_an_inbox_without_anything_is_over_and_silent() -> None:
    inbox: Any = LiveInbox()
    assert inbox.finished
    assert inbox.message().rows == []
    assert inbox.snapshot()["turns"] == []
