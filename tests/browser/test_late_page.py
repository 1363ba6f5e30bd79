"""A page that comes late: the run is under way, waits or is over when its front end is there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nbformat
import pytest
from jupyter_client.blocking import BlockingKernelClient
from nbformat.sign import NotebookNotary
from playwright.sync_api import Locator, Page, expect

from tests.browser.deciding import armed
from tests.browser.lab import Lab
from tests.browser.pages import Pages

LONG = 60_000
WATCHDOG = 60
CONNECT = "import powawidget as pw\npb = pw.connect()"
ASK = 'run = pb.agent("Analyst").run("Which orders are late, by region and carrier?")\ndisplay(run)'
OPERATE = (
    'other = pb.agent("Operator").run("Raise the price of the best seller by 5%")\ndisplay(other)'
)
TRANSCRIPT = ".powawidget-transcript"

# A server of the kernel's own, whose agent says the second half when a file is there.
HALVES = """
import pathlib, time
import powawidget as pw
from tests.counterpart import Agent, Pause, Say, start

def halves(_):
    yield Say("The first half. ")
    while not pathlib.Path("../go").exists():
        yield Pause(0.05)
    yield Say("The second half.")

server = start(tokens_per_second=2000, agents=[Agent(name="Halves", script=halves)])
pb = pw.connect(server.url, api_key=server.key)
"""
HALF = (
    'run = pb.agent("Halves").run("hello")\ndisplay(run)\n'
    'while "half" not in run.text: time.sleep(0.01)'
)

# The import of a widget's module goes on when the test says so; anywidget waits two seconds.
HELD = """
window.held = new Promise((go) => { window.release = go; });
window.gaveUp = 0;
const address = URL.createObjectURL.bind(URL);
URL.createObjectURL = (blob) => blob.type === "text/javascript"
  ? address(new Blob(["await window.held;\\n", blob], { type: blob.type }))
  : address(blob);
