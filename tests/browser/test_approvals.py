"""A click on Approve in a real JupyterLab: it gets through whatever the kernel does, and once."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.deciding import armed
from tests.browser.lab import Lab

CONNECT = "import powawidget as pw, pathlib, time\npb = pw.connect()"
ASK = (
    'run = pb.agent("Operator").run("Raise the price of the best seller by 5%")\ndisplay(run)\n'
    "while not run.approvals: time.sleep(0.05)"
)
LONG = 60_000
# A cell that is busy until the test says that it is enough, however slow the machine is. One long
# sleep can't be ended so: it sleeps in small pieces, and the kernel's event loop runs in none.
UNTIL_TOLD = """\
go, end = pathlib.Path("../go"), time.monotonic() + 240
while not go.exists() and time.monotonic() < end: {}
assert go.exists(), "nobody said to go on"
"""
BUSY = {
    "waits": "run.wait()",
    "sleeps": UNTIL_TOLD.format("time.sleep(0.05)"),
    "computes": UNTIL_TOLD.format("sum(range(10_000))"),
}


def decisions(powabase: Any) -> list[dict[str, Any]]:
    return [body for _, path, body in powabase.requests if path.endswith("/approve")]


def button(widget: Locator, name: str) -> Locator:
    return widget.get_by_role("button", name=name, exact=True)


@pytest.mark.parametrize("busy", BUSY)
def test_a_click_is_decided_before_the_busy_cell_ends_and_once(
    lab: Lab, page: Page, powabase: Any, busy: str
) -> None:
    decide_while_busy(lab, page, powabase, busy)


@pytest.mark.parametrize("busy", BUSY)
def test_in_notebook_7_too_a_click_is_decided_before_the_busy_cell_ends(
    notebook7: Lab, notebook7_page: Page, powabase: Any, busy: str
) -> None:
    decide_while_busy(notebook7, notebook7_page, powabase, busy)


def decide_while_busy(lab: Lab, page: Page, powabase: Any, busy: str) -> None:
    before = len(decisions(powabase))
    go = lab.root.parent / "go"
    go.unlink(missing_ok=True)
    lab.write_notebook(
        f"busy_{busy}.ipynb",
        [CONNECT, ASK, f"{BUSY[busy]}\nprint('ENDED')", "print(run.approvals[0].by)"],
    )
    lab.open(page, f"busy_{busy}.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    armed(widget, "Approve").click()
    end = time.monotonic() + 120
    while len(decisions(powabase)) == before:
        assert time.monotonic() < end, "no decision reached the server"
        page.wait_for_timeout(50)
    # What became of it is drawn too, while the kernel is busy still.
    expect(widget.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(widget).to_contain_text("Approved by a person")
    if busy != "waits":
        assert "ENDED" not in lab.output(page, 2).inner_text()
    go.touch()
    lab.wait_idle(page)
    go.unlink()
    expect(lab.output(page, 2)).to_contain_text("ENDED")
    assert decisions(powabase)[before:] == [{"approved": True}]
    expect(lab.output(page, 3)).to_contain_text("click")


def test_a_request_out_of_sight_is_told_at_the_foot_of_the_box(
    lab: Lab, page: Page, powabase: Any
) -> None:
    before = len(decisions(powabase))
    shown = ASK.replace("display(run)", "run.show(max_height=100)")
    lab.write_notebook("low.ipynb", [CONNECT, shown])
    lab.open(page, "low.ipynb")
    lab.run_all(page)
    widget, box = page.locator(".pw"), page.locator(".pw-box")
    expect(widget.locator(".pw-status")).to_have_text("Waiting for you", timeout=LONG)
    page.wait_for_function("document.querySelector('.pw-box').scrollTop > 0")
    lab.wait_idle(page)
    box.evaluate("(box) => { box.scrollTop = 0; }")
    bar = widget.locator(".pw-awaits")
    expect(bar).to_contain_text("Waiting for you:")
    assert box.evaluate("(box) => box.clientHeight") == 100
    notebook = page.locator(".jp-WindowedPanel-outer")
    stood = notebook.evaluate("(panel) => panel.scrollTop")
    # The second click of the two falls on whatever has come under the pointer.
    bar.dblclick()
    expect(bar).to_have_count(0)
    assert box.evaluate("(box) => box.scrollTop") > 0
    assert notebook.evaluate("(panel) => panel.scrollTop") == stood
    assert decisions(powabase)[before:] == []
    grip = widget.locator(".pw-grip")
    place = grip.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + 80, place["y"] + 5)
    page.mouse.down()
    page.mouse.move(place["x"] + 80, place["y"] + 205, steps=3)
    page.mouse.up()
    expect(box).to_have_css("max-height", "300px")
    grip.press("ArrowDown")
    expect(box).to_have_css("max-height", "340px")
    armed(widget, "Approve").click()
    expect(widget.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    assert decisions(powabase)[before:] == [{"approved": True}]


@pytest.mark.own_page
def test_a_reload_while_the_cell_waits_brings_the_card_back_and_it_works(
    lab: Lab, page: Page, powabase: Any
) -> None:
    before = len(decisions(powabase))
    lab.write_notebook("reload_waiting.ipynb", [CONNECT, ASK, "run.wait()"])
    lab.open(page, "reload_waiting.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    expect(button(widget, "Approve")).to_be_visible(timeout=LONG)
    lab.reload(page)
    armed(widget, "Approve").click()
    expect(widget.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    assert decisions(powabase)[before:] == [{"approved": True}]


def test_many_clicks_in_two_views_are_one_decision(lab: Lab, page: Page, powabase: Any) -> None:
    before = len(decisions(powabase))
    lab.write_notebook("twice.ipynb", [CONNECT, ASK, "display(run)"])
    lab.open(page, "twice.ipynb")
    lab.run_all(page)
    views = page.locator(".pw")
    expect(views).to_have_count(2, timeout=LONG)
    for view in (views.nth(0), views.nth(1)):
        armed(view, "Approve")
    # Real clicks of the page itself, faster than any answer can come.
    page.evaluate(
        """() => {
          const buttons = [...document.querySelectorAll(".pw-ask button")]
            .filter((button) => button.textContent.trim() === "Approve");
          for (let i = 0; i < 25; i++) for (const button of buttons) button.click();
        }"""
    )
    expect(views.nth(0).locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(views.nth(1).locator(".pw-status")).to_have_text("Done", timeout=LONG)
    assert decisions(powabase)[before:] == [{"approved": True}]


def test_a_denial_carries_its_reason_and_nothing_is_written(
    lab: Lab, page: Page, powabase: Any
) -> None:
    before = len(decisions(powabase))
    lab.write_notebook("deny.ipynb", [CONNECT, ASK, "run.wait()\nprint(run.tool_calls[1].error)"])
    lab.open(page, "deny.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    armed(widget, "Deny").click()
    field = widget.get_by_role("textbox")
    field.fill("prices are fixed")
    field.press("Enter")
    lab.wait_idle(page)
    assert decisions(powabase)[before:] == [{"approved": False, "reason": "prices are fixed"}]
    expect(widget).to_contain_text("Denied by a person")
    expect(lab.output(page, 2)).to_contain_text("Denied by user: prices are fixed")


def test_two_requests_open_at_once_are_one_decision_over_both(
    lab: Lab, page: Page, powabase: Any
) -> None:
    before = len(decisions(powabase))
    lab.write_notebook(
        "both.ipynb",
        [
            CONNECT,
            'run = pb.agent("Operator (parallel reads)").run("Compare North and South")\nrun',
            "run.wait()\nprint([a.decision for a in run.approvals])",
        ],
    )
    lab.open(page, "both.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw").first
    armed(widget, "Approve all 2").click()
    lab.wait_idle(page)
    assert decisions(powabase)[before:] == [{"approved": True}]
    expect(lab.output(page, 2)).to_contain_text("['approved', 'approved']")


def test_a_card_of_a_dead_kernel_is_inert_and_says_why(lab: Lab, page: Page) -> None:
    lab.write_notebook("dead.ipynb", [CONNECT, ASK])
    lab.open(page, "dead.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw")
    armed(widget, "Approve")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    # The kernel's last word may come before the front end lets go of it, or not.
    status = re.compile("^Interrupted(: the kernel is gone)?$")
    expect(widget.locator(".pw-status")).to_have_text(status, timeout=LONG)
    expect(widget).to_contain_text("kernel")
    # With that word the request is undecided; without it the card is there, and inert.
    for found in button(widget, "Approve").all():
        expect(found).to_be_disabled()


@pytest.mark.parametrize("choice", ["Approve", "Deny"])
def test_an_answer_that_waits_for_review_is_shown_or_withheld(
    lab: Lab, page: Page, choice: str
) -> None:
    ask = 'run = pb.agent("Operator (reviewed answers)").run("Escalate the overdue orders")\nrun'
    lab.write_notebook(f"review_{choice}.ipynb", [CONNECT, ask, "run.wait()\nprint(run.text)"])
    lab.open(page, f"review_{choice}.ipynb")
    lab.run_all(page)
    widget = page.locator(".pw").first
    armed(widget, choice).click()
    if choice == "Deny":
        widget.get_by_role("textbox").press("Enter")
    expect(widget.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    lab.wait_idle(page)
    shown = "".join(widget.locator(".pw-text").all_inner_texts())
    assert ("I look for open orders" in shown) == (choice == "Approve")
    said = lab.output(page, 2).inner_text()
    assert ("I look for open orders" in said) == (choice == "Approve")
