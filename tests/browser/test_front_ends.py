"""A run, and a click on Approve, in front ends that aren't JupyterLab or Notebook."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.front_ends import start_marimo, start_voila
from tests.browser.lab import start_lab
from tests.environments import LABS, ROOT, python_of

ASK = 'pb.agent("Operator").run("Raise the price of the best seller by 5%")'
SECONDS = 1000
# Asleep, a little at a time, until the test says that it is enough.
BUSY = """\
end = time.monotonic() + 120
while not pathlib.Path("../go").exists() and time.monotonic() < end: time.sleep(0.05)
assert pathlib.Path("../go").exists(), "nobody said to go on"\
"""


def environment(powabase: Any) -> dict[str, str]:
    return {"POWABASE_URL": powabase.url, "POWABASE_API_KEY": powabase.key}


def open_page(browser: Browser, address: str) -> Page:
    page = browser.new_context(viewport={"width": 1000, "height": 900}).new_page()
    # Voila's page asks a network for its fonts; nothing here does, and nothing may.
    page.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())
    page.goto(address)
    return page


def approve(page: Page, powabase: Any) -> None:
    """Click Approve, once the card lets one, and see that the server has heard it once."""
    before = decisions(powabase)
    button = page.get_by_role("button", name="Approve", exact=True)
    expect(button).to_be_attached(timeout=60 * SECONDS)
    button.scroll_into_view_if_needed()
    expect(button).to_be_enabled(timeout=30 * SECONDS)
    button.click()
    expect(page.get_by_text("Approved by you")).to_be_visible(timeout=30 * SECONDS)
    assert decisions(powabase) == before + 1


def decisions(powabase: Any) -> int:
    return sum(path.endswith("/approve") for _, path, _ in powabase.requests)


def test_voila(browser: Browser, powabase: Any, tmp_path: Path) -> None:
    cells = [
        "import powawidget as pw\npb = pw.connect()",
        'pb.agent("Analyst").run("Which orders are late, by region and carrier?")',
        f"run = {ASK}\nrun",
        # Nobody sees the page before all its cells have run: a wait would never end.
        "try:\n    run.wait()\nexcept pw.ApprovalNeeded as needed:\n    print('Told:', needed)",
        "import ipywidgets as W\nout = W.Output()\ndisplay(W.VBox([out]))\n"
        "with out:\n    display(pb.agent('Writer').run('haiku'))",
    ]
    with start_voila(tmp_path, cells, environment(powabase)) as address:
        page = open_page(browser, address)
        expect(page.get_by_text("Told: The run waits for approval")).to_be_visible(
            timeout=90 * SECONDS
        )
        # What grows above the card moves it out of sight, and Approve arms in sight only.
        expect(page.locator(".pw-status").first).to_have_text("Done", timeout=60 * SECONDS)
        approve(page, powabase)
        done = ["Done", "Done", "Done"]
        expect(page.locator(".pw-status")).to_have_text(done, timeout=30 * SECONDS)
        expect(page.locator(".pw").first).to_contain_text("Late orders by region and carrier")
        expect(page.locator(".pw").last).to_be_visible()
        expect(page.locator(".pw").last).to_contain_text("haiku")
        expect(page.locator(".powawidget-transcript")).to_have_count(3)
        expect(page.locator(".powawidget-transcript:visible")).to_have_count(0)
        page.context.close()


def test_marimo(browser: Browser, powabase: Any, tmp_path: Path) -> None:
    cells = [
        "import powawidget as pw\npb = pw.connect()\nreturn (pb,)",
        '# needs pb\npb.agent("Analyst").run("Which orders are late, by region and carrier?")\n'
        "return",
        f"# needs pb\n{ASK}\nreturn",
    ]
    with start_marimo(tmp_path, cells, environment(powabase)) as address:
        page = open_page(browser, address)
        expect(page.locator(".pw-status")).to_have_count(2, timeout=90 * SECONDS)
        # What grows above the card moves it out of sight, and Approve arms in sight only.
        expect(page.locator(".pw-status").first).to_have_text("Done", timeout=60 * SECONDS)
        approve(page, powabase)
        expect(page.locator(".pw-status")).to_have_text(["Done", "Done"], timeout=30 * SECONDS)
        expect(page.locator(".pw").first).to_contain_text("Late orders by region and carrier")
        page.context.close()


def test_jupyterlab_4_2(browser: Browser, powabase: Any, tmp_path: Path) -> None:
    """The oldest JupyterLab that is promised: a click past a busy kernel, and a reload."""
    cells = [
        "import pathlib, time\nimport powawidget as pw\npb = pw.connect()",
        f"run = {ASK}\nrun",
        f"{BUSY}\nprint('decided in the meantime:', run.approvals[0].decision)",
        "import ipywidgets as W\nout = W.Output()\ndisplay(out)\n"
        "with out:\n    display(pb.agent('Writer').run('haiku'))",
    ]
    variables = {**environment(powabase), "PYTHONPATH": str(ROOT)}
    python = str(python_of("labs", LABS[0]))
    with start_lab(tmp_path, variables, python=python) as lab:
        lab.write_notebook("old.ipynb", cells)
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        lab.watch(page)
        lab.open(page, "old.ipynb")
        lab.run_all(page)
        approve(page, powabase)
        (lab.root.parent / "go").touch()
        lab.wait_idle(page)
        expect(lab.output(page, 2)).to_have_text("decided in the meantime: approved")
        expect(page.locator(".pw-status")).to_have_text(["Done", "Done"], timeout=30 * SECONDS)
        expect(lab.output(page, 3).locator(".pw")).to_be_visible()
        expect(lab.output(page, 3).locator(".powawidget-transcript")).to_have_count(1)
        expect(lab.output(page, 3).locator(".powawidget-transcript")).to_be_hidden()
        lab.reload(page)
        expect(page.locator(".pw-status").first).to_have_text("Done", timeout=30 * SECONDS)
        # This version says things of its own on the console.
        ours = [each for each in lab.problems(page) if "powawidget" in each]
        assert ours == []
        page.context.close()