const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (milliseconds) => {
  const signal = timeout(milliseconds);
  signal.addEventListener("abort", () => { window.gaveUp += 1; });
  return signal;
};
"""


def said(widget: Locator) -> str:
    return "".join(widget.locator(".pw-text").all_text_contents())


def decisions(powabase: Any) -> list[Any]:
    return [body for _, path, body in powabase.requests if path.endswith("/approve")]


@pytest.fixture(
    params=["lab", pytest.param("notebook7", marks=pytest.mark.xdist_group("notebook7"))]
)
def place(request: pytest.FixtureRequest) -> Iterator[tuple[Lab, Page]]:
    """JupyterLab, then Notebook 7, each with a page of its own."""
    pages: Pages = request.getfixturevalue("pages" if request.param == "lab" else "notebook7_pages")
    with pages.own() as page:
        yield request.getfixturevalue(request.param), page


def test_a_front_end_that_loads_slowly_shows_all_and_hears_the_kernel(
    place: tuple[Lab, Page], powabase: Any
) -> None:
    """Its module comes when one run is over, one waits, and anywidget has given it up.

    From then on anywidget hands no message of the kernel to the widget by itself.
    """
    lab, page = place
    before = len(decisions(powabase))
    page.add_init_script(HELD)
    lab.write_notebook("slow.ipynb", [CONNECT, ASK, OPERATE, "run.wait(display=False)"])
    lab.open(page, "slow.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    page.wait_for_function("window.gaveUp >= 2")
    # What the file has is there in the meantime.
    expect(lab.output(page, 1).locator(TRANSCRIPT)).to_contain_text("Done")
    expect(page.locator(".pw")).to_have_count(0)
    page.evaluate("window.release()")
    first, second = page.locator(".pw").nth(0), page.locator(".pw").nth(1)
    expect(first.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(first.locator(".pw-card")).to_have_count(2)
    expect(first).to_contain_text("Late orders by region and carrier")
    expect(page.locator(TRANSCRIPT).first).to_be_hidden()
    armed(second).click()
    expect(second.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(second).to_contain_text("Approved by a person")
    assert decisions(powabase)[before:] == [{"approved": True}]
    # anywidget says so itself of a module that takes longer, unless a message waits for that.
    assert set(lab.problems(page)) <= {"page: [anywidget] Failed to initialize model."}


class Batch:
    """Runs the cells of a notebook in a kernel of the lab's, past every page, and keeps the file.

    Args:
        lab: Where the notebook is; its kernel is started.
        name: The notebook's name.
        cells: Its code cells.
    """

    def __init__(self, lab: Lab, name: str, cells: list[str]) -> None:
        self._file = lab.write_notebook(name, cells)
        session = lab.api(
            "POST",
            "/api/sessions",
            {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}},
        )
        runtime = lab.root.parent / "runtime"
        connection = runtime / f"kernel-{session['kernel']['id']}.json"
        self._client = BlockingKernelClient(connection_file=str(connection))
        self._client.load_connection_file()
        self._client.start_channels(hb=False)
        self._client.wait_for_ready(timeout=WATCHDOG)

    def run(self) -> None:
        """Run all cells, write what they put out, and sign it as `jupyter trust` does."""
        notebook = nbformat.read(self._file, as_version=4)
        for cell in notebook.cells:
            self.run_code(cell.source, cell.outputs)
        nbformat.write(notebook, self._file)
        NotebookNotary(data_dir=str(self._file.parents[1] / "data")).sign(
            nbformat.read(self._file, as_version=4)
        )

    def run_code(self, code: str, outputs: list[Any] | None = None) -> None:
        """Run code that is in no cell, unless its outputs are asked for."""
        kinds = {"display_data", "execute_result", "stream", "error"}

        def heed(message: dict[str, Any]) -> None:
            if outputs is not None and message["msg_type"] in kinds:
                outputs.append(nbformat.v4.output_from_msg(message))

        reply = self._client.execute_interactive(
            code, allow_stdin=False, output_hook=heed, timeout=WATCHDOG
        )
        assert reply["content"]["status"] == "ok", reply["content"]

    def close(self) -> None:
        """Leave the kernel, which goes on."""
        self._client.stop_channels()


@contextmanager
def batch(lab: Lab, name: str, *cells: str) -> Iterator[Batch]:
    """Run a notebook before any page is there."""
    opened = Batch(lab, name, list(cells))
    try:
        opened.run()
        yield opened
    finally:
        opened.close()


def test_a_page_that_comes_after_the_run_shows_it_as_one_that_was_there(
    lab: Lab, page: Page
) -> None:
    with batch(lab, "after.ipynb", CONNECT, ASK, "run.wait(display=False)"):
        lab.open(page, "after.ipynb")
        widget = page.locator(".pw")
        expect(widget.locator(".pw-status")).to_have_text("Done", timeout=LONG)
        expect(widget.locator(".pw-card")).to_have_count(2)
        expect(widget.locator("math")).to_have_count(5)
        late = said(widget)
        assert "Late orders by region and carrier" in late
        # The same run in a view that was there when it was shown.
        page.evaluate(
            """async () => {
              const { context } = window.jupyterapp.shell.currentWidget;
              const { commands } = window.jupyterapp;
              await commands.execute("notebook:insert-cell-below");
              window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel
                .setSource("display(run)");
              await commands.execute("notebook:run-cell");
            }"""
        )
        expect(widget).to_have_count(2, timeout=LONG)
        expect(widget.nth(1).locator("math")).to_have_count(5)
        assert said(widget.nth(1)) == late


def test_a_page_that_comes_while_the_run_streams_shows_what_was_and_what_comes(
    lab: Lab, page: Page
) -> None:
    go = lab.root.parent / "go"
    go.unlink(missing_ok=True)
    with batch(lab, "during.ipynb", HALVES, HALF):
        lab.open(page, "during.ipynb")
        widget = page.locator(".pw")
        expect(widget.locator(".pw-status")).to_have_text("Running", timeout=LONG)
        expect(widget.locator(".pw-text")).to_have_text("The first half.")
        go.touch()
        expect(widget.locator(".pw-status")).to_have_text("Done", timeout=LONG)
        expect(widget.locator(".pw-text")).to_have_text("The first half. The second half.")
    go.unlink()


def test_a_page_that_comes_while_the_run_waits_can_decide(
    lab: Lab, page: Page, powabase: Any
) -> None:
    before = len(decisions(powabase))
    waits = "import time\nwhile not other.approvals: time.sleep(0.01)"
    with batch(lab, "waits.ipynb", CONNECT, OPERATE, waits) as kernel:
        lab.open(page, "waits.ipynb")
        widget = page.locator(".pw")
        expect(widget.locator(".pw-status")).to_have_text("Waiting for you", timeout=LONG)
        armed(widget).click()
        expect(widget.locator(".pw-status")).to_have_text("Done", timeout=LONG)
        assert decisions(powabase)[before:] == [{"approved": True}]
        kernel.run_code("assert other.wait(display=False).status == 'completed'")
