"""How much a process grows while a server sends far too much."""

import asyncio
import gzip
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable

from tests.chaos import Chaos, Exchange, at_paths, event

GOAL = 64
START = {"event": "start", "run_id": "run_1", "session_id": "sess_1"}
DELTA = {"event": "content_delta", "type": "content_delta", "delta": "word "}
END = {"event": "complete", "run_id": "run_1", "status": "completed"}
# A process of its own, with a page's widget: it reads the run once so that all is loaded, then
# measures the peak over the second.
WATCH = """
import re, sys
import powawidget as pw
from powawidget.resources.agent import Agent, AgentInfo

def peak():
    with open("/proc/self/status") as status:
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 1024

def run(url):
    limits = pw.Timeouts(retry=(), look_up_unreachable=0.1)
    with pw.connect(url, api_key="x" * 40, timeouts=limits) as pb:
        agent = Agent(pb._client, AgentInfo(id="a", name="A"), True)
        run = agent.run("hello")
        run.widget
        return run.wait(display=False).status

small, large = sys.argv[1:]
run(small)
before = peak()
status = run(large)
print(f"{peak() - before:.1f} {status}")
"""

Script = Callable[[Exchange], Awaitable[None]]


def measure() -> list[str]:
    """Measure the growth of a process for each flood."""
    lines = [f"growth of a kernel's memory (goal: under {GOAL} MB each)"]
    for what, script in FLOODS.items():
        with Chaos(_small) as small, Chaos(at_paths(run=script)) as large:
            command = [sys.executable, "-c", WATCH, small.url, large.url]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        grown, status = said.split()
        lines.append(f"  {what}: {grown} MB ({status})")
    return lines


async def _small(exchange: Exchange) -> None:
    await exchange.stream(START, DELTA, END)


async def _event(exchange: Exchange) -> None:
    await exchange.stream(START, end=False)
    await exchange.chunk(event({**DELTA, "delta": "x" * 10_000_000}))


async def _odd_event(exchange: Exchange) -> None:
    # One character beyond the first plane makes Python hold four bytes for each of a text.
    raw = json.dumps({**DELTA, "delta": "🙂" + "x" * 10_000_000}, ensure_ascii=False)
    await exchange.stream(START, end=False)
    await exchange.chunk(f"data: {raw}\n\n".encode())


async def _line(exchange: Exchange) -> None:
    await exchange.stream(START, end=False)
    await exchange.chunk(b"data: ")
    for _ in range(1600):
        await exchange.chunk(b"x" * 65536)


async def _bomb(exchange: Exchange) -> None:
    packed = b"content-encoding: gzip\r\ncontent-type: text/event-stream\r\n"
    await exchange.answer("200 OK", gzip.compress(b"data: " + b"x" * 200_000_000, 1), packed)


async def _page(exchange: Exchange) -> None:
    await exchange.head(b"content-type: text/html\r\ncontent-length: 100000000\r\n", "500 Odd")
    for _ in range(1600):
        await exchange.send(b"<p>" + b"x" * 62500)


async def _many(exchange: Exchange) -> None:
    await exchange.stream(START, end=False)
    for _ in range(100):
        await exchange.chunk(event(DELTA) * 1000)
        await asyncio.sleep(0.01)
    await exchange.tell(END)


async def _comments(exchange: Exchange) -> None:
    await exchange.stream(START, end=False)
    for _ in range(100):
        await exchange.chunk(b": keepalive\n\n" * 1000)
        await asyncio.sleep(0.01)
    await exchange.tell(END)


FLOODS: dict[str, Script] = {
    "an event of 10 MB": _event,
    "an event of 10 MB with an emoji": _odd_event,
    "a line of 100 MB without an end": _line,
    "200 MB compressed to 0.2 MB": _bomb,
    "an error page of 100 MB": _page,
    "100,000 events in a second": _many,
    "100,000 keepalives in a second": _comments,
}
