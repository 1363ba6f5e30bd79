"""A run in each front end, in its light and its dark theme: all of its text can be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbclient
import nbformat
import pytest
from nbconvert import HTMLExporter
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.contrast import Reading
from tests.browser.front_ends import start_marimo, start_voila
from tests.browser.lab import Lab, start_lab
from tests.environments import LABS, ROOT, python_of

SECONDS = 1000
THEMES = ("light", "dark")
CONNECT = "import powawidget as pw\npb = pw.connect()"
ASK = 'pb.agent("Analyst").run("Which orders are late, by region and carrier?")'
WRITE = 'pb.agent("Operator").run("Raise the price of the best seller by 5%")'
ANSWER = "Late orders by region and carrier"
TRANSCRIPT = ".powawidget-transcript"


@pytest.fixture
def viewer(browser: Browser) -> Iterator[Page]:
    """A page whose system is of no theme's mind, and where nothing moves."""
    context = browser.new_context(
        viewport={"width": 1100, "height": 900}, reduced_motion="reduce", color_scheme="light"
    )
    page = context.new_page()
    page.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    yield page
    context.close()


def environment(powabase: Any) -> dict[str, str]:
    return {"POWABASE_URL": powabase.url, "POWABASE_API_KEY": powabase.key}


def open_all(page: Page) -> None:
    """Wait for the answer and the question for approval, and open every card."""
    states = page.locator(".pw-status")
    expect(states).to_have_text(["Done", "Waiting for you"], timeout=90 * SECONDS)
    expect(page.locator(".pw math").first).to_be_visible(timeout=30 * SECONDS)
    button = page.get_by_role("button", name="Approve", exact=True)
    button.scroll_into_view_if_needed()
    expect(button).to_be_enabled(timeout=30 * SECONDS)
    while (closed := page.locator(".pw .pw-row[aria-expanded=false]")).count():
        closed.evaluate_all("rows => rows.forEach((row) => row.click())")


def reads_well(page: Page, theme: str, selector: str = ".pw") -> None:
    reading = Reading(page, selector)
    assert reading.is_dark == (theme == "dark")
    assert reading.faint == []


def in_both_themes(lab: Lab, page: Page) -> None:
    lab.write_notebook("colours.ipynb", [CONNECT, ASK, WRITE])
    lab.open(page, "colours.ipynb")
    lab.run_all(page)
    open_all(page)
    for theme in THEMES:
        lab.set_theme(page, theme)
        expect(page.locator(f".pw[data-pw-theme={theme}]")).to_have_count(2)
        reads_well(page, theme)


@pytest.mark.parametrize("place", ["lab", "notebook7"])
def test_jupyterlab_and_notebook_7(
    request: pytest.FixtureRequest, viewer: Page, place: str
) -> None:
    lab = request.getfixturevalue(place)
    lab.watch(viewer)
    in_both_themes(lab, viewer)
    lab.clear()


def test_jupyterlab_4_2(viewer: Page, powabase: Any, tmp_path: Path) -> None:
    variables = {**environment(powabase), "PYTHONPATH": str(ROOT)}
    with start_lab(tmp_path, variables, python=str(python_of("labs", LABS[0]))) as lab:
        in_both_themes(lab, viewer)


def test_voila(viewer: Page, powabase: Any, tmp_path: Path) -> None:
    with start_voila(tmp_path, [CONNECT, ASK, WRITE], environment(powabase)) as address:
        for theme in THEMES:
            viewer.goto(f"{address}?theme={theme}")
            open_all(viewer)
            reads_well(viewer, theme)


def test_marimo(viewer: Page, powabase: Any, tmp_path: Path) -> None:
    """Its theme is its own, whatever the system's is."""
    indented = CONNECT + "\nreturn (pb,)"
    cells = [indented, f"# needs pb\n{ASK}\nreturn", f"# needs pb\n{WRITE}\nreturn"]
    with start_marimo(tmp_path, cells, environment(powabase)) as address:
        for theme in THEMES:
            viewer.goto(f"{address}&theme={theme}")
            open_all(viewer)
            reads_well(viewer, theme)


@pytest.mark.parametrize("is_state_saved", [False, True], ids=["without state", "with state"])
def test_nbconvert_without_network(
    viewer: Page,
    powabase: Any,
    tmp_path: Path,
    is_state_saved: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With saved state nbconvert takes the widget's view, which stays empty without network."""
    for name, value in environment(powabase).items():
        monkeypatch.setenv(name, value)
    cells = [CONNECT, f"run = {ASK}\nrun", "run.wait()"]
    notebook: Any = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    nbclient.NotebookClient(
        notebook, timeout=90, kernel_name="python3", store_widget_state=is_state_saved
    ).execute()
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    viewer.unroute_all()
    viewer.route(lambda url: not url.startswith("file:"), refuse)
    file = tmp_path / "page.html"
    for theme in THEMES:
        html, _ = HTMLExporter(theme=theme).from_notebook_node(notebook)
        file.write_text(html)
        viewer.goto(file.as_uri())
        shows_only_the_transcript(viewer, is_state_saved)
        open_folds(viewer)
        reads_well(viewer, theme, TRANSCRIPT)
    # The page asks for nbconvert's own scripts, and for what shows widgets only where it has some.
    assert {urlsplit(url).hostname for url in asked} <= {"cdnjs.cloudflare.com", "unpkg.com"}
    assert any("html-manager" in url for url in asked) == is_state_saved


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
