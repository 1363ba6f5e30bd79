"""A real jupyter_server that stops idle kernels: it keeps those that are at work, and no others.

Its timeout is 6 s here, and the kernel says that it is at work once a second. Who is kept has been
idle, as far as messages of a page go, for longer than each kernel that was stopped.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from websockets.sync.client import connect

from tests.browser.conftest import kernels_environment
from tests.browser.lab import Lab, start_lab
from tests.browser.tempo import Tempo
from tests.wide.notebook import Notebook

pytestmark = pytest.mark.timeout(900)

WATCHDOG = 180  # seconds
LONG = 90_000
CULLER = (
    "--MappingKernelManager.cull_idle_timeout=6",
    "--MappingKernelManager.cull_interval=1",
    "--MappingKernelManager.cull_connected=True",
)
SETUP = """
import powawidget as pw
from powawidget.live import alive
from powawidget.widget import widget
alive.SECONDS, widget._HEARD_FOR = 1.0, 0.0
pb = pw.connect()
operator, analyst = pb.agent("Operator"), pb.agent("Analyst")
RAISE = "Raise the price of the best seller by 5%"
def begun(run):
    import time
    while not run.approvals: time.sleep(0.05)
"""
# What is under way where no page is.
# Not shown: the text that streams into a view counts by itself.
STREAM = "run = analyst.run('Which orders are late, by region and carrier?')"
WAITING = {
    "a decision": "run = operator.run(RAISE)\ndisplay(run)\nbegun(run)",
    "a run that was never shown": "run = operator.run(RAISE)\nbegun(run)",
    "a chat": "chat = operator.chat()\nrun = chat.send(RAISE)\nbegun(run)",
    "a batch": (
        "rows = operator.map([{'m': RAISE}], '{m}', on_approval=pw.policy())\nrows.start()\n"
        "import time\nwhile not pw.pending(): time.sleep(0.05)"
    ),
}
OVER = "run = operator.run('Hello')\nrun.stop()\nrun.wait(display=False)"
CULLED = {
    "nothing": "pass",
    "a run that is over": OVER,
    "a stream that isn't to be kept": f"pw.options.keep_alive = None\n{STREAM}",
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, powabase: Any) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("culling")
    with start_lab(folder, kernels_environment(powabase), arguments=CULLER) as lab:
        yield lab


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_context().new_page()
    yield page
    page.context.close()


def alive(lab: Lab) -> set[str]:
    return {kernel["id"] for kernel in lab.api("GET", "/api/kernels")}


def do(lab: Lab, kernel: str, code: str) -> None:
    """Run a cell as a page does that is closed afterwards."""
    address = f"ws://127.0.0.1:{lab.port}/api/kernels/{kernel}/channels?token={lab.token}"
    with connect(address, max_size=None) as channels:
        notebook = Notebook(channels)
        notebook.send("execute_request", {"code": code, "silent": False, "allow_stdin": False})
        replied = notebook.until(lambda: notebook.of("execute_reply"))
        assert replied[0]["status"] == "ok", replied


def begun(lab: Lab, cells: dict[str, str]) -> dict[str, str]:
    """Start a kernel for each cell, and run it there; the kernels by their names here."""

    def begin(cell: str) -> str:
        kernel: str = lab.api("POST", "/api/kernels", {})["id"]
        do(lab, kernel, f"{SETUP}\n{cell}")
        return kernel

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(cells, pool.map(begin, cells.values()), strict=True))


def wait_until(holds: Callable[[], bool], what: Callable[[], object]) -> None:
    end = time.monotonic() + WATCHDOG
    while not holds():
        assert time.monotonic() < end, what()
        time.sleep(0.2)


def test_kernels_at_work_are_kept_with_the_tab_closed_and_idle_ones_are_stopped(
    lab: Lab, page: Page, tempo: Tempo
) -> None:
    lab.load(page)
    kept = begun(lab, WAITING)
    tempo.hold()
    kept |= begun(lab, {"a stream": STREAM})
    # Those are idle for a shorter time than each that is kept.
    lab.write_notebook("over.ipynb", [f"{SETUP}\n{OVER}\nrun"])
    lab.open(page, "over.ipynb")
    (shown,) = alive(lab) - {*kept.values()}
    lab.run_cell(page, 0)
    expect(page.locator(".pw-status")).to_have_text("Stopped", timeout=LONG)
    culled = {**begun(lab, CULLED), "a run that is over, with a page": shown}

    def left() -> list[str]:
        here = alive(lab)
        return [name for name, kernel in culled.items() if kernel in here]

    wait_until(lambda: not left(), left)
    time.sleep(2)  # the culler has looked at all of them by then, and again
    here = alive(lab)
    assert [name for name, kernel in kept.items() if kernel not in here] == []

    # What was under way comes to its end, and then each is stopped too.
    tempo.fast()
    for name, kernel in kept.items():
        if name in ("a decision", "a run that was never shown", "a chat"):
            do(lab, kernel, "run.deny()")
        elif name == "a batch":
            do(lab, kernel, "[rows[key].deny() for key in rows.keys]")
    wait_until(lambda: not alive(lab), lambda: alive(lab) & {*kept.values()})
