"""What a hundred runs of one cell leave in the kernel: nothing (row K5 of the faults)."""

from typing import Any

import pytest

from tests.environments import KERNELS
from tests.kernels.conftest import named
from tests.kernels.kernel import Kernel
from tests.kernels.test_busy_kernel import ASK, click

COUNT = """
import gc, json, psutil
import ipywidgets
from powawidget.kernel import bridge, cells, loop
from tests.counterpart import Agent, Pause, Say

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
        "sockets": len([c for c in process.net_connections("tcp") if other.url[-5:] in str(c)]),
        "widgets": len(ipywidgets.Widget._instances if hasattr(ipywidgets.Widget, "_instances")
                       else ipywidgets.widgets.widget._instances),
        "receivers": len(bridge._receivers),
        "runs": sum(isinstance(o, pw.Run) for o in gc.get_objects()),
        "streams": other.open_streams,
    }

def grown(before, after):
    return {name: after[name] - old for name, old in before.items() if after[name] > old}

def settled(like=None):
    end = time.time() + 30
    while True:
        found = counts()
        if like is None or not grown(like, found) or time.time() > end:
            return found
        time.sleep(0.1)
"""
# Every other run is under way when its cell is run again, the rest are over or nearly so.
CELL = """
number = globals().get("number", 0) + 1
run = pb2.agent(("Staller", "Writer")[number % 2]).run("hello")
display(run)
while not run.text: time.sleep(0.01)
"""


# What is left doesn't hang on the kernels between.
oldest_and_newest = (KERNELS[0], KERNELS[-1])
on_oldest_and_newest = pytest.mark.parametrize(
    "kernel", oldest_and_newest, ids=named, indirect=True
)


@pytest.mark.parametrize("fresh_kernel", oldest_and_newest, ids=named, indirect=True)
def test_k5_a_cell_run_a_hundred_times_leaves_nothing(fresh_kernel: Kernel) -> None:
    kernel = fresh_kernel
    kernel.do(COUNT)
    for _ in range(2):
        kernel.do(CELL, "the cell")
        kernel.nonce(kernel.comms()[-1])
    kernel.do("first = settled()")
    for _ in range(100):
        last = kernel.run(CELL, "the cell")
    kernel.idle(last)
    kernel.nonce(kernel.comms()[-1])
    assert kernel.do("print(grown(first, settled(first)))") == "{}\n"
    assert len(kernel.comms()) == 102
    # The core's two models stay.
    kernel.do("before = counts()['widgets']; run.close(); del run")
    left = kernel.do(
        "end = time.time() + 30\n"
        "while counts()['streams'] or counts()['receivers'] > 2:\n"
        "    assert time.time() < end\n"
        "    time.sleep(0.05)\n"
        "print(before - counts()['widgets'], counts()['runs'])"
    )
    assert left == "1 0\n"


# Runs that are over when they are made have no task, but are shown by a widget each.
OVER = {
    "replay": "run = pw.replay(recording)\ndisplay(run)",
    "stored": "run = pb2.get_run(run_id)\ndisplay(run)",
    "saved": "run = pw.replay(saved)\ndisplay(run)",
}


@on_oldest_and_newest
@pytest.mark.parametrize("kind", OVER)
def test_k5_runs_that_are_over_leave_no_widgets_either(kernel: Kernel, kind: str) -> None:
    kernel.do(COUNT)
    kernel.do(
        "import pathlib, tempfile\n"
        "folder = pathlib.Path(tempfile.mkdtemp())\n"
        "kept = pb2.agent('Writer').run('hello')\nkept.wait(display=False)\n"
        "run_id = kept.run_id\n"
        "saved = folder / 'saved.json'\nkept.save(saved)\n"
        'recording = b\'data: {"event": "complete", "content": "all"}\\n\\n\'\n'
        "kept.close(); del kept"
    )
    for _ in range(2):
        kernel.do(OVER[kind], "the cell")
    kernel.do("first = settled()")
    for _ in range(20):
        kernel.do(OVER[kind], "the cell")
    assert kernel.do("print(grown(first, settled(first)))") == "{}\n"
    assert len(kernel.comms()) == 22
    # What one execution makes stays, however many there are.
    kernel.do(f"{OVER[kind]}\n" * 2, "the cell")
    assert kernel.do("print(counts()['widgets'] - first['widgets'])") == "1\n"


@on_oldest_and_newest
def test_a_page_that_comes_after_the_end_is_told_what_the_file_holds(kernel: Kernel) -> None:
    """A page that is loaded again may save the notebook, and with it the state."""
    kernel.do("from powawidget.widget import widget\nwidget._TOLD_FROM = 0")  # however small
    kernel.do('run = pb.agent("Writer").run("haiku").wait(display=False)\ndisplay(run)')
    (comm,) = kernel.comms()
    kernel.until(lambda: kinds(kernel, comm).count("file") == 1, "the file")
    kernel.send(comm, {"kind": "hello", "have": 0})
    kernel.until(lambda: kinds(kernel, comm)[-2:] == ["state", "file"], "state and file")
    state, told = kernel.custom(comm)[-2:]
    assert (told["seq"], told["cuts"]) == (state["seq"], [])
    assert told["bytes"] > 0


@on_oldest_and_newest
def test_the_transcript_of_a_stopped_run_says_what_the_server_did(kernel: Kernel) -> None:
    """That is learned after the run's end, when the transcript was written already."""
    kernel.do('run = pb.agent("Operator").run("Raise the price of the best seller by 5%")')
    kernel.do("display(run)\nwhile run.status != 'waiting': time.sleep(0.01)\nrun.stop()")
    said = "The server ended the run as failed"
    kernel.until(lambda: any(said in html for html in updated(kernel)), "what the server did")


@on_oldest_and_newest
@pytest.mark.parametrize("front_end", [False, True])
def test_a_run_that_ends_between_two_cells_is_whole_in_the_file(
    kernel: Kernel, front_end: bool
) -> None:
    """What runs a notebook without a person heeds only messages of the cell that it runs."""
    kernel.do(f"{ASK}\ndisplay(run)", front_end=front_end)
    (comm,) = kernel.comms()
    click(kernel, comm, "approve")
    kernel.until(lambda: updates(kernel), "the end, between the cells")
    cells = [kernel.run("pass", front_end=front_end) for _ in range(2)]
    kernel.idle(cells[1])
    (first, *more) = updates(kernel)
    assert first["parent_header"]["msg_id"] not in cells
    assert [each["parent_header"]["msg_id"] for each in more] == cells[: not front_end]
    assert {each["content"]["data"]["text/html"] for each in more} <= {updated(kernel)[0]}


@on_oldest_and_newest
def test_a_run_that_ends_within_a_cell_is_written_once(kernel: Kernel) -> None:
    ends = kernel.run('pb.agent("Writer").run("haiku").wait()', front_end=False)
    kernel.idle(ends)
    kernel.do("pass", front_end=False)
    kernel.do("pass", front_end=False)
    # A run that was over before it was shown is shown as it ended: nothing follows.
    assert len(updates(kernel)) <= 1
    assert {each["parent_header"]["msg_id"] for each in updates(kernel)} <= {ends}


def updates(kernel: Kernel) -> list[dict[str, Any]]:
    """The messages that brought a transcript up to date."""
    return [message for message in kernel.said if message["msg_type"] == "update_display_data"]


def updated(kernel: Kernel) -> list[str]:
    """The transcripts that were brought up to date."""
    return [message["content"]["data"].get("text/html", "") for message in updates(kernel)]


def kinds(kernel: Kernel, comm: str) -> list[str]:
    return [message["kind"] for message in kernel.custom(comm)]
