"""Decisions on their way: to the process that streams, also while everything else is closed."""

import asyncio

import pytest

from tests.chaos import WATCHDOG, Exchange, Script, at_paths
from tests.faults.world import ASK, CALL, START, STEP, World, came_to, until

DENIED = {
    "event": "tool_result",
    "step": 1,
    "tool_name": "t",
    "call_id": "c",
    "result_preview": "Error: Blocked by hook — Denied by user: The run was stopped.",
}
HOOK = {"event": "hook_result", "hook_event": "PreToolUse", "status": "succeeded", "blocked": True}


def proving(seconds: float) -> Script:
    """A server that tells in the stream what became of a decision, some time after its 200."""
    decided = asyncio.Event()

    async def run(exchange: Exchange) -> None:
        await exchange.stream(START, STEP, CALL, ASK, end=False)
        await decided.wait()
        await asyncio.sleep(seconds)
        await exchange.tell(HOOK, DENIED)
        await exchange.gone()

    async def other(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/approve"):
            assert exchange.request.json["approved"] is False
            decided.set()
        await exchange.answer_json({"status": "ok"})

    return at_paths(run=run, other=other)


@pytest.mark.parametrize("seconds", [0.05, 0.1])
def test_a_stop_leaves_a_ledger_that_says_denied(
    world: World, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("powawidget.run._DENYING", WATCHDOG)  # a slow machine changes no outcome
    run = world.run(world.serve(proving(seconds)))
    until(lambda: run.status == "waiting", "the request")
    run.stop()
    assert came_to(run)[0] == "stopped"
    (asked,) = run.approvals
    assert (asked.decision, asked.by) == ("denied", "stop")
