"""What a batch costs and how much of a server it uses: side by side with what there is to compare.

The server is the embedded one, in a process of its own. The machine is never the limit: where it
is measured how much of a server's limit is used, each run thinks for some seconds.
"""

import asyncio
import json
import pathlib
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx

import powawidget as pw
from tests.batch.server_process import PLAIN, ServerProcess

LIMIT = 40  # runs at once
LIMITED = 300  # rows at that limit
THOUGHT = 3.0  # seconds of each run, on average: no machine is too slow for so few starts
FEW, MANY = 400, 1_600  # rows
STREAMS, WORDS = 100, 335


def lines() -> Iterator[str]:
    """Measure, and tell each result when it is there."""
    yield "batches"
    yield from _limit()
    yield from _growth()
    yield from _streams()


def _limit() -> Iterator[str]:
    with ServerProcess(runs_at_once=LIMIT, latency_seconds=THOUGHT) as server:
        _batch(server, [f"row {number}" for number in range(LIMITED)])
        load = server.load()
    yield (
        f"  a server that allows {LIMIT} at once: {load['used']:.0%} of it used from the first "
        f"refusal on (goal: 90), {load['refused']:.0f} of {LIMITED + load['refused']:.0f} starts "
        "refused (goal: at most 5 %)"
    )


def _growth() -> Iterator[str]:
    spent: list[tuple[float, float]] = []
    with ServerProcess(agents_tokens_per_second=1e6) as server:
        _batch(server, ["warm"])
        for rows in (FEW, MANY):
            before, used = _memory(), time.process_time()
            batch = _batch(server, [f"row {number}" for number in range(rows)], concurrency=32)
            assert len(batch.frame) == rows
            spent.append(((time.process_time() - used) / rows * 1000, _memory() - before))
    (few, _), (many, grown) = spent
    yield (
        f"  CPU of a row in a batch of {FEW:,} and of {MANY:,}: {few:.1f} and {many:.1f} ms, "
        f"{many / few:.2f} times; {MANY:,} rows and their frame: {grown:.0f} MB"
    )


def _streams() -> Iterator[str]:
    text = " ".join(f"w{number}" for number in range(WORDS))
    messages = [f"{number} {text}" for number in range(STREAMS)]
    with ServerProcess(agents_tokens_per_second=60.0) as server:
        agent_id = pw.connect(server.url, api_key=server.key).agent(PLAIN).id
        plain, ours, events = [], [], 0
        for _ in range(2):
            begun = time.process_time()
            events = asyncio.run(_read(server, agent_id, messages))
            plain.append(time.process_time() - begun)
            begun = time.process_time()
            _batch(server, messages, concurrency=STREAMS)
            ours.append(time.process_time() - begun)
    yield (
        f"  {STREAMS} streams at once, {events:,} events: {min(ours):.2f} s of CPU, "
        f"{min(ours) / min(plain):.2f} times plain httpx and json ({min(plain):.2f} s)"
    )


def _batch(server: ServerProcess, messages: list[str], **more: Any) -> pw.Batch:
    with pw.connect(server.url, api_key=server.key) as pb:
        batch = pb.agent(PLAIN).map(messages, **more).wait()
    assert batch.counts == {"done": len(messages)}
    return batch


async def _read(server: ServerProcess, agent_id: str, messages: list[str]) -> int:
    headers = {"apikey": server.key, "Authorization": f"Bearer {server.key}"}
    events = 0

    async def one(client: httpx.AsyncClient, message: str) -> None:
        nonlocal events
        path = f"/api/agents/{agent_id}/run/stream"
        async with client.stream("POST", path, json={"message": message}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data:"):
                    json.loads(line[5:])
                    events += 1

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=server.url, headers=headers, timeout=None, limits=limits
    ) as client:
        await asyncio.gather(*(one(client, message) for message in messages))
    return events


def _memory() -> float:
    """What this process has in memory, in megabytes."""
    pages = int(pathlib.Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
