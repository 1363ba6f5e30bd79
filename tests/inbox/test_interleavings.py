"""One decision each, whoever makes it first: at the card, the inbox, a board, in code, a policy."""

import asyncio
import collections
import random
from typing import Any

import pytest

from powawidget.run import actions
from powawidget.state.model import ApprovalPart
from tests.gates import TIMEOUT, virtual
from tests.inbox.rows import Inbox, Page, asking_run
from tests.seeds import examples

# In batches: a loop and an inbox for each, many interleavings on it.
BATCHES = range(examples(20, 40))
EACH = 500
WAITS = (0.0, 0.001, 0.1, 0.29, 0.31, 1.0, TIMEOUT - 3.0, TIMEOUT - 1.0, TIMEOUT + 1.0)
WAYS = ("request", "request", "look", "card", "inbox", "board", "code", "policy", "wait", "hide")


class Counted:
    """A run, with how many POSTs left for each of its requests, and what anybody agreed to."""

    def __init__(self) -> None:
        self.gated = asking_run()
        self.posts: collections.Counter[str] = collections.Counter()
        self.agreed: set[str] = set()
        self.seen: dict[str, list[str]] = {"card": [], "board": []}
        answer = self.gated.server.post

        async def post(run_id: str, body: Any, limit: float) -> None:
            sending = [part for part in self.parts() if part.decision == "sending"]
            self.posts.update(part.digest for part in sending)
            if body["approved"]:
                self.agreed.update(part.digest for part in sending)
            await answer(run_id, body, limit)

        self.gated.decider._delivery._post = post

    def parts(self) -> list[ApprovalPart]:
        return [part for part in self.gated.live.state.parts if isinstance(part, ApprovalPart)]


def verdict(approval: Any) -> bool | None:
    """Approve some, deny some, and leave some to a person."""
    return (True, False, None)[int(approval.arguments_hash[:6], 16) % 3]


async def interleave(  # noqa: C901  # one branch for each thing that may happen
    dice: random.Random, runs: list[Counted], page: Page
) -> None:
    for _ in range(dice.randint(4, 14)):
        one = dice.choice(runs)
        gated, choice = one.gated, dice.choice(("approve", "deny"))
        way = dice.choice(WAYS)
        if way == "request":
            gated.server.request(dice.choice("abcdef"))
        elif way == "look":
            page.look()
            for name in one.seen:
                one.seen[name] = gated.shown()
        elif one.seen.get(way):
            content = {"action": choice, "digests": one.seen[way]}
            actions.act(gated, content)  # type: ignore[arg-type]  # all that it asks of a task
        elif way == "inbox" and page.asked():
            row = dice.choice(page.asked())
            page.click(row, choice)
            if dice.random() < 0.3:  # a second click, by another view
                page.click(row, dice.choice(("approve", "deny")))
        elif way == "code":
            gated.decider.decide(choice, "code", None)  # type: ignore[arg-type]  # one of two words
        elif way == "policy":
            gated.decider.decide_by(dice.choice((None, verdict)))
        elif way == "hide" and page.asked():
            page.inbox.hide(dice.choice(page.asked()).id)
        elif way == "wait":
            await asyncio.sleep(dice.choice(WAITS))
    await asyncio.sleep(3 * TIMEOUT)


@pytest.mark.parametrize("batch", BATCHES)
@virtual
async def test_whoever_decides_first_at_most_one_post_leaves_for_each_request(batch: int) -> None:
    inbox = Inbox()
    page = Page(inbox)
    decided = collections.Counter[str | None]()
    for each in range(EACH):
        dice = random.Random(batch * EACH + each)
        runs = [Counted() for _ in range(dice.choice((1, 1, 2)))]
        await interleave(dice, runs, page)
        page.look()
        for one in runs:
            assert all(count == 1 for count in one.posts.values()), one.posts
            for part in one.parts():
                call = one.gated.live.state.parts[part.call or 0]
                ran = call.call_id in one.gated.server.ran  # type: ignore[union-attr]  # a call
                assert (part.decision == "approved") == ran
                assert not ran or part.digest in one.agreed
                assert part.decision not in {"pending", "sending"}
                decided[part.by] += 1
        ended = {digest for run in runs for digest in (part.digest for part in run.parts())}
        assert not [row for row in inbox.waiting() if row.digests & ended]
        for run in runs:
            await run.gated.decider.close()
    # Each of them was the first at times.
    assert {"click", "code", "deadline"} <= decided.keys()
    assert any(str(by).startswith("policy") for by in decided)


@virtual
async def test_a_run_is_decided_on_by_its_own_row_alone() -> None:
    runs = [asking_run(), asking_run()]
    page = Page(Inbox())
    for run in runs:
        run.server.request("a")
    await asyncio.sleep(1)
    page.look()
    first, second = page.asked()
    digests = [part.digest for part in page.parts(first)]
    act = page.inbox.act
    for turn in (second.turn, 17, -1, None, "0", True):
        given = {"action": "approve", "turn": turn, "digests": digests}
        assert act(given) is not None, turn
    assert act({"action": "stop", "turn": first.turn, "digests": digests}) is not None
    for wrong in ([], digests * 2, ["x"], None, [1], "x"):
        given = {"action": "approve", "turn": first.turn, "digests": wrong}
        assert act(given) is not None, wrong
    assert page.click(first, "approve") is None
    await asyncio.sleep(1)
    assert [run.server.ran for run in runs] == [["call-1"], []]
