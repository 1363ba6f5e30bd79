"""Where there is no notebook: waiting works, or says what to do (row K6 of the faults).

Each place is a process of its own, which asks the embedded server over a real socket.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.counterpart import Counterpart, start
from tests.walk import ROOT

WATCHDOG = 60
SETUP = (
    "import powawidget as pw\npb = pw.connect()\nask = lambda: pb.agent('Writer').run('hello')\n"
)
DONE = "completed 1"
TOLD = "print(run.status, int(len(run.text) > 20))\n"

PLACES = {
    "plain Python": f"run = ask().wait()\n{TOLD}",
    "a thread without a loop": (
        "import threading\nrun = ask()\n"
        "waiting = threading.Thread(target=run.wait)\nwaiting.start()\nwaiting.join()\n"
        f"{TOLD}"
    ),
    "a coroutine that waits": (
        f"import asyncio\nasync def main():\n    await (run := ask())\n"
        f"    {TOLD}asyncio.run(main())\n"
    ),
    "a coroutine that blocks": (
        f"import asyncio\nasync def main():\n    run = ask().wait()\n"
        f"    {TOLD}asyncio.run(main())\n"
    ),
    "a loop nested by nest_asyncio2": (
        "import asyncio, nest_asyncio2\n"
        "nest_asyncio2.apply()\n"
        "async def inner():\n    return (await ask()).text\n"
        "async def main():\n"
        "    text = asyncio.get_running_loop().run_until_complete(inner())\n"
        "    run = ask().wait()\n"
        "    print(run.status, int(len(run.text) > 20 < len(text)))\n"
        "asyncio.run(main())\n"
    ),
    "after a loop has ended": (
        "import asyncio\nasync def first(): await ask()\nasyncio.run(first())\n"
        f"run = ask().wait()\n{TOLD}"
    ),
    "a forked child": (
        "import os\nask().wait()\nif (child := os.fork()) == 0:\n"
        f"    run = ask().wait()\n    {TOLD.strip()}\n"
        "    sys.stdout.flush()\n    os._exit(0)\n"
        "os.waitpid(child, 0)\n"
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Counterpart]:
    with start(tokens_per_second=5000) as running:
        yield running


def ran(server: Counterpart, *arguments: str, said: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a Python with the server in its environment, to its end."""
    environment = {
        **os.environ,
        "POWABASE_URL": server.url,
        "POWABASE_API_KEY": server.key,
        "PYTHONPATH": str(ROOT),
        "NO_COLOR": "1",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        input=said,
        capture_output=True,
        text=True,
        timeout=WATCHDOG,
        check=False,
    )


@pytest.mark.parametrize("place", PLACES)
def test_k6_waiting_works_in(server: Counterpart, place: str) -> None:
    done = ran(
        server, "-W", "ignore::DeprecationWarning", "-c", f"import sys\n{SETUP}{PLACES[place]}"
    )
    assert done.stdout.strip() == DONE, done.stderr
    assert done.stderr == ""
    assert done.returncode == 0


def test_k6_an_ipython_terminal_shows_a_line_and_waits(
    server: Counterpart, tmp_path: object
) -> None:
    cells = [
        *SETUP.splitlines(),
        "run = ask()",
        "run.wait()",
        "print('WAITED', run.status)",
        "print('AWAITED', len((await ask()).text) > 20)",
        "exit",
    ]
    options = ["--simple-prompt", "--no-banner", "--colors=NoColor", f"--ipython-dir={tmp_path}"]
    done = ran(server, "-m", "IPython", *options, said="\n".join(cells) + "\n")
    assert "<Run of agent 'Writer', done" in done.stdout
    assert "WAITED completed" in done.stdout
    assert "AWAITED True" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert server.key not in done.stdout + done.stderr


def test_k6_a_run_that_is_left_lets_the_interpreter_end(server: Counterpart) -> None:
    done = ran(server, "-c", f"{SETUP}run = pb.agent('Writer').run('long')\nprint('LEFT')\n")
    assert (done.stdout, done.stderr, done.returncode) == ("LEFT\n", "", 0)


def test_k6_waiting_on_our_own_thread_is_refused_and_says_why(server: Counterpart) -> None:
    program = f"""{SETUP}
from powawidget.kernel import loop
run = pb.agent("Writer").run("hello")
async def inside():
    for wait in (run.wait, run.result):
        try:
            wait(timeout=5)
        except RuntimeError as error:
            print("REFUSED", error)
loop.run_sync(inside())
print(run.wait().status)
"""
    done = ran(server, "-c", program)
    assert done.stdout.count("REFUSED") == 2, done.stdout + done.stderr
    assert "powawidget's own thread" in done.stdout
    assert done.stdout.endswith("completed\n")
