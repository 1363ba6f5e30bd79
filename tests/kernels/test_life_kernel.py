"""What a hundred runs of one cell leave in the kernel: nothing (row K5 of the faults)."""

from collections.abc import Iterator

import pytest

from tests.environments import KERNELS, python_of
from tests.kernels.conftest import SETUP
from tests.kernels.kernel import Kernel

COUNT = """
import gc, json, psutil
import ipywidgets
from powawidget.kernel import bridge, cells, loop
from powawidget.local import Agent, Pause, Say

def stalls(_):
    yield Say("I begin")
    yield Pause(float("inf"))

other = start(tokens_per_second=5000, agents=[Agent(name="Staller", script=stalls)])
pb2 = pw.connect(other.url, api_key=other.key)

async def tasks():
    return len(asyncio.all_tasks()) - 1

def timers():
    return len([h for h in loop.loop_thread().loop._scheduled if not h.cancelled()])

def counts():
    gc.collect()
    process = psutil.Process()
    return {
        "threads": threading.active_count(),
        "native threads": process.num_threads(),
        "tasks": loop.run_sync(tasks()),
        "sockets": len(process.net_connections("tcp")),
        "files": process.num_fds(),
        "widgets": len(ipywidgets.Widget._instances if hasattr(ipywidgets.Widget, "_instances")
                       else ipywidgets.widgets.widget._instances),
        "receivers": len(bridge._receivers),
        "runs": sum(isinstance(o, pw.Run) for o in gc.get_objects()),
        "streams": other.open_streams,
    }

def settled(like=None):
    end = time.time() + 30
    while True:
        found = counts()
        if like is None or found == like or time.time() > end:
            return found
        time.sleep(0.1)
"""
# Rows are shown in both ways; some of the runs are over, some under way.
CELL = 'run = pb2.agent("{agent}").run("hello")\ndisplay(run)\nwhile not run.text: time.sleep(0.01)'


@pytest.fixture(params=[KERNELS[0], KERNELS[-1]], ids=lambda version: f"ipykernel-{version}")
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """The oldest and the newest kernel: what is left doesn't hang on those between."""
    started = Kernel(str(python_of("kernels", request.param)))
    try:
        started.do(SETUP)
        yield started
    finally:
        started.close()


@pytest.mark.parametrize("agent", ["Staller", "Writer"])
def test_k5_a_cell_run_a_hundred_times_leaves_nothing(kernel: Kernel, agent: str) -> None:
    """A run under way ("Staller") or soon over ("Writer"), each shown to a page that greets it."""
    kernel.do(COUNT)
    for number in range(3):
        again(kernel, agent, number)
    kernel.do("first = settled()")
    for number in range(3, 103):
        again(kernel, agent, number)
    assert kernel.do("last = settled(first); print(last if last != first else 'NOTHING')") == (
        "NOTHING\n"
    ), kernel.do("print(first)")
    kernel.do("run.close(); del run")
    left = kernel.do(
        "end = time.time() + 30\n"
        "while counts()['streams'] or counts()['receivers']:\n"
        "    assert time.time() < end\n"
        "    time.sleep(0.05)\n"
        "print(counts()['receivers'], counts()['widgets'] < first['widgets'])"
    )
    assert left == "0 True\n"
    assert len(kernel.comms()) == 103


def again(kernel: Kernel, agent: str, number: int) -> None:
    kernel.do(CELL.format(agent=agent), "the cell")
    kernel.send(kernel.comms()[-1], {"kind": "hello", "id": f"hello-{number}", "have": 0})
