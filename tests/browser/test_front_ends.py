"""A run in front ends that aren't JupyterLab or Notebook: its text can be read, and it is approved.

Each in its light and its dark theme.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import kernels_environment
from tests.browser.contrast import SECONDS, THEMES, open_all, reads_well
from tests.browser.deciding import armed
from tests.browser.front_ends import start_marimo, start_voila
from tests.browser.lab import start_lab
from tests.environments import LABS, python_of

CONNECT = "import powawidget as pw\npb = pw.connect()"
ASK = 'pb.agent("Analyst").run("Which orders are late, by region and carrier?")'
WRITE = 'pb.agent("Operator").run("Raise the price of the best seller by 5%")'
# In an Output widget of its own.
HAIKU = (
    "import ipywidgets as W\nout = W.Output()\ndisplay(W.VBox([out]))\n"
    "with out:\n    display(pb.agent('Writer').run('haiku'))"
)
POEM = "import ipywidgets as W\nW.VBox([pb.agent('Writer').run('haiku').widget])"
# Asleep, a little at a time, until the test says that it is enough.
BUSY = """\
import pathlib, time
end = time.monotonic() + 120
while not pathlib.Path("../go").exists() and time.monotonic() < end: time.sleep(0.05)
assert pathlib.Path("../go").exists(), "nobody said to go on"\
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page where nothing moves; its system is of no theme's mind."""
    context = browser.new_context(
        viewport={"width": 1100, "height": 900}, reduced_motion="reduce", color_scheme="light"
    )
    page = context.new_page()
    # Voila's page asks a network for its fonts; nothing here does, and nothing may.
    page.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    yield page
    context.close()


def approve(page: Page, powabase: Any) -> None:
    """Click Approve, once the card lets one, and see that the server has heard it once."""
    before = decisions(powabase)
    armed(page.locator("body")).click()
    # Not the transcript's words, which are hidden and may have come already.
    decided = page.locator(".pw-decided", has_text="Approved by a person")
    expect(decided).to_be_visible(timeout=60 * SECONDS)
    assert decisions(powabase) == before + 1


def decisions(powabase: Any) -> int:
    return sum(path.endswith("/approve") for _, path, _ in powabase.requests)


def all_done(page: Page) -> None:
    statuses = page.locator(".pw-status")
    expect(statuses).to_have_text(["Done"] * statuses.count(), timeout=60 * SECONDS)


def test_voila(page: Page, powabase: Any, tmp_path: Path) -> None:
    # Nobody sees the page before all its cells have run: a wait would never end. No run stands in
    # an Output here: while a cell fills one, nbclient sends and polls on one socket and now and
    # then overlooks the cell's reply, with any widget; the page is never loaded then (README, "In
    # a dashboard").
    told = "try:\n    run.wait()\nexcept pw.ApprovalNeeded as needed:\n    print('Told:', needed)"
    cells = [CONNECT, ASK, f"run = {WRITE}\nrun", told, POEM]
    with start_voila(tmp_path, cells, kernels_environment(powabase)) as address:
        for theme in THEMES:
            page.goto(f"{address}?theme={theme}")
            open_all(page, ["Done", "Waiting for you", "Done"])
            reads_well(page, theme)
        expect(page.get_by_text("Told: The run waits for approval")).to_be_visible()
        approve(page, powabase)
        all_done(page)
        expect(page.locator(".pw").first).to_contain_text("Late orders by region and carrier")
        expect(page.locator(".pw").last).to_be_visible()
        expect(page.locator(".pw").last).to_contain_text("haiku")
        expect(page.locator(".powawidget-transcript")).to_have_count(3)
        expect(page.locator(".powawidget-transcript:visible")).to_have_count(0)


def test_marimo(page: Page, powabase: Any, tmp_path: Path) -> None:
    """Its theme is its own, whatever the system's is."""
    indented = CONNECT + "\nreturn (pb,)"
    cells = [indented, f"# needs pb\n{ASK}\nreturn", f"# needs pb\n{WRITE}\nreturn"]
    with start_marimo(tmp_path, cells, kernels_environment(powabase)) as address:
        for theme in THEMES:
            page.goto(f"{address}&theme={theme}")
            open_all(page, ["Done", "Waiting for you"])
            reads_well(page, theme)
        approve(page, powabase)
        all_done(page)
        expect(page.locator(".pw").first).to_contain_text("Late orders by region and carrier")


def test_jupyterlab_4_2(page: Page, powabase: Any, tmp_path: Path) -> None:
    """The oldest JupyterLab that is promised: a click past a busy kernel, and a reload."""
    busy = f"{BUSY}\nprint('decided in the meantime:', run.approvals[0].decision)"
    python = str(python_of("labs", LABS[0]))
    with start_lab(tmp_path, kernels_environment(powabase), python=python) as lab:
        lab.write_notebook("old.ipynb", [CONNECT, ASK, f"run = {WRITE}\nrun", busy, HAIKU])
        lab.watch(page)
        lab.open(page, "old.ipynb")
        lab.run_all(page)
        open_all(page, ["Done", "Waiting for you"])
        for theme in THEMES:
            lab.set_theme(page, theme)
            expect(page.locator(f".pw[data-pw-theme={theme}]")).to_have_count(2)
            reads_well(page, theme)
        approve(page, powabase)
        (lab.root.parent / "go").touch()
        lab.wait_idle(page)
        expect(lab.output(page, 3)).to_have_text("decided in the meantime: approved")
        expect(page.locator(".pw-status")).to_have_count(3)
        all_done(page)
        haiku = lab.output(page, 4)
        expect(haiku.locator(".pw")).to_be_visible()
        expect(haiku.locator(".powawidget-transcript")).to_have_count(1)
        expect(haiku.locator(".powawidget-transcript")).to_be_hidden()
        lab.reload(page)
        expect(page.locator(".pw-status").first).to_have_text("Done", timeout=60 * SECONDS)
        # This version says things of its own on the console.
        ours = [each for each in lab.problems(page) if "powawidget" in each]
        assert ours == []
