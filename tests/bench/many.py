"""What a hundred finished runs cost a page against one: to open, to scroll, and beside a new run.

In a real JupyterLab, by the processor's time of the page's thread. `display(Markdown)` of the same
answers, as often, is the floor: what the page's hundred outputs cost JupyterLab itself.
"""

import json
import pathlib
import sys
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.bench.rendering import BY_PROCESSOR, busy
from tests.bench.wire import TREE
from tests.browser import chromium
from tests.browser.conftest import CHROMIUM_ARGUMENTS
from tests.browser.lab import Lab, start_lab

GOAL = 1.5
# Where JupyterLab's windowing is set: "full" attaches what is near sight, "none" all cells.
SETTING = "/lab/api/settings/@jupyterlab/notebook-extension:tracker"
SHOWN = 1_500  # characters of a usual answer
NEW = 6_000  # characters of the new run's
STEPS = 60  # turns of the wheel
STEP = 400  # px of each
IDLE = 5.0  # seconds

SETUP = """
import powawidget as pw
from IPython.display import Markdown, display
from tests.bench.answers import stream
from tests.bench.mixed import mixed
def over(number):
    tokens = mixed({shown}, number)
    run = pw.replay(stream(tokens), speed=1e6)
    display(run)
    run.wait(display=False)
def text(number):
    display(Markdown("".join(mixed({shown}, number))))
""".replace("{shown}", str(SHOWN))
STREAM = f"""
run = pw.replay(stream(mixed({NEW})), speed=8)
display(run)
run.wait(display=False)
"""

TO_CELL = """
async index => {
  const notebook = jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  await notebook.scrollToItem(index);
}
"""


class Cost(NamedTuple):
    """The seconds of the page's thread."""

    load: float  # until all is still
    scroll: float  # for the same way
    idle: float  # for each second in which nothing happens
    new: float  # of another run, that streams


def notebooks() -> dict[str, list[str]]:
    """Give the notebooks by name: the code of their cells, but of the first and the last."""
    return {
        "one run": ["over(0)"],
        "100 runs": [f"over({number})" for number in range(100)],
        "100 runs in one cell": ["for number in range(100): over(number)"],
        "100 texts (the floor)": [f"text({number})" for number in range(100)],
    }


def lines(modes: tuple[str, ...] = ("full", "none")) -> Iterator[str]:
    """Measure, and tell each result when it is there."""
    with (
        tempfile.TemporaryDirectory() as folder,
        start_lab(pathlib.Path(folder), {"PYTHONPATH": TREE}) as lab,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=chromium.find(playwright.chromium.executable_path),
            args=CHROMIUM_ARGUMENTS,
        )
        for mode in modes:
            costs: dict[str, Cost] = {}
            for name, cells in notebooks().items():
                lab.api("PUT", SETTING, {"raw": json.dumps({"windowingMode": mode})})
                costs[name] = _measured(lab, browser, cells)
                lab.clear()
                yield _told(f"{name}, windowing {mode}", costs[name], costs["one run"])
        browser.close()


def _told(name: str, cost: Cost, one: Cost) -> str:
    parts = (
        f"{what} {ours:.2f} s ({ours / first:.1f} times one)"
        for what, ours, first in (
            ("loaded again", cost.load, one.load),
            ("scrolled", cost.scroll, one.scroll),
            ("a new run beside", cost.new, one.new),
        )
    )
    return f"{name}: {', '.join(parts)}, idle {cost.idle:.4f} s a second (goal: {GOAL} times one)"


def _measured(lab: Lab, browser: Browser, cells: list[str]) -> Cost:
    page = browser.new_context(viewport={"width": 1100, "height": 900}).new_page()
    last = len(cells) + 1
    lab.write_notebook("many.ipynb", [SETUP, *cells, STREAM])
    lab.load(page, "many.ipynb")
    lab.wait_ready(page)
    lab.wait_idle(page)
    page.evaluate(TO_CELL, last)
    lab.command(page, "notebook:run-all-above")
    lab.wait_idle(page, timeout=300)
    lab.command(page, "docmanager:save")
    page.goto("about:blank")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", BY_PROCESSOR)

    before = busy(session)
    page.go_back()
    lab.wait_ready(page)
    lab.wait_idle(page)
    _settle(page, session)
    load = busy(session) - before

    before = busy(session)
    page.wait_for_timeout(IDLE * 1000)
    idle = (busy(session) - before) / IDLE

    page.mouse.move(500, 500)
    before = busy(session)
    for _ in range(STEPS):
        page.mouse.wheel(0, STEP)
        page.wait_for_timeout(100)
    _settle(page, session)
    scroll = busy(session) - before

    page.evaluate(TO_CELL, last)
    _settle(page, session)
    before = busy(session)
    lab.command(page, "notebook:run-cell")
    lab.wait_idle(page, timeout=120)
    new = busy(session) - before
    page.context.close()
    return Cost(load, scroll, idle, new)


def _settle(page: Page, session: CDPSession) -> None:
    """Wait until the page does next to nothing for two seconds."""
    for _ in range(30):
        before = busy(session)
        page.wait_for_timeout(2_000)
        if busy(session) - before < 0.15:
            return


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
