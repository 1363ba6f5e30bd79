"""Row P5 in a real kernel: a flood reaches the page in few messages, and other cells answer."""

import asyncio
import json
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from powawidget.state.model import RunState, plain, typed
from powawidget.state.ops import apply
from tests.chaos import Chaos, Exchange, at_paths, event
from tests.faults.world import START
from tests.kernels.kernel import Kernel
from tests.planted import KEY, leaks

EVENTS = 100_000
UPDATES = 30  # a second
END = {"event": "complete", "status": "completed"}
WATCH = """
import json, os
import powawidget as pw
from powawidget.resources.agent import Agent, AgentInfo
pb = pw.connect({url!r}, api_key=os.environ["PLANTED"])
run = Agent(pb._client, AgentInfo(id="a-1", name="A"), True).run("hello")
run
"""


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernel]:
    monkeypatch.setenv("PLANTED", KEY)
    started = Kernel(sys.executable)
    try:
        yield started
    finally:
        started.close()


@pytest.mark.parametrize("what", ["events", "keepalives"])
def test_p5_a_flood_is_30_updates_a_second_an_exact_state_and_a_kernel_that_answers(
    kernel: Kernel, what: str
) -> None:
    piece = b": keepalive\n\n"
    if what == "events":
        piece = event({"event": "content_delta", "type": "content_delta", "delta": "word "})
    answered = threading.Event()

    async def flood(exchange: Exchange) -> None:
        await exchange.stream(START, end=False)
        for _ in range(EVENTS // 1000):
            await exchange.chunk(piece * 1000)
            await asyncio.sleep(0.005)
        while not answered.is_set():
            await exchange.chunk(piece * 100)
            await asyncio.sleep(0.01)
        await exchange.tell(END)

    with Chaos(at_paths(run=flood)) as server:
        shown = kernel.run(WATCH.format(url=server.url))
        kernel.until(lambda: server.told, "the run's start")
        (comm,) = kernel.until(kernel.comms, "the widget")
        kernel.nonce(comm)  # as a page does: it is given the whole state
        # The run goes on until these have answered.
        for number in range(5):
            assert kernel.do(f"print({number} * 7)") == f"{number * 7}\n"
        answered.set()
        assert kernel.do("print(run.wait().status)").strip() == "completed"
        wanted = json.loads(kernel.do("print(json.dumps(run._live.snapshot()))"))
        kernel.idle(shown)
    # What the loop's thread has sent may come after what a cell has said.
    kernel.until(lambda: _has_ended(kernel, comm), "the last update")
    updates = _ops(kernel, comm)
    assert [message["seq"] for message, _ in updates] == list(range(1, len(updates) + 1))
    whole = next(said for said in kernel.custom(comm) if said["kind"] == "state")
    state: RunState = typed(whole["state"], RunState)
    for message, _ in updates[whole["seq"] :]:
        apply(state, message["ops"])
    assert state.status == "completed"
    mine = plain(state)
    assert [name for name, value in wanted.items() if mine[name] != value] == []
    if what == "events":
        assert len(str(state.parts[0].text)) >= EVENTS * 5  # type: ignore[union-attr]  # a text
    else:
        assert state.parts == []
    if len(updates) > UPDATES:
        seconds = (updates[-1][1] - updates[0][1]).total_seconds()
        assert len(updates) <= UPDATES * (seconds + 1)
    assert not [message for message in kernel.said if leaks(str(message))]


def _ops(kernel: Kernel, comm: str) -> list[tuple[dict[str, Any], Any]]:
    return [dated for dated in kernel.dated(comm) if dated[0]["kind"] == "ops"]


def _has_ended(kernel: Kernel, comm: str) -> bool:
    return any(
        op[:2] == ["set", ["status"]] and op[2] == "completed"
        for message, _ in _ops(kernel, comm)
        for op in message["ops"]
    )
