"""A person elsewhere learns that a run waits: by the tab's title, and by a notification."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.deciding import armed
from tests.browser.lab import Lab

LONG = 60_000
CONNECT = "import powawidget as pw\npb = pw.connect()"
AT_ONCE = "from powawidget.run import notices\nnotices._LONG = 0.0"  # what counts as a long answer
ASK = 'run = pb.agent("Operator").run("Raise the price of the best seller by 5%")\ndisplay(run)'
NOTICES = "pw.notices()"
# Chromium without a window has no notifications: what the page asks of them is noted. What a person
# has allowed both tabs know. Whether a tab is in front the test says; to Playwright each is.
STUB = """
window.notified = [];
window.front = true;
document.hasFocus = () => window.front;
window.Notification = class {
  static get permission() { return localStorage.getItem("stub-permission") ?? "default"; }
  static async requestPermission() {
    window.wasClicked = navigator.userActivation.isActive;
    localStorage.setItem("stub-permission", "granted");
    return "granted";
  }
  constructor(title, options) {
    window.notified.push({ title, options: Object.keys(options), tag: options.tag, open: true });
    this.at = window.notified.length - 1;
    window.latest = this;
  }
  close() { window.notified[this.at].open = false; }
};
"""


def title_is(page: Page, count: int, rest: str | None = None) -> None:
    """The tab's title has the count before it, and else says what JupyterLab says."""
    prefix = rf"\({count}\) " if count else r"(?!\()"
    expect(page).to_have_title(re.compile(f"^{prefix}{re.escape(rest or '')}"), timeout=LONG)


def open_beside(lab: Lab, page: Page, name: str) -> None:
    """Open a further notebook in JupyterLab, in front of the others."""
    lab.command(page, "docmanager:open", path=name, factory="Notebook")
    lab.wait_ready(page)
    lab.wait_idle(page)


def deny(lab: Lab, page: Page, cell: int) -> None:
    place = lab.output(page, cell)
    armed(place, "Deny").click()
    armed(place, "Deny").click()


