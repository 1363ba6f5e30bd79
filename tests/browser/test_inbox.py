"""The inbox in a real JupyterLab: by mouse and by keys, beside the cards, in two views."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.deciding import armed
from tests.browser.inboxes import SETUP
from tests.browser.lab import Lab

LONG = 60_000


def shown(lab: Lab, page: Page, name: str, *cells: str) -> Locator:
    """Run a notebook whose last cell shows the inbox, and wait for its rows."""
    lab.write_notebook(name, [SETUP, *cells])
    lab.open(page, name)
    lab.run_all(page)
    inbox = page.locator(".pw-inbox")
    expect(inbox.first.locator(".pw-inbox-row, .pw-status").first).to_be_visible(timeout=LONG)
    return inbox


def button(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


RUNS = """\
one = pb.agent("Operator").run(WRITE)
two = pb.agent("Mailer").run("3 customers")
one"""


def test_first(lab: Lab, page: Page) -> None:
    inbox = shown(lab, page, "inbox.ipynb", RUNS, "pw.inbox()")
    expect(inbox.locator(".pw-status")).to_have_text("2 wait for you", timeout=LONG)
    page.wait_for_timeout(1500)
    inbox.scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    lab.screenshot(page, "inbox-first")
    armed(inbox).click()
    expect(inbox.locator(".pw-status")).to_have_text("1 waits for you", timeout=LONG)
    page.wait_for_timeout(1000)
    lab.screenshot(page, "inbox-second")
