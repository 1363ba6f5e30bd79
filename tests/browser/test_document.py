"""What a run leaves in the notebook's file, and what of it is seen where."""

import re
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import Lab
from tests.browser.tempo import Tempo

SECONDS = 1000
ASK = 'pb.agent("Analyst").run("Which orders are late, by region and carrier?")'
CONNECT = "import powawidget as pw, time\npb = pw.connect()"
ANSWER = "Late orders by region and carrier"
WIDGET = "application/vnd.jupyter.widget-view+json"
TRANSCRIPT = ".powawidget-transcript"


def saved(lab: Lab, page: Page, name: str) -> Any:
    """The notebook's file as it is after saving."""
    lab.command(page, "docmanager:save")
    return nbformat.read(lab.root / name, as_version=4)


def kinds(cell: Any) -> list[set[str]]:
    return [set(output.get("data", {})) for output in cell.outputs]


def run_done(lab: Lab, page: Page, name: str, *cells: str) -> None:
    lab.write_notebook(name, [CONNECT, *cells])
    lab.open(page, name)
    lab.run_all(page)
    lab.wait_idle(page)


def test_the_file_holds_a_transcript_which_the_live_view_hides(lab: Lab, page: Page) -> None:
    run_done(lab, page, "filed.ipynb", f"run = {ASK}\nrun", "run.wait()")
    expect(page.locator(".pw-status")).to_have_text("Done")
    expect(page.locator(TRANSCRIPT)).to_have_count(1)
    expect(page.locator(TRANSCRIPT)).to_be_hidden()
    expect(page.locator(".pw-who")).to_have_attribute(
        "title", re.compile(r"^\d+ kB in the notebook$")
    )
    first, second, third = saved(lab, page, "filed.ipynb").cells
    assert kinds(first) == []
    assert kinds(second) == [
        {WIDGET, "text/plain"},
        {"text/html", "text/markdown", "text/plain"},
    ]
    assert ANSWER in second.outputs[1].data["text/html"]
    assert ANSWER in second.outputs[1].data["text/markdown"]
    assert WIDGET not in {kind for output in kinds(third) for kind in output}


def test_what_a_reader_has_opened_stays_open_when_the_transcript_is_filled(
    lab: Lab, page: Page, tempo: Tempo
) -> None:
    tempo.slow()
    lab.write_notebook("kept.ipynb", [CONNECT, f"run = {ASK}\nrun", "run.wait()"])
    lab.open(page, "kept.ipynb")
    lab.run_all(page)
    page.locator(".pw-card .pw-row").first.click(timeout=30 * SECONDS)
    page.evaluate("window.kept = document.querySelector('.pw')")
    tempo.fast()
    lab.wait_idle(page)
    expect(page.locator(".pw-status")).to_have_text("Done")
    expect(page.locator(".pw-card .pw-row").first).to_have_attribute("aria-expanded", "true")
    assert page.evaluate("window.kept === document.querySelector('.pw')")


def test_a_cleared_output_stays_cleared(lab: Lab, page: Page, tempo: Tempo) -> None:
    tempo.hold()
    cells = [CONNECT, f"run = {ASK}\nrun", "run.wait(display=False)\nprint('over')"]
    lab.write_notebook("cleared.ipynb", cells)
    lab.open(page, "cleared.ipynb")
    lab.run_all(page)
    expect(page.locator(".pw")).to_be_visible(timeout=30 * SECONDS)
    expect(page.locator(TRANSCRIPT)).to_have_count(1)  # it comes right after the view
    lab.command(page, "notebook:clear-all-cell-outputs")
    expect(page.locator(".pw")).to_have_count(0)
    tempo.fast()
    lab.wait_idle(page)
    expect(page.locator(TRANSCRIPT)).to_have_count(0)
    assert kinds(saved(lab, page, "cleared.ipynb").cells[1]) == []


def test_opened_again_with_a_new_kernel_and_no_widget_state(lab: Lab, page: Page) -> None:
    run_done(lab, page, "again.ipynb", f"run = {ASK}\nrun", "run.wait()")
    saved(lab, page, "again.ipynb")
    lab.clear()  # ends the kernel
    lab.open(page, "again.ipynb")
    expect(page.locator(TRANSCRIPT)).to_be_visible(timeout=30 * SECONDS)
    expect(page.locator(TRANSCRIPT)).to_contain_text(ANSWER)
    expect(page.locator(f"{TRANSCRIPT} button")).to_have_count(0)
    lab.problems(page)  # JupyterLab says that it has no model, in the output before


@pytest.mark.own_page
def test_a_run_that_was_under_way_when_its_kernel_died(lab: Lab, page: Page, tempo: Tempo) -> None:
    tempo.slow()
    lab.write_notebook("died.ipynb", [CONNECT, f"run = {ASK}\nrun"])
    lab.open(page, "died.ipynb")
    lab.run_all(page)
    expect(page.locator(".pw-status")).to_have_text("Running", timeout=30 * SECONDS)
    expect(page.locator(TRANSCRIPT)).to_have_count(1, timeout=30 * SECONDS)
    tempo.hold()
    lab.command(page, "docmanager:save")
    lab.clear()
    expect(page.locator(".pw-status")).to_contain_text("Interrupted", timeout=30 * SECONDS)
    lab.load(page, "died.ipynb")
    lab.wait_idle(page)
    expect(page.locator(TRANSCRIPT)).to_be_visible(timeout=30 * SECONDS)
    expect(page.locator(TRANSCRIPT)).to_contain_text("As of ")
    expect(page.locator(TRANSCRIPT)).to_contain_text("what came later isn't in this file")
    lab.problems(page)


def test_with_saved_widget_state_the_view_is_there_without_a_kernel(lab: Lab, page: Page) -> None:
    lab.write_notebook("state.ipynb", [CONNECT, f"run = {ASK}\nrun", "run.wait()"])
    lab.open(page, "state.ipynb")
    lab.command(page, "@jupyter-widgets/jupyterlab-manager:saveWidgetState")
    lab.run_all(page)
    lab.wait_idle(page)
    # The manager saves those models alone that it has made by then.
    expect(page.locator(".pw-status")).to_have_text("Done", timeout=30 * SECONDS)
    file = saved(lab, page, "state.ipynb")
    assert "widgets" in file.metadata, "the state was not saved"
    assert (lab.root / "state.ipynb").stat().st_size < 256_000
    lab.clear()
    lab.open(page, "state.ipynb")
    expect(page.locator(".pw-status")).to_have_text("Done", timeout=30 * SECONDS)
    expect(page.locator(".pw")).to_contain_text(ANSWER)
    expect(page.locator(TRANSCRIPT)).to_be_hidden()
    lab.problems(page)
