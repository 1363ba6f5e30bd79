"""What a board of ten thousand rows costs the page and the kernel while its batch runs.

In a real JupyterLab, the server in this process. A person scrolls through the rows, filters, sorts
and searches meanwhile. Told are the page's longest task, the messages that it got, and how long the
kernel's loop thread was held: by the clock, which counts what else the machine does, and by the
processor's time.
"""

import collections
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Locator, Page, WebSocket, expect

from tests.bench.many import TO_CELL
from tests.bench.opened import opened
from tests.browser.lab import Lab
from tests.counterpart import Agent, Pause, Say, start

ROWS = 10_000
LONGEST = 50  # ms of a task of the page
MESSAGES = 4  # a second beside those of rows in sight
STILL = 8.0  # seconds in which nobody does anything
STEPS = 40  # turns of the wheel, of which each is 250 ms after the other
KIND = re.compile(rb'"content": ?\{"kind": ?"(\w+)"')
OF_ROWS = {"rows", "changed"}
WITHIN = 120_000

# By these the browser tells of each task of the page, and what it used of the processor.
TRACED = ["toplevel", "disabled-by-default-toplevel"]
CONNECT = """
import asyncio, gc, time
import powawidget as pw
from powawidget.kernel import loop
held = [0.0, 0.0]
collected = [0.0]
def collecting(phase, _):
    now = time.perf_counter()
    collected[0] = max(collected[0], now - collecting.begun) if phase == "stop" else collected[0]
    collecting.begun = now
gc.callbacks.append(collecting)
async def watch():
    while True:
        begun, used = time.perf_counter(), time.thread_time()
        await asyncio.sleep(0.005)
        held[0] = max(held[0], time.perf_counter() - begun - 0.005)
        held[1] = max(held[1], time.thread_time() - used)
watching = loop.submit(watch())
pb = pw.connect()
"""
SHOW = f"""
rows = [{{"id": n, "text": f"Ticket {{n}}, which says a few words about order {{n * 7 % 9973}}"}}
        for n in range({ROWS})]
batch = pb.agent("Triage").map(rows, "{{text}}", key="id", concurrency=30)
held[:] = 0.0, 0.0  # from here on rows run and the board is looked at
batch
"""
REPORT = """
watching.cancel()
print("HELD", *(round(each * 1000) for each in (*held, *collected)))
"""


def lines() -> Iterator[str]:
    """Measure, and tell what came out."""

    def triage(turn: Any) -> Any:
        yield Pause(0.2)
        yield Say(f"It is about {turn.message}, and needs an answer of a few words more.")

    with (
        start(tokens_per_second=5_000, agents=[Agent("Triage", triage)]) as server,
        opened(server) as (lab, browser),
    ):
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        yield from _measured(lab, page)


def _measured(lab: Lab, page: Page) -> Iterator[str]:
    heard: collections.Counter[str] = collections.Counter()

    def on_frame(payload: str | bytes) -> None:
        data = payload.encode() if isinstance(payload, str) else payload
        for found in KIND.findall(data):
            heard[found.decode()] += 1

    def on_websocket(socket: WebSocket) -> None:
        socket.on("framereceived", on_frame)

    page.on("websocket", on_websocket)
    lab.write_notebook("board.ipynb", [CONNECT, SHOW, REPORT])
    lab.load(page, "board.ipynb")
    lab.wait_ready(page)
    lab.wait_idle(page)
    lab.command(page, "notebook:run-cell-and-select-next")
    lab.command(page, "notebook:run-cell-and-select-next")
    board = page.locator(".pw-board")
    expect(board.locator(".pw-filter.pw-is-done b")).to_be_visible(timeout=WITHIN)
    page.wait_for_timeout(3_000)  # JupyterLab's own work after a cell
    heard.clear()
    still = _longest(page, "read", lambda: page.wait_for_timeout(STILL * 1_000))
    beside = sum(count for kind, count in heard.items() if kind not in OF_ROWS) / STILL
    of_rows = sum(count for kind, count in heard.items() if kind in OF_ROWS) / STILL
    yield (
        f"a board of {ROWS:,} rows while its batch runs: {beside:.1f} messages a second (goal: at "
        f"most {MESSAGES}), and {of_rows:.1f} of the rows in sight"
    )
    yield f"  {still}"
    yield f"  {_longest(page, 'scrolled', lambda: _scroll(page, board))}"
    yield f"  {_longest(page, 'filtered, sorted and searched', lambda: _ask(page, board))}"
    done = board.locator(".pw-filter.pw-is-done b").inner_text()
    board.get_by_role("button", name="Stop").click()
    page.evaluate(TO_CELL, 2)
    lab.command(page, "notebook:run-cell")
    report = lab.output(page, 2)
    expect(report).to_contain_text("HELD", timeout=WITHIN)
    said = re.search(r"HELD (\d+) (\d+) (\d+)", report.inner_text())
    held, used, collected = ("?",) * 3 if said is None else said.groups()
    yield (
        f"  the kernel's loop thread was held for {held} ms at most, by the processor's time for "
        f"{used} (Python's longest collection of garbage: {collected}); {done} rows were done then"
    )
    page.context.close()


def _longest(page: Page, what: str, does: Callable[[], None]) -> str:
    """Do something, and tell the page's longest task meanwhile, by the processor's time."""
    browser = page.context.browser
    assert browser is not None
    browser.start_tracing(page=page, categories=TRACED)
    does()
    events = json.loads(browser.stop_tracing())["traceEvents"]
    mains = {
        (one["pid"], one["tid"])
        for one in events
        if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"
    }
    tasks = [
        one.get("tdur", 0) / 1_000
        for one in events
        if one["name"].endswith("RunTask") and (one["pid"], one["tid"]) in mains
    ]
    over = sum(task > LONGEST for task in tasks)
    return (
        f"the page's longest task while it is {what}: {max(tasks, default=0):.0f} ms of the "
        f"processor ({over} of {len(tasks):,} over {LONGEST} ms; goal: none)"
    )


def _scroll(page: Page, board: Locator) -> None:
    board.locator(".pw-board-box").hover()
    for step in range(STEPS):
        page.mouse.wheel(0, 400 if step % 2 else 4_000)
        page.wait_for_timeout(250)
    page.mouse.wheel(0, -1_000_000)


def _ask(page: Page, board: Locator) -> None:
    rows = board.locator("[data-place]")
    board.locator(".pw-filter.pw-is-left").click()
    page.wait_for_timeout(2_000)
    board.locator(".pw-filter.pw-is-all").click()
    board.get_by_role("button", name="text", exact=True).click()
    page.wait_for_timeout(2_000)
    board.get_by_role("searchbox").press_sequentially("order 77", delay=80)
    page.wait_for_timeout(2_000)
    expect(rows.first).to_contain_text("order 77", timeout=WITHIN)
    board.get_by_role("searchbox").press("Escape")
    page.wait_for_timeout(1_000)


if __name__ == "__main__":
    import sys

    for line in lines():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
