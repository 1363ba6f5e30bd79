"""A process ends, whatever its runs were doing."""

import os
import subprocess
import sys

import pytest

from tests.chaos import WATCHDOG, Chaos, Exchange, at_paths
from tests.faults.world import ASK, CALL, DONE, HALF, REST, START
from tests.planted import KEY, leaks
from tests.walk import ROOT

PROGRAM = """
import os, sys
import powawidget as pw
from powawidget.resources.agent import Agent, AgentInfo

limits = pw.Timeouts(retry=(3600.0,), look_up=(3600.0,))
pb = pw.connect(sys.argv[1], api_key=os.environ["PLANTED"], timeouts=limits)
run = Agent(pb._client, AgentInfo(id="a", name="A"), True).run("hello")
run.widget
while run.status not in sys.argv[2].split():
    pass
print(run.status)
"""


async def whole(exchange: Exchange) -> None:
    await exchange.stream(START, HALF, REST, DONE)


async def cut(exchange: Exchange) -> None:
    await exchange.stream(START, HALF, end=False)


async def stalled(exchange: Exchange) -> None:
    await exchange.stream(START, HALF, end=False)
    await exchange.gone()


async def refused(exchange: Exchange) -> None:
    await exchange.answer_json({"error": "Slow down"}, "429 Too Many")


ENDS = {
    "over": (whole, "completed"),
    "looked up": (cut, "interrupted"),
    "running": (stalled, "running"),
    "waiting to be tried again": (refused, "reconnecting"),
}


@pytest.mark.parametrize(("script", "status"), ENDS.values(), ids=ENDS)
def test_a_process_ends_whatever_its_run_does(script: object, status: str) -> None:
    with Chaos(at_paths(run=script)) as server:  # type: ignore[arg-type]  # one of several
        ended = subprocess.run(
            [sys.executable, "-X", "dev", "-c", PROGRAM, server.url, status],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PLANTED": KEY},
            capture_output=True,
            check=False,
            text=True,
            timeout=WATCHDOG,
        )
        server.wait_until_left()
    assert (ended.returncode, ended.stdout.strip()) == (0, status), ended.stderr
    assert "never retrieved" not in ended.stderr
    assert "Traceback" not in ended.stderr, ended.stderr
    assert not leaks(ended.stderr)


HANGS = """
import os, sys, threading, time
import powawidget as pw
from powawidget.resources.agent import Agent, AgentInfo

asked = threading.Event()

def waits(_):
    asked.set()
    time.sleep(3600)

async def blocks(_):
    waits(_)

pb = pw.connect(sys.argv[1], api_key=os.environ["PLANTED"])
agent = Agent(pb._client, AgentInfo(id="a", name="A"), True)
run = agent.run("hello", on_approval={policy})
asked.wait()
print("asked")
"""


async def asks(exchange: Exchange) -> None:
    await exchange.stream(START, CALL, ASK, end=False)
    await exchange.gone()


@pytest.mark.parametrize("policy", ["waits", "blocks"])
def test_a_process_ends_though_a_policy_hangs_and_says_nothing(policy: str) -> None:
    with Chaos(at_paths(run=asks)) as server:
        ended = subprocess.run(
            [sys.executable, "-c", HANGS.replace("{policy}", policy), server.url],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PLANTED": KEY},
            capture_output=True,
            check=False,
            text=True,
            timeout=WATCHDOG,
        )
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "asked", "")