def test_the_title_counts_the_waiting_runs_of_all_kernels_and_is_given_back(
    lab: Lab, page: Page
) -> None:
    for name in ("first.ipynb", "second.ipynb"):
        lab.write_notebook(name, [CONNECT, ASK])
    lab.open(page, "first.ipynb")
    bare = page.title()
    assert "first" in bare
    lab.run_all(page)
    title_is(page, 1, bare)
    open_beside(lab, page, "second.ipynb")
    title_is(page, 1, "second")  # JupyterLab has changed it: the count is kept
    lab.run_all(page)
    title_is(page, 2, "second")
    lab.command(page, "docmanager:open", path="first.ipynb")
    title_is(page, 2, "first")
    deny(lab, page, 1)
    title_is(page, 1, "first")
    lab.command(page, "docmanager:open", path="second.ipynb")
    title_is(page, 1, "second")
    page.evaluate(
        "async () => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    )
    title_is(page, 0, "second")
    lab.command(page, "docmanager:open", path="first.ipynb")
    title_is(page, 0, "first")
    assert lab.problems_beside_a_death(page) == []


def test_what_was_never_shown_counts_too(lab: Lab, page: Page) -> None:
    asks = "Raise the price of the best seller by 5%"
    connect = f'{CONNECT}\noperator, asks = pb.agent("Operator"), "{asks}"'
    run, chat = "run = operator.run(asks)", "chat = operator.chat()\nturn = chat.send(asks)"
    rows = 'rows = operator.map([{"m": asks}], "{m}", on_approval=pw.policy())\nrows.start()\nNone'
    lab.write_notebook("unshown.ipynb", [connect, run, "run.stop()", chat, "turn.stop()", rows])
    lab.open(page, "unshown.ipynb")
    for index, count in enumerate([0, 1, 0, 1, 0, 1]):
        run_cell(page, index)
        title_is(page, count, "unshown")


@pytest.mark.own_page
def test_a_page_that_is_loaded_again_counts_anew_and_one_that_has_no_kernel_counts_nothing(
    lab: Lab, page: Page
) -> None:
    lab.write_notebook("again.ipynb", [CONNECT, ASK])
    lab.open(page, "again.ipynb")
    lab.run_all(page)
    title_is(page, 1, "again")
    lab.reload(page)
    title_is(page, 1, "again")
    page.evaluate("async () => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    title_is(page, 0, "again")
    assert lab.problems_beside_a_death(page) == []


@pytest.fixture
def tabs(lab: Lab, page: Page) -> Iterator[tuple[Page, Page]]:
    """Two tabs of one browser that show the same notebook; in the first it is allowed to notify."""
    page.context.add_init_script(STUB)
    lab.write_notebook("shared.ipynb", [CONNECT, NOTICES, ASK, AT_ONCE])
    lab.open(page, "shared.ipynb")
    run_cell(page, 0)
    lab.wait_idle(page)
    other = page.context.new_page()
    lab.watch(other)
    yield page, other
    assert lab.problems(other) == []
    other.close()


def run_cell(page: Page, index: int) -> None:
    page.evaluate(
        """async (index) => {
          const { content } = window.jupyterapp.shell.currentWidget;
          content.activeCellIndex = index;
          await window.jupyterapp.commands.execute("notebook:run-cell");
        }""",
        index,
    )


def notified(*pages: Page) -> list[dict[str, Any]]:
    return [each for page in pages for each in page.evaluate("window.notified")]


def behind(page: Page, is_front: bool = False) -> None:
    page.evaluate("(front) => { window.front = front; }", is_front)


@pytest.mark.own_page
def test_a_request_notifies_in_one_of_two_tabs_once_a_click_has_allowed_it(
    lab: Lab, tabs: tuple[Page, Page]
) -> None:
    page, other = tabs
    run_cell(page, 1)
    place = lab.output(page, 1)
    button = place.get_by_role("button", name="Notify me", exact=True)
    expect(button).to_be_visible(timeout=LONG)
    assert page.evaluate("window.wasClicked") is None
    button.click()
    expect(place.get_by_role("button", name="Don't notify me", exact=True)).to_be_visible()
    assert page.evaluate("window.wasClicked") is True

    lab.load(other, "shared.ipynb")
    lab.wait_ready(other)
    lab.wait_idle(other)
    behind(page)
    behind(other)
    run_cell(page, 2)
    title_is(other, 1, "shared")
    until(page, lambda: notified(page, other), "a notification")
    deny(lab, page, 2)
    for each in (page, other):
        title_is(each, 0, "shared")
    until(page, lambda: not notified(page, other)[0]["open"], "its end")
    assert [one["title"] for one in notified(page, other)] == ["An agent waits for you"]
    assert [one["options"] for one in notified(page, other)] == [["tag"]]

    # Nothing while one of the tabs is in front: the title is seen there.
    behind(other, is_front=True)
    ask_and_deny(lab, page)
    assert len(notified(page, other)) == 1


def ask_and_deny(lab: Lab, page: Page) -> None:
    """A run asks for longer than it takes to notify, and is over."""
    run_cell(page, 2)
    title_is(page, 1, "shared")
    page.wait_for_timeout(2_500)
    deny(lab, page, 2)
    title_is(page, 0, "shared")


@pytest.mark.own_page
def test_an_answer_that_took_long_notifies_and_a_click_there_brings_the_tab_to_the_front(
    lab: Lab, tabs: tuple[Page, Page]
) -> None:
    page, _ = tabs
    lab.wait_idle(page)
    behind(page)
    page.evaluate("localStorage.setItem('stub-permission', 'granted')")
    page.evaluate("localStorage.setItem('powawidget-notices', 'on')")
    page.evaluate("window.focus = () => { window.wasFocused = true; }")
    run_cell(page, 3)
    run_cell(page, 2)
    deny(lab, page, 2)
    until(page, lambda: len(notified(page)) == 2, "both notifications")
    assert [one["title"] for one in notified(page)] == [
        "An agent waits for you",
        "An answer is ready",
    ]
    assert [one["open"] for one in notified(page)] == [False, True]
    page.evaluate("window.latest.onclick()")
    assert page.evaluate("window.wasFocused") is True
    assert [one["open"] for one in notified(page)] == [False, False]


def until(page: Page, condition: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"not seen: {what}"
        page.wait_for_timeout(50)
