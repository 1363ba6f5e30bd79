"""Arguments too large for a page: it gets their size and digest, code and policies all of them."""

import asyncio
import hashlib
import json
from typing import Any

import pytest

import powawidget
from powawidget.kernel import loop
from powawidget.live.run import NONCE
from powawidget.protocol.events import as_json
from powawidget.state.model import ApprovalPart, RunState, ToolPart, plain, typed
from powawidget.state.ops import apply
from powawidget.widget import page_state
from powawidget.widget.widget import RunWidget
from tests.chaos import Exchange, Script, at_paths
from tests.faults.world import ASK, CALL, DONE, RESULT, START, STEP, World, came_to, until

LARGE = {"rows": ["ü" * 40] * 5_000}
TEXT = as_json(LARGE)
TOLD = {"size": len(TEXT.encode()), "digest": hashlib.sha256(TEXT.encode()).hexdigest()}


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """One request at a time comes here: nobody has to wait for the next."""
    monkeypatch.setattr("powawidget.approvals.requests.Requests.QUIET", 0.01)


def gated(posts: list[Any]) -> Script:
    """A server with one gated call of large arguments, which goes on once that is decided."""
    decided = asyncio.Event()

    async def run(exchange: Exchange) -> None:
        call, ask = {**CALL, "arguments": LARGE}, {**ASK, "tool_input": LARGE}
        await exchange.stream(START, STEP, call, ask, end=False)
        await decided.wait()
        await exchange.tell(RESULT, DONE)

    async def other(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/approve"):
            posts.append(exchange.request.json)
            decided.set()
        await exchange.answer_json({})

    return at_paths(run=run, other=other)


def click(run: powawidget.Run, action: str) -> str | None:
    digests = [part["digest"] for part in run._live.snapshot()["parts"] if "digest" in part]

    async def act() -> str | None:
        return run._act({"action": action, "digests": digests, "nonce": NONCE})

    return loop.run_sync(act())


def test_a_page_gets_size_and_digest_and_cannot_approve_but_code_can(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts: list[Any] = []
    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(RunWidget, "send", lambda _, content, __=None: sent.append(content))
    run = world.run(world.serve(gated(posts)))
    widget = run.widget
    first = widget.snapshot()
    sent.clear()
    until(run._task.is_asking, "the request")

    parts = {part["kind"]: part for part in widget.snapshot()["state"]["parts"]}
    for kind in ("tool", "approval"):
        assert (parts[kind]["arguments"], parts[kind]["withheld"]) == ("", TOLD)
    assert click(run, "approve") == page_state.REFUSED
    assert posts == []
    (asked,) = run.approvals
    assert asked.arguments == run.tool_calls[0].arguments == LARGE
    assert asked.arguments_hash == TOLD["digest"]

    run.approve()
    assert came_to(run)[0] == "completed"
    assert posts == [{"approved": True}]
    last = widget.snapshot()
    page: RunState = typed(first["state"], RunState)
    for message in sent:
        apply(page, message.get("ops", []))
    assert plain(page) == last["state"], "the changes fold to what the page is given anew"
    assert all(len(json.dumps(message)) < 50_000 for message in [*sent, last])


def test_a_click_may_deny_what_it_cannot_approve(world: World) -> None:
    posts: list[Any] = []
    run = world.run(world.serve(gated(posts)))
    until(run._task.is_asking, "the request")
    assert click(run, "deny") is None
    until(lambda: posts, "the denial")
    assert posts == [{"approved": False}]
    assert came_to(run)[0] == "completed"


def test_a_policy_is_given_all_of_them(world: World) -> None:
    posts: list[Any] = []
    seen: list[Any] = []

    def policy(approval: powawidget.Approval) -> bool:
        seen.append(approval.arguments)
        return True

    agent = world.agent(world.serve(gated(posts)).url)
    run = agent.run("go", on_approval=policy)
    world.runs.append(run)
    assert came_to(run)[0] == "completed"
    assert seen == [LARGE]
    assert posts == [{"approved": True}]


def test_a_saved_run_has_all_that_its_own_limit_allows(world: World, tmp_path: Any) -> None:
    run = world.run(world.serve(gated([])))
    until(run._task.is_asking, "the request")
    run.approve()
    came_to(run)
    path = tmp_path / "run.json"
    run.save(path)
    again = powawidget.replay(path)
    assert isinstance(again, powawidget.Run)
    assert again.tool_calls[0].arguments == LARGE
    assert again.approvals[0].arguments_hash == TOLD["digest"]


def large(letter: str) -> str:
    return json.dumps({"text": letter * page_state.MOST})


def test_any_change_is_given_as_the_state_it_leads_to_is() -> None:
    call = ToolPart(name="t", arguments=large("a"), asked=large("b"))
    ask = ApprovalPart(tool_name="t", arguments=large("a"), digest="d")
    short = ToolPart(name="t", arguments='{"a": 1}')
    changes: list[Any] = [
        ("set", ("parts", 0), plain(call)),
        ("set", ("parts", 1), plain(ask)),
        ("set", ("parts", 2), plain(short)),
        ("set", ("parts", 2, "arguments"), large("c")),
        ("set", ("parts", 2, "asked"), large("d")),
        ("set", ("parts", 2, "asked"), None),
        ("set", ("parts", 0, "arguments"), '{"a": 1}'),
        ("set", ("parts", 0, "asked"), '{"a": 2}'),
        ("set", ("parts", 3), {"kind": "text", "text": "a"}),
        ("append", ("parts", 3, "text"), "b"),
        ("set", ("step",), 2),
        ("set", ("parts",), [plain(call), plain(ask)]),
        ("set", ("reasoning", "thoughts", 0), {"step": 1, "text": "a"}),
    ]
    whole, page = RunState(), RunState()
    for change in changes:
        apply(whole, [change])
        apply(page, page_state.changes([change]))
        assert plain(page) == page_state.run(plain(whole)), change[1]
    turn = ("set", ("turns", 0), plain(whole))
    assert page_state.changes([turn]) == [("set", ("turns", 0), plain(page))]
    within = ("set", ("turns", 0, "parts", 0, "arguments"), large("e"))
    assert [op[1] for op in page_state.changes([within])] == [
        ("turns", 0, "parts", 0, "arguments"),
        ("turns", 0, "parts", 0, "withheld"),
    ]
