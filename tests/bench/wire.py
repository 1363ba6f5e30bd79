"""What a page's websocket carries to show runs, and whether a busy cell keeps a view waiting."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, WebSocket, expect

from tests.bench.opened import opened
from tests.browser.lab import Lab
from tests.counterpart import Agent, Say, start

CONNECT = (
    "import powawidget as pw, time\npb = pw.connect()\n"
    "plain, slow, analyst = pb.agent('Plain'), pb.agent('Slow'), pb.agent('Analyst')"
)
PLAIN = "run = plain.run('haiku')\ndisplay(run)\nrun.wait(display=False)"
STREAMED = PLAIN.replace("plain", "slow")
FORMULAS = (
    "run = analyst.run('Which orders are late, by region and carrier?')\n"
    "display(run)\nrun.wait(display=False)"
)
BUSY = "run = plain.run('haiku')\ndisplay(run)\ntime.sleep(5)"
# Bytes of the page's websocket.
GOALS = {"10 finished runs, loaded again": 220_000, "100 finished runs, loaded again": 600_000}


def _haiku(_: object) -> Iterator[Say]:
    """A short answer that needs no module of the front end."""
    yield Say("A model counts bytes,\n\nten runs on a page, and one\n\ncore for all of them.")


PLAIN_AGENT = Agent(name="Plain", script=_haiku)
# About a second: the widget is there before the run ends, so that its changes are counted too.
SLOW_AGENT = Agent(name="Slow", script=_haiku, tokens_per_second=15)


class Counter:
    """Counts what all websockets of a page carry, both ways."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        page.on("websocket", self._follow)

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._count)
        socket.on("framesent", self._count)

    def _count(self, data: Any) -> None:
        self.bytes += len(data if isinstance(data, bytes) else data.encode())

    def settled(self, page: Page) -> int:
        """Return the bytes since the last call, once nothing has come for two seconds."""
        before = -1
        while before != self.bytes:
            before = self.bytes
            page.wait_for_timeout(2_000)
        counted, self.bytes = self.bytes, 0
        return counted


def lines() -> Iterator[str]:
    """Measure in a real JupyterLab, and print as a table."""
    yield "| websocket of the page | kB | goal |"
    yield "|---|---|---|"
    for what, counted, goal in _measured():
        yield f"| {what} | {counted / 1000:,.0f} | {f'{goal / 1000:,.0f}' if goal else ''} |"
    yield f"a view in a cell that goes on for 5 s is drawn after {_busy():.1f} s (goal: under 1)"


def _measured() -> Iterator[tuple[str, int, int | None]]:
    with _page() as (lab, page):
        counter = Counter(page)
        lab.write_notebook("two.ipynb", [CONNECT, STREAMED, STREAMED])
        lab.open(page, "two.ipynb")
        _run_cell(lab, page, 0)
        counter.settled(page)
        for index, what, goal in (
            (1, "a cell with the first run of a page", 90_000),
            (2, "a cell with the second", None),
        ):
            _run_cell(lab, page, index)
            yield what, counter.settled(page), goal
    for code, kind in ((PLAIN, ""), (FORMULAS, " with tables and formulas")):
        for number in (10, 100) if code == PLAIN else (10,):
            with _page() as (lab, page):
                counter = Counter(page)
                lab.write_notebook("many.ipynb", [CONNECT, *[code] * number])
                lab.open(page, "many.ipynb")
                lab.run_all(page)
                lab.wait_idle(page, timeout=600)
                lab.command(page, "docmanager:save")
                counter.settled(page)
                page.reload()
                lab.wait_ready(page)
                lab.wait_idle(page)
                what = f"{number} finished runs{kind}, loaded again"
                yield what, counter.settled(page), GOALS.get(what)


def _busy() -> float:
    """Tell how long after its cell began a view is drawn; the cell goes on for five seconds."""
    with _page() as (lab, page):
        lab.write_notebook("busy.ipynb", [CONNECT, BUSY])
        lab.open(page, "busy.ipynb")
        _run_cell(lab, page, 0)
        begin = time.monotonic()
        lab.run_all(page)
        expect(page.locator(".pw").first).to_be_visible(timeout=60_000)
        seconds = time.monotonic() - begin
        lab.wait_idle(page)
        return seconds


def _run_cell(lab: Lab, page: Page, index: int) -> None:
    page.evaluate("i => { jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index)
    lab.command(page, "notebook:run-cell")
    lab.wait_idle(page)


@contextlib.contextmanager
def _page() -> Iterator[tuple[Lab, Page]]:
    with (
        start(executions_per_minute=None, agents=[PLAIN_AGENT, SLOW_AGENT]) as server,
        opened(server) as (lab, browser),
    ):
        page = browser.new_context(viewport={"width": 1100, "height": 900}).new_page()
        yield lab, page
