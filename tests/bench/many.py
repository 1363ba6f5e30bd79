"""What a hundred finished runs cost a page against one: to open, to scroll, and beside a new run.

In a real JupyterLab, by the processor's time of the page's thread. `display(Markdown)` of the same
answers, as often, is the floor: what one and a hundred outputs cost JupyterLab itself. Where its
own hundred cost more than 1.5 times its one, ours can't cost less: what is ours is how far we are
above the floor.
"""

import json
import sys
from collections.abc import Iterator
from typing import NamedTuple

from playwright.sync_api import Browser, CDPSession, Page

from tests.bench.opened import opened
from tests.bench.rendering import BY_PROCESSOR, busy
from tests.browser.lab import Lab

GOAL = 1.5
# Where JupyterLab's windowing is set: "contentVisibility" is what 4.6 has by itself, "full" what
# versions before it had, which attach only what is near sight.
SETTING = "/lab/api/settings/@jupyterlab/notebook-extension:tracker"
MODES = ("contentVisibility", "full")
# Measured in the first mode alone: within one cell there is nothing to attach.
ONLY_FIRST = ("100 runs in one cell",)
RATIOS = (
    ("100 texts", "one text", " (JupyterLab's own)"),
    ("100 runs", "one run", f" (goal: {GOAL})"),
    ("100 runs", "100 texts", f" (goal: {GOAL})"),
)
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
    new: float  # of another run, that streams
    idle: float  # for each second in which nothing happens


def notebooks() -> dict[str, list[str]]:
    """Give the notebooks by name: the code of their cells, but of the first and the last."""
    return {
        "one text": ["text(0)"],
        "100 texts": [f"text({number})" for number in range(100)],
        "one run": ["over(0)"],
        "100 runs": [f"over({number})" for number in range(100)],
        "100 runs in one cell": ["for number in range(100): over(number)"],
    }


def lines(modes: tuple[str, ...] = MODES) -> Iterator[str]:
    """Measure, and tell each result when it is there, as the rows of a table."""
    yield "| page's thread, s | loaded again | scrolled | a new run beside | idle, a second |"
    yield "|---|---|---|---|---|"
    with opened() as (lab, browser):
        for mode in modes:
            costs: dict[str, Cost] = {}
            for name, cells in notebooks().items():
                if mode != MODES[0] and name in ONLY_FIRST:
                    continue
                lab.api("PUT", SETTING, {"raw": json.dumps({"windowingMode": mode})})
                costs[name] = _measured(lab, browser, cells)
                lab.clear()
                told = " | ".join(f"{seconds:.2f}" for seconds in costs[name][:3])
                yield f"| {name}, {mode} | {told} | {costs[name].idle:.4f} |"
            for over, under, goal in RATIOS:
                told = " | ".join(
                    f"{ours / theirs:.1f}"
                    for ours, theirs in zip(costs[over][:3], costs[under][:3], strict=True)
                )
                yield f"| {over} against {under}, times{goal}, {mode} | {told} | |"


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
    return Cost(load, scroll, new, idle)


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
