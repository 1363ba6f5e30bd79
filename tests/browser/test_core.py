"""The front end's core on a page of many runs: once, in time; what is far away is fetched late."""

import json
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.browser.lab import Lab

LONG = 60_000
TRANSCRIPT = ".powawidget-transcript"
RUNS = 10

# A server of the kernel's own, whose answers need no module of the front end and are long enough
# for ten of them to fill many screens.
SETUP = """
import pathlib, time
import ipywidgets
import powawidget as pw
from tests.counterpart import Agent, Say, start

def lines(turn):
    yield Say(turn.message + "\\n\\n" + "\\n\\n".join(f"Paragraph {n}." for n in range(40)))

server = start(agents=[Agent(name="Plain", script=lines)], tokens_per_second=1e6)
agent = pw.connect(server.url, api_key=server.key).agent("Plain")
"""
# Shows all, and keeps the kernel until the test says that it is enough.
BUSY = f"""
for number in range({RUNS}):
    run = agent.run(f"Run {{number}}")
    display(run)
end = time.monotonic() + 120
while not pathlib.Path("../go").exists() and time.monotonic() < end: time.sleep(0.05)
assert pathlib.Path("../go").exists(), "nobody said to go on"
"""
CLOSED = 'ipywidgets.Widget.close_all()\ndisplay(agent.run("after all were closed"))'
# Counts how often the page makes code of the core: no module that these runs need is as large.
COUNT = """
window.cores = 0;
const address = URL.createObjectURL.bind(URL);
URL.createObjectURL = (blob) => {
  if (blob.type === "text/javascript" && blob.size > 80_000) window.cores += 1;
  return address(blob);
};
"""


class Hellos:
    """Which widgets of a page have asked for their state, by the comms' ids."""

    def __init__(self, page: Page) -> None:
        self.comms: set[str] = set()
        page.on("websocket", self._follow)

    def _follow(self, socket: WebSocket) -> None:
        socket.on("framesent", self._note)

    def _note(self, data: Any) -> None:
        frame = data.encode() if isinstance(data, str) else data
        if b'"hello"' not in frame:
            return
        start = frame.find(b'"comm_id"')
        self.comms.add(frame[start:].split(b'"')[3].decode())


@pytest.mark.own_page
def test_ten_runs_share_a_core_and_those_far_away_are_fetched_when_they_come_near(
    lab: Lab, page: Page
) -> None:
    go = lab.root.parent / "go"
    go.unlink(missing_ok=True)
    page.add_init_script(COUNT)
    hellos = Hellos(page)
    lab.write_notebook("core.ipynb", [SETUP, BUSY])
    lab.open(page, "core.ipynb")
    lab.run_all(page)
    views = page.locator(".pw")
    expect(views).to_have_count(RUNS, timeout=LONG)
    expect(page.locator(".pw-status")).to_have_text(["Done"] * RUNS, timeout=LONG)
    # All of that while the cell that shows them goes on.
    expect(lab.cell(page, 1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    go.touch()
    lab.wait_idle(page)
    go.unlink()
    assert page.evaluate("window.cores") == 1
    assert len(hellos.comms) == RUNS

    lab.command(page, "docmanager:save")
    hellos.comms.clear()
    page.reload()
    lab.wait_ready(page)
    expect(views.first).to_contain_text("Paragraph 39", timeout=LONG)
    expect(page.locator(TRANSCRIPT).first).to_be_hidden()
    # The last is far below: what the file has of it stands there.
    last = page.locator(TRANSCRIPT).last
    expect(last).to_be_visible()
    expect(last).to_contain_text("Paragraph 39")
    expect(page.get_by_text("agent Plain: Done").last).to_be_hidden()
    near = len(hellos.comms)
    assert 0 < near < RUNS
    last.scroll_into_view_if_needed()
    expect(views.last).to_contain_text(f"Run {RUNS - 1}", timeout=LONG)
    expect(last).to_be_hidden()
    assert near < len(hellos.comms) < RUNS
    assert page.evaluate("window.cores") == 1

    # A file with the state of widgets gets the whole of each, and the core once.
    lab.command(page, "@jupyter-widgets/jupyterlab-manager:saveWidgetState")
    expect(views).to_have_count(RUNS, timeout=LONG)
    lab.command(page, "docmanager:save")
    file = nbformat.read(lab.root / "core.ipynb", as_version=4)
    models = file.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
    names = sorted(model["model_name"] for model in models)
    assert names == ["AnyModel"] * RUNS + ["WidgetModel"] * 2
    assert sum(len(model["state"].get("code", "")) for model in models) > 60_000
    states = [model["state"]["_state"] for model in models if "_state" in model["state"]]
    assert len(states) == RUNS
    for state in states:
        assert "brief" not in state
        assert "Paragraph 39" in json.dumps(state)


def test_a_run_is_drawn_after_all_widgets_were_closed(lab: Lab, page: Page) -> None:
    lab.write_notebook("closed.ipynb", [SETUP, 'agent.run("before")', CLOSED])
    lab.open(page, "closed.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 2).locator(".pw")).to_contain_text("Paragraph 39", timeout=LONG)


# A kernel whose first core can't be unpacked; the second is whole again.
BROKEN = """
from powawidget.widget import core
whole = core._text
core._text = lambda name: "no gzip" if name == "core.b91" else whole(name)
display(agent.run("with a broken core"))
core._text = whole
for part in core._shared: part.close()
"""
WHOLE = 'agent.run("with a whole core")'


@pytest.mark.own_page
def test_after_a_broken_core_the_next_widget_is_drawn(lab: Lab, page: Page) -> None:
    """What is broken stays readable: as plain text, and as the transcript beside it."""
    lab.write_notebook("broken.ipynb", [SETUP, BROKEN, WHOLE])
    lab.open(page, "broken.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 2).locator(".pw")).to_contain_text("Paragraph 39", timeout=LONG)
    broken = lab.output(page, 1)
    expect(broken.locator(".pw")).to_have_count(0)
    expect(broken).to_contain_text("Plain: ")
    expect(broken.locator(TRANSCRIPT)).to_be_visible()
    said = lab.problems(page)
    assert said
    assert all("powawidget" in one for one in said), said
