"""The inbox in a real JupyterLab: by mouse and by keys, beside the cards, in two views."""

import json

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.contrast import reads_well
from tests.browser.deciding import armed
from tests.browser.inboxes import SETUP
from tests.browser.lab import Lab
from tests.browser.test_accessibility import AXE, is_clean
from tests.waiting import until

LONG = 60_000
RUNS = """\
one = pb.agent("Operator").run(WRITE)
two = pb.agent("Mailer").run("3 customers")
one"""
QUIETLY = RUNS.removesuffix("\none")
MANY = """\
asked = (("Operator", WRITE), ("Mailer", "3 customers"), ("Both", "x"), ("Mailer", "3 customers"),
         ("Longer", "x"))
runs = [pb.agent(name).run(message) for name, message in asked]"""
BOX = """(element) => {
  const { top, height } = element.getBoundingClientRect();
  return [top, height];
}"""


def shown(lab: Lab, page: Page, name: str, *cells: str) -> Locator:
    """Run a notebook of which some cells show the inbox, and wait for the last of them."""
    lab.write_notebook(name, [SETUP, *cells])
    lab.open(page, name)
    lab.run_all(page)
    inbox = page.locator(".pw-inbox")
    expect(inbox.last).to_be_attached(timeout=LONG)
    inbox.last.scroll_into_view_if_needed()
    return inbox


def waiting(inbox: Locator, count: int) -> None:
    said = {0: "Nothing waits for you", 1: "1 waits for you"}.get(count, f"{count} wait for you")
    expect(inbox.locator(".pw-status")).to_have_text(said, timeout=LONG)


def rows(inbox: Locator) -> Locator:
    return inbox.locator(".pw-inbox-row")


def button(place: Locator, name: str) -> Locator:
    return place.get_by_role("button", name=name, exact=True)


def ask_in_cell(lab: Lab, page: Page, index: int, code: str) -> None:
    """Type code into a cell and run it, as a person does."""
    lab.cell(page, index).locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)
    page.keyboard.press("Control+Enter")


