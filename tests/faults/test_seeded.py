"""Runs, each cut, stalled and split in its own way; every one is named by its seed.

Events delivered are those that the server finished writing, in order, once; one POST each; the
final state is that of what came, or of what is stored; sockets and tasks go back to zero.
"""

import asyncio
import itertools
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from powawidget.resources.connect import Agent, AgentInfo
from powawidget.run.run import Run
from tests.chaos import CHUNKED, UNTIL_CLOSED, WATCHDOG, Exchange, Request, event
from tests.faults.world import World, came_to, delivered
from tests.seeds import SEED, examples

AT_ONCE = 100
WORDS = [
    "plain ",
    "naïve ",
    "語 ",
    "🙂 ",
    "line\n",
    "data: ",
    "\u2028",
    '"quoted" ',
    "<b>",
    "\\u0041",
]
WAYS = ["whole", "cut", "cut", "reset", "stalled", "clean end"]


class Plan(NamedTuple):
    """What happens to one run."""

    frames: list[dict[str, Any]]
    pieces: list[bytes]
    ends: list[int]
    way: str
    length: str
    stored: bool


def plan(seed: int) -> Plan:
    """Make the plan of a run from its seed alone."""
    chance = random.Random(seed)
    frames = list(_frames(chance, f"run_{seed}"))
    raw = [event(frame) for frame in frames]
    way = chance.choice(WAYS)
    data = b"".join(raw)
    if way != "whole":
        # Somewhere before the terminal event is whole; the run's id may not have come yet.
        data = data[: chance.randrange(len(data) - 1)]
    if way == "clean end":
        whole = [sum(map(len, raw[:count])) for count in range(len(raw))]
        data = data[: max(end for end in whole if end <= len(data))]
    ends, total = [], 0
    for frame in raw:
        total += len(frame)
        ends.append(total)
    cuts = sorted({0, len(data), *(chance.randrange(len(data) + 1) for _ in range(30))})
    pieces = [data[a:b] for a, b in itertools.pairwise(cuts)]
    length = chance.choice(["chunked", "closed"])
    return Plan(frames, pieces, ends, way, length, chance.random() < 0.5)


def _frames(chance: random.Random, run_id: str) -> Iterator[dict[str, Any]]:
    yield {"event": "start", "run_id": run_id, "session_id": "sess_1"}
    text = ""
    for number in range(chance.randrange(1, 12)):
        word = chance.choice(WORDS) * chance.randrange(1, 4)
        text += word
        yield {"event": "content_delta", "type": "content_delta", "delta": word}
        if chance.random() < 0.3:
            call = {"step": 1, "tool_name": "t", "call_id": f"c{number}"}
            yield {"event": "tool_call", **call, "arguments": {"n": number}}
            yield {"event": "tool_result", **call, "result_preview": word, "duration_ms": number}
    yield {"event": "chunk", "content": text}
    yield {"event": "complete", "run_id": run_id, "status": "completed", "content": text}


def seed_of(request: Request) -> int:
    """A run's seed stands in its agent's id, and so in its own."""
    name = request.path.split("/")[3] if request.method == "POST" else request.path.split("/")[-1]
    return int(name.removeprefix("seed-").removeprefix("run_"))


async def script(exchange: Exchange) -> None:
    seed = seed_of(exchange.request)
    made = plan(seed)
    if exchange.request.method == "GET":
        last = made.frames[-1]
        if made.stored:
            await exchange.answer_json({**last, "events": None, "tool_calls": []})
        else:
            await exchange.answer_json({"error": "Run not found"}, "404 Not Found")
        return
    chance = random.Random(-seed)
    is_chunked = made.length == "chunked"
    await exchange.head(CHUNKED if is_chunked else UNTIL_CLOSED)
    written = 0
    for piece in made.pieces:
        written += len(piece)
        exchange.told[:] = made.frames[: sum(end <= written for end in made.ends)]
        await (exchange.chunk(piece) if is_chunked else exchange.send(piece))
        if chance.random() < 0.3:
            await asyncio.sleep(chance.random() / 200)
    if made.way == "stalled":
        await exchange.gone()
    elif made.way == "reset":
        # What the client hasn't read yet is lost with a reset: so it follows after a while.
        await asyncio.sleep(0.1)
        exchange.reset()
    elif made.way in {"whole", "clean end"} and is_chunked:
        await exchange.send(b"0\r\n\r\n")


def wanted(made: Plan, told: list[Any]) -> tuple[str, str]:
    """The status and the text that a run must come to."""
    whole = made.frames[-1]["content"]
    if made.frames[-1] in told or (told and made.stored):
        return "completed", whole
    said = [frame["delta"] for frame in told if frame["event"] == "content_delta"]
    if any(frame["event"] == "chunk" for frame in told):
        return "interrupted", whole
    return "interrupted", "".join(said)


@pytest.mark.parametrize("batch", range(examples(1, 50)))
def test_a_hundred_runs_come_to_what_the_server_finished_writing(world: World, batch: int) -> None:
    server = world.serve(script)
    client = world.connect(server.url, quiet_idle=2.0)._client
    first = SEED + batch * AT_ONCE
    runs: dict[int, Run] = {}
    for seed in range(first, first + AT_ONCE):
        agent = Agent(client, AgentInfo(id=f"seed-{seed}", name="A"), False)
        runs[seed] = agent.run("hello")
    for seed, run in runs.items():
        assert run._live.done.wait(WATCHDOG), seed
    world.runs += runs.values()
    told = {
        seed_of(exchange.request): exchange.told
        for exchange in server.exchanges
        if exchange.request.method == "POST"
    }
    assert server.posts == len(told) == len(runs), "one POST each"
    for seed, run in runs.items():
        made = plan(seed)
        assert delivered(run) == told[seed], seed
        assert came_to(run)[:2] == wanted(made, told[seed]), (seed, made.way)
        assert run._live.state.restored == (
            made.frames[-1] not in told[seed] and bool(told[seed]) and made.stored
        ), seed
    server.wait_until_left()
