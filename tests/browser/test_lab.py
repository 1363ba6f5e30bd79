"""The stage of the browser tests itself."""

import time

from playwright.sync_api import Page, expect

from tests.browser.lab import Lab

WATCHDOG = 60


def test_a_cell_runs_and_shows_its_output(lab: Lab, page: Page) -> None:
    lab.write_notebook("one.ipynb", ["print(1 + 1)"])
    lab.open(page, "one.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 0)).to_have_text("2\n")


def test_a_restart_runs_all_cells_again(lab: Lab, page: Page) -> None:
    lab.write_notebook("two.ipynb", ["try: count += 1\nexcept NameError: count = 1", "count"])
    lab.open(page, "two.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    lab.run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 1)).to_contain_text("2")
    lab.restart_run_all(page)
    lab.wait_idle(page)
    expect(lab.output(page, 1)).to_contain_text("1")


def test_what_goes_wrong_is_seen(lab: Lab, page: Page) -> None:
    lab.write_notebook("wrong.ipynb", ["import os; os.write(2, b'a kernel fell\\n');"])
    lab.open(page, "wrong.ipynb")
    page.evaluate("console.error('a widget fell')")
    lab.run_all(page)
    lab.wait_idle(page)
    told = ""
    end = time.monotonic() + WATCHDOG
    while "a widget fell" not in told or "a kernel fell" not in told:
        assert time.monotonic() < end, f"not seen: {told!r}"
        page.wait_for_timeout(50)
        told += "\n".join(lab.problems(page))


def test_themes_change_and_a_reload_keeps_the_outputs(lab: Lab, page: Page) -> None:
    lab.write_notebook("three.ipynb", ["print('kept')"])
    lab.open(page, "three.ipynb")
    lab.run_all(page)
    lab.wait_idle(page)
    lab.set_theme(page, "dark")
    lab.screenshot(page, "lab-dark")
    lab.set_theme(page, "light")
    lab.reload(page)
    expect(lab.output(page, 0)).to_have_text("kept\n")
    lab.wait_idle(page)