def test_card_inbox_and_code_are_one_decision(lab: Lab, page: Page) -> None:
    inbox = shown(lab, page, "inbox.ipynb", RUNS, "pw.inbox()", "len(done), pw.pending()")
    waiting(inbox, 2)
    expect(rows(inbox)).to_have_count(2)
    card = lab.output(page, 1).locator(".pw").first
    operator = rows(inbox).filter(has_text="Operator")
    if operator.locator(".pw-ask").count() == 0:
        operator.get_by_role("button").click()
    title = operator.locator(".pw-ask-title")
    expect(title).to_have_text("Operator wants database_write")
    # Every argument as on the card.
    asked = operator.locator(".pw-asked")
    assert asked.inner_text() == card.locator(".pw-asked").inner_text()
    lab.screenshot(page, "inbox")
    armed(operator).click()
    waiting(inbox, 1)
    expect(operator.locator(".pw-decided")).to_contain_text("Approved by a person at")
    card.scroll_into_view_if_needed()
    expect(card).to_contain_text("Approved by a person at", timeout=LONG)
    expect(card.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    # The other one by code, while the list is in sight.
    ask_in_cell(lab, page, 3, "pw.pending()[0].deny('by code')\nprint(done)\npw.pending()")
    waiting(inbox, 0)
    expect(lab.output(page, 3)).to_contain_text("escalated")
    expect(lab.output(page, 3)).to_contain_text("Nothing waits for you")
    expect(lab.output(page, 3)).not_to_contain_text("3 customers")


def test_by_keys_alone(lab: Lab, page: Page) -> None:
    inbox = shown(lab, page, "keys.ipynb", RUNS, "pw.inbox()", "done")
    lab.wait_idle(page)  # at its end JupyterLab takes the focus
    waiting(inbox, 2)
    expect(rows(inbox)).to_have_count(2)
    press = page.keyboard.press
    card = inbox.locator(".pw-ask").first
    card.locator(".pw-ask-title").click()
    press("Tab")
    press("Shift+Tab")  # now by the keyboard
    expect(card).to_be_focused()
    expect(button(card, "Approve")).to_be_enabled(timeout=LONG)
    press("d")
    field = inbox.get_by_role("textbox")
    expect(field).to_be_focused()
    page.keyboard.insert_text("not by keys")
    press("Enter")
    waiting(inbox, 1)
    first = rows(inbox).first
    expect(first).to_contain_text("Denied by a person")
    expect(first).to_contain_text("not by keys")
    expect(first.locator(".pw-decided")).to_be_focused()
    # The next one is a line: it is opened, gone to and approved.
    press("Tab")
    line = inbox.locator(".pw-inbox-line")
    expect(line).to_be_focused()
    press("Enter")
    second = inbox.locator(".pw-ask")
    expect(second).to_be_visible()
    expect(button(second, "Approve")).to_be_enabled(timeout=LONG)
    press("a")  # its keys aren't ready for who hasn't gone to it
    press("Tab")
    expect(second).to_be_focused()
    waiting(inbox, 1)
    expect(lab.cell(page, 5)).to_have_count(0)  # nor are they the notebook's
    names = []
    while not names or "Approve" not in names:
        press("Tab")
        names.append(page.evaluate("document.activeElement.textContent"))
    assert [*names[-5:]] == ["Deny", "Not now", "Correct…", "cell 2 ↗", "Approve"]
    for _ in names:
        press("Shift+Tab")
    expect(second).to_be_focused()
    # Where the page was scrolled for the focus, it is armed anew.
    expect(button(second, "Approve")).to_be_enabled(timeout=LONG)
    press("a")
    waiting(inbox, 0)
    expect(rows(inbox).last).to_contain_text("Approved by a person")
    # Once the focus has left, what has ended goes.
    ask_in_cell(lab, page, 3, "len(done)")
    expect(rows(inbox)).to_have_count(0, timeout=LONG)


def test_nothing_moves_under_the_pointer(lab: Lab, page: Page) -> None:
    inbox = shown(lab, page, "still.ipynb", QUIETLY, "pw.inbox()", "pass")
    waiting(inbox, 2)
    expect(rows(inbox)).to_have_count(2)
    approve = armed(inbox)
    approve.hover()
    places = [rows(inbox).nth(at).evaluate(BOX) for at in range(2)]
    first = inbox.locator(".pw-ask-title").inner_text()
    # By the keyboard: the pointer stays where it is.
    page.keyboard.press("Escape")
    other = "one" if "Mailer" in first else "two"
    code = (
        f"quick = pb.agent('Quick').run('select 1')\nagain = pb.agent('Mailer').run('4 more')\n"
        f"{other}.deny('elsewhere')"
    )
    page.evaluate(
        """async (code) => {
          const panel = window.jupyterapp.shell.currentWidget;
          await panel.sessionContext.session.kernel.requestExecute({ code }).done;
        }""",
        code,
    )
    expect(rows(inbox)).to_have_count(4, timeout=LONG)
    expect(rows(inbox).nth(1)).to_contain_text("Denied by code")
    assert [rows(inbox).nth(at).evaluate(BOX) for at in range(2)] == places
    assert inbox.locator(".pw-ask-title").inner_text() == first
    assert inbox.locator(".pw-ask").count() == 1
    # Nobody answers the quick one: it says so where it stands.
    expect(inbox).to_contain_text("Not answered in 6 s: the server blocked the call", timeout=LONG)
    lab.screenshot(page, "inbox-held")
    assert [rows(inbox).nth(at).evaluate(BOX) for at in range(2)] == places
    page.mouse.move(5, 5)
    expect(rows(inbox)).to_have_count(2, timeout=LONG)


def test_not_now_decides_nothing_in_both_views(lab: Lab, page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 1400})
    inbox = shown(lab, page, "two.ipynb", RUNS, "pw.inbox()", "pw.inbox()", "done")
    expect(inbox).to_have_count(2, timeout=LONG)
    here, there = inbox.first, inbox.last
    waiting(here, 2)
    waiting(there, 2)
    armed(here, "Not now").click()
    waiting(here, 1)
    waiting(there, 1)
    page.mouse.move(5, 5)
    expect(rows(here)).to_have_count(1, timeout=LONG)
    expect(here.locator(".pw-inbox-notes")).to_have_text("1 hidden: show")
    button(there, "show").click()
    waiting(here, 2)
    waiting(there, 2)
    # A reload brings both back, and one decision is one in both.
    lab.wait_idle(page)
    lab.reload(page)
    lab.wait_idle(page)
    waiting(here, 2)
    armed(there).click()
    waiting(here, 1)
    waiting(there, 1)
    expect(here.locator(".pw-decided")).to_contain_text("Approved by a person")


