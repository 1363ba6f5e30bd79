"""A board in a real JupyterLab."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.boards import SETUP
from tests.browser.lab import Lab


def test_shots(lab: Lab, page: Page, powabase: Any) -> None:
    go = lab.root.parent / "go"
    go.unlink(missing_ok=True)
    cells = [
        SETUP,
        'more = {2: "odd one", 5: "will fail", 7: "slow one", 8: "slow delete me", 9: "slow"}\n'
        'many = pb.agent("Triage").map(tickets(2000, {**more, **{n: "slow %d" % n for n in range(300, 2000)}}), "{text}", key="id", schema=Ticket, journal="many.powa", concurrency=20)\nmany',
        'few = pb.agent("Keeper").map(tickets(3, {1: "Please delete my account"}), "{text}", key="id", start=True)\nfew',
    ]
    lab.write_notebook("look.ipynb", cells)
    lab.open(page, "look.ipynb")
    lab.run_all(page)
    board = page.locator(".pw-board").first
    expect(board.locator(".pw-board-row").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(8000)
    for theme in ("light", "dark"):
        lab.set_theme(page, theme)
        board.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        lab.screenshot(page, f"board-{theme}")
    lab.set_theme(page, "light")
    board.locator('[data-place="2"]').click()
    board.locator('[data-place="7"]').click()
    page.wait_for_timeout(3000)
    lab.screenshot(page, "board-open")
    second = page.locator(".pw-board").nth(1)
    second.scroll_into_view_if_needed()
    second.locator('[data-place="1"]').click()
    page.wait_for_timeout(3000)
    lab.screenshot(page, "board-few")
    page.set_viewport_size({"width": 720, "height": 900})
    page.evaluate("jupyterapp.shell.collapseLeft()")
    page.wait_for_timeout(1000)
    page.set_viewport_size({"width": 520, "height": 900})
    board.scroll_into_view_if_needed()
    page.wait_for_timeout(1500)
    lab.screenshot(page, "board-narrow")
    go.touch()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.wait_for_timeout(15000)
    lab.screenshot(page, "board-done")
    go.unlink()
