"""All text of a run can be read: in JupyterLab, Notebook 7 and nbconvert, in light and dark."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbclient
import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import kernels_environment
from tests.browser.contrast import THEMES, open_all, reads_well
from tests.browser.lab import Lab

CONNECT = "import powawidget as pw\npb = pw.connect()"
ASK = 'pb.agent("Analyst").run("Which orders are late, by region and carrier?")'
WRITE = 'pb.agent("Operator").run("Raise the price of the best seller by 5%")'
ANSWER = "Late orders by region and carrier"
TRANSCRIPT = ".powawidget-transcript"


def test_jupyterlab(lab: Lab, page: Page) -> None:
    in_both_themes(lab, page)


def test_notebook_7(notebook7: Lab, notebook7_page: Page) -> None:
    in_both_themes(notebook7, notebook7_page)


def in_both_themes(lab: Lab, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    lab.write_notebook("colours.ipynb", [CONNECT, ASK, WRITE])
    lab.open(page, "colours.ipynb")
    lab.run_all(page)
    open_all(page, ["Done", "Waiting for you"])
    for theme in THEMES:
        lab.set_theme(page, theme)
        expect(page.locator(f".pw[data-pw-theme={theme}]")).to_have_count(2)
        reads_well(page, theme)


def test_nbconvert_without_network(
    browser: Browser, powabase: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With saved state nbconvert takes the widget's view, which stays empty without network."""
    for name, value in kernels_environment(powabase).items():
        monkeypatch.setenv(name, value)
    cells = [CONNECT, f"run = {ASK}\nrun", "run.wait()"]
    notebook: Any = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    nbclient.NotebookClient(
        notebook, timeout=90, kernel_name="python3", store_widget_state=True
    ).execute()
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page = browser.new_page(reduced_motion="reduce")
    page.route(lambda url: not url.startswith("file:"), refuse)
    file = tmp_path / "page.html"
    for is_state_saved in (True, False):
        asked.clear()
        if not is_state_saved:
            del notebook.metadata["widgets"]
        for theme in THEMES:
            html, _ = HTMLExporter(theme=theme).from_notebook_node(notebook)
            file.write_text(html)
            page.goto(file.as_uri())
            shows_only_the_transcript(page, is_state_saved)
            open_folds(page)
            reads_well(page, theme, TRANSCRIPT)
        # It asks for nbconvert's own scripts, and for what shows widgets only where it has some.
        assert {urlsplit(url).hostname for url in asked} <= {"cdnjs.cloudflare.com", "unpkg.com"}
        assert any("html-manager" in url for url in asked) == is_state_saved
    page.close()


def shows_only_the_transcript(page: Page, is_state_saved: bool) -> None:
    """The answer can be seen, and the view that nobody draws takes no room and says nothing."""
    expect(page.locator(TRANSCRIPT)).to_have_count(1)
    expect(page.locator(TRANSCRIPT).get_by_text(ANSWER, exact=True)).to_be_visible()
    view = page.locator(".jupyter-widgets")
    expect(view).to_have_count(1 if is_state_saved else 0)
    expect(view.filter(visible=True)).to_have_count(0)
    assert "Error displaying widget" not in page.inner_text("body")


def open_folds(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