def test_deny_with_a_correction_tells_the_model_the_arguments(lab: Lab, page: Page) -> None:
    cell = 'run = pb.agent("Mailer").run("everybody")\npw.inbox()'
    inbox = shown(lab, page, "correct.ipynb", cell, "run.wait(display=False).tool_calls[0].error")
    waiting(inbox, 1)
    armed(inbox, "Correct…").click()
    field = inbox.get_by_role("textbox")
    expect(field).to_be_focused()
    expect(field).to_have_value(
        'Call it with these arguments instead: {"to": "everybody", "subject": "Your parcel"}'
    )
    for _ in range(2):
        page.keyboard.press("End")
    page.keyboard.insert_text(" to nobody")
    page.keyboard.press("Enter")
    expect(lab.output(page, 2)).to_contain_text('"Your parcel"} to nobody', timeout=LONG)


def test_without_its_kernel_nothing_acts_and_the_file_says_what_waited(
    lab: Lab, page: Page
) -> None:
    inbox = shown(lab, page, "dead.ipynb", QUIETLY, "pw.inbox()")
    waiting(inbox, 2)
    armed(inbox)
    file = lab.root / "dead.ipynb"

    def written() -> str:
        lab.command(page, "docmanager:save")
        outputs = json.loads(file.read_text(encoding="utf-8"))["cells"][2]["outputs"]
        return "".join("".join(each["data"].get("text/markdown", "")) for each in outputs)

    until(lambda: "2 wait for you" in written(), "the transcript")
    assert "database" in written()
    assert "3 customers" in written()
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    expect(inbox.locator(".pw-status")).to_have_text(
        "The kernel is gone: nothing can be decided here", timeout=LONG
    )
    # The kernel's last word may come before the front end lets go of it, or not: with it nothing is
    # asked any more, without it the card is there, and inert.
    for name in ("Approve", "Deny", "Not now", "Correct…"):
        for found in button(inbox, name).all():
            expect(found).to_be_disabled()
    lab.screenshot(page, "inbox-gone")
    lab.problems_beside_a_death(page)


def test_the_way_to_a_cell_that_isnt_drawn(lab: Lab, page: Page) -> None:
    fill = [f"print('\\n'.join(['line {at}'] * {at % 7 * 4}))" for at in range(60)]
    inbox = shown(lab, page, "far.ipynb", RUNS, *fill, "pw.inbox()")
    lab.wait_idle(page)
    lab.command(page, "notebook:move-cursor-down")
    inbox.scroll_into_view_if_needed()
    waiting(inbox, 2)
    target = page.locator('.jp-Cell[data-windowed-list-index="1"]')
    expect(target).not_to_be_in_viewport()
    top = page.locator(".jp-Notebook .jp-WindowedPanel-outer").evaluate("(box) => box.scrollTop")
    page.wait_for_timeout(500)
    assert top == page.locator(".jp-Notebook .jp-WindowedPanel-outer").evaluate(
        "(box) => box.scrollTop"
    )
    button(inbox, "cell 2 ↗").click()
    expect(target).to_be_in_viewport(timeout=LONG)
    expect(target).to_contain_text("Operator")
    lab.screenshot(page, "inbox-way")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_an_inbox(lab: Lab, page: Page, theme: str) -> None:
    cells = ["pw.inbox()", "pass"]
    inbox = shown(lab, page, f"axe-{theme}.ipynb", *cells)
    lab.set_theme(page, theme)
    page.add_script_tag(path=AXE)
    waiting(inbox, 0)
    lab.screenshot(page, f"inbox-empty-{theme}")
    ask_in_cell(lab, page, 2, MANY)
    waiting(inbox, 5)
    page.set_viewport_size({"width": 1280, "height": 1400})
    inbox.scroll_into_view_if_needed()
    for line in inbox.locator(".pw-inbox-line").all()[:2]:
        line.click()
    armed(inbox.locator(".pw-ask").first)
    armed(inbox.locator(".pw-ask").first, "Not now").click()
    waiting(inbox, 4)
    lab.screenshot(page, f"inbox-{theme}")
    is_clean(page, ".pw")
    reads_well(page, theme)
    lab.command(page, "application:toggle-left-area")
    page.set_viewport_size({"width": 540, "height": 1400})
    inbox.scroll_into_view_if_needed()
    lab.screenshot(page, f"inbox-400-{theme}")
    wide = inbox.evaluate("(element) => element.scrollWidth - element.clientWidth")
    lab.command(page, "application:toggle-left-area")
    assert wide <= 0
