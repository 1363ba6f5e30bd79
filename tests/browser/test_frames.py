"""Behind a proxy that ends a websocket at any message over 64 kB all goes on as ever."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.deciding import armed
from tests.browser.lab import Lab
from tests.browser.pages import Pages
from tests.frames import LIMIT, Frames, frames

LONG = 60_000
SETUP = """
import pathlib, time
import powawidget as pw
from tests.counterpart import Agent, Call, Calls, Pause, Say, Tool, start

def rows(arguments):
    return "\\n".join(f"row {n}: a note" for n in range(2_000))

def long(turn):
    yield Calls(Call("rows", {}))
    yield Say("The first half.\\n\\n```python\\nfor row in rows: print(row)\\n```\\n\\n")
    yield Say("\\n\\n".join(f"Paragraph {n} of many." for n in range(4_000)))
    while not pathlib.Path("../go").exists():
        yield Pause(0.05)
    yield Say("\\n\\n$$ \\\\int_0^1 x^2 = \\\\frac{1}{3} $$\\n\\nThe end.")

server = start(agents=[Agent("Long", long, tools=(Tool("rows", rows),))], tokens_per_second=1e6)
agent = pw.connect(server.url, api_key=server.key).agent("Long")
# A transcript is one message: it is to be shorter here.
pw.options.file_limit = 160_000
"""
LIVE = """
run = agent.run("Go on")
display(run)
run.wait()
"""
ASK = """
asked = pw.connect().agent("Operator").run("Raise the price of the best seller by 5%")
asked.wait()
"""
MANY = """
for n in range(24):  # JupyterLab shows 50 outputs of a cell
    said = '{"event": "complete", "status": "completed", "content": "Answer %d."}' % n
    display(pw.replay(f"data: {said}\\n\\n".encode()))
"""

CALLS = """
import json
said = []
for n in range(1, 301):
    call = {"step": n, "tool_name": "search", "call_id": f"c{n}"}
    said.append({"event": "tool_call", **call, "arguments": {"query": f"tide {n}"}})
    said.append({"event": "tool_result", **call, "result": "high", "duration_ms": 100})
said.append({"event": "complete", "status": "completed", "content": "After many calls."})
pw.replay("".join(f"data: {json.dumps(each)}\\n\\n" for each in said).encode())
"""

CONNECTED = """
jupyterapp.shell.currentWidget.sessionContext.session.kernel.connectionStatus === "connected"
"""


@pytest.fixture
def proxy(lab: Lab) -> Iterator[Frames]:
    with frames(lab.port) as proxy:
        yield proxy


@pytest.fixture
def behind(lab: Lab, proxy: Frames) -> Lab:
    """The same JupyterLab, by the proxy."""
    return lab.at(proxy.port)


@pytest.fixture
def far_page(browser: Browser, behind: Lab) -> Iterator[Page]:
    pages = Pages(browser, behind)
    with pages.own() as page:
        yield page
    pages.close()


def test_a_run_an_approval_a_module_and_a_page_loaded_again(
    behind: Lab, far_page: Page, proxy: Frames, go: Path
) -> None:
    page = far_page
    behind.write_notebook("frames.ipynb", [SETUP, LIVE, ASK, "print('x' * 70_000)"])
    behind.open(page, "frames.ipynb")
    for index in (0, 1):
        behind.run_cell(page, index)
    run = behind.output(page, 1).locator(".pw")
    expect(run).to_contain_text("Paragraph 3999 of many.", timeout=LONG)
    behind.reload(page)
    expect(run).to_contain_text("Paragraph 3999 of many.", timeout=LONG)
    expect(run.locator(".pw-status")).to_have_text("Running")
    expect(run.locator(".pw-t-keyword").first).to_have_text("for", timeout=LONG)
    go.touch()
    expect(run).to_contain_text("The end.", timeout=LONG)
    expect(run.locator("math").first).to_be_attached(timeout=LONG)
    behind.wait_idle(page)
    behind.run_cell(page, 2)
    asked = behind.output(page, 2).locator(".pw")
    armed(asked, "Approve").click()
    expect(asked.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    behind.wait_idle(page)
    assert proxy.ended == []
    opened = proxy.opened
    behind.run_cell(page, 3)
    while not proxy.ended:
        page.wait_for_timeout(50)
    # The proxy does measure: what went through is nearly as large.
    assert LIMIT * 0.9 < max(proxy.sizes) <= LIMIT
    assert [size > 70_000 for size in proxy.ended] == [True]
    # The page connects anew.
    while proxy.opened == opened:
        page.wait_for_timeout(50)
    page.wait_for_function(CONNECTED)
    behind.problems(page)  # JupyterLab says that it lost the connection


def test_a_page_of_many_runs_is_loaded_again(behind: Lab, far_page: Page, proxy: Frames) -> None:
    page = far_page
    behind.write_notebook("many.ipynb", ["import powawidget as pw", MANY])
    behind.open(page, "many.ipynb")
    behind.run_all(page)
    behind.wait_idle(page, 120)
    behind.reload(page)
    runs = behind.output(page, 1).locator(".pw")
    expect(runs.first).to_contain_text("Answer 0.", timeout=LONG)
    # The others are fetched when they come near sight.
    behind.output(page, 1).locator(".powawidget-transcript").last.scroll_into_view_if_needed()
    expect(runs.last).to_contain_text("Answer 23.", timeout=LONG)
    assert proxy.ended == []


def test_a_run_of_very_many_calls_and_what_is_saved_once_a_connection_has_come_back(
    behind: Lab, far_page: Page, proxy: Frames
) -> None:
    page = far_page
    cells = ["import powawidget as pw\npw.options.file_limit = 160_000", CALLS, "print('heard')"]
    behind.write_notebook("saved.ipynb", cells)
    behind.open(page, "saved.ipynb")
    for index in (0, 1):
        behind.run_cell(page, index)
    run = behind.output(page, 1).locator(".pw")
    expect(run).to_contain_text("After many calls.", timeout=LONG)
    opened = proxy.opened
    proxy.cut()
    while proxy.opened == opened:
        page.wait_for_timeout(50)
    page.wait_for_function(CONNECTED)
    # The page asks for all widgets anew, and for this after that.
    behind.run_cell(page, 2)
    expect(behind.output(page, 2)).to_have_text("heard", timeout=LONG)
    behind.wait_idle(page)
    behind.command(page, "@jupyter-widgets/jupyterlab-manager:saveWidgetState")
    behind.command(page, "docmanager:save")
    file = nbformat.read(behind.root / "saved.ipynb", as_version=4)
    models = file.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    assert sum(len(each["state"].get("code", "")) for each in models) > 60_000
    assert proxy.ended == []
    behind.problems(page)  # JupyterLab says that it lost the connection
