"""A comparison in a real JupyterLab: watched while it streams, voted on, opened, loaded again."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.comparisons import SETUP
from tests.browser.contrast import reads_well
from tests.browser.deciding import armed
from tests.browser.lab import Lab
from tests.browser.test_accessibility import AXE, is_clean

LONG = 60_000
SIDES = '{"v1": pb.agent("Careful"), "v2": pb.agent("Thorough"), "small": pb.agent("Small")}'
CHECKS = '{"short": lambda _: True}'
HELD = f'c = pw.compare({SIDES}, "held", repeat=2, checks={CHECKS})\nc'
KEPT = """\
c = pw.compare({"old": pb.agent("Writer"), "new": pb.agent("Writer")}, "held rows")
c"""

# Every shift is kept, also one that a person's click explains.
OBSERVE = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      for (const { node, previousRect: a, currentRect: b } of sources) {
        const html = node?.outerHTML ?? node?.textContent;
        window.shifts.push([html?.slice(0, 160), a.x, a.y, a.width, b.x, b.y, b.width, value]);
      }
    }
  }).observe({ type: "layout-shift" });
}"""
# Two frames, and what the observer hears of them.
SETTLE = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100)))"
PUSH = """() => {
  const first = document.createElement("p");
  first.textContent = "pushes all that is below";
  document.querySelector(".pw-sides").before(first);
}"""
PULL = "() => document.querySelector('.pw-compare>p').remove()"
# Whether all of an element is in sight: nothing else is measured.
IN_SIGHT = """(element) => {
  const { top, bottom } = element.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight && element.checkVisibility();
}"""


def shown(lab: Lab, page: Page, name: str, *cells: str) -> Locator:
    """Run a notebook whose last cell shows a comparison, and wait for its columns."""
    lab.write_notebook(name, [SETUP, *cells])
    lab.open(page, name)
    lab.run_all(page)
    compared = page.locator(".pw-compare")
    expect(compared.locator(".pw-side, .pw-tab").first).to_be_visible(timeout=LONG)
    return compared


def status(compared: Locator) -> Locator:
    return compared.locator(".pw-status").first


def transcript_in(file: Path) -> str:
    """What a notebook's file has of the second cell, as markdown."""
    outputs = json.loads(file.read_text(encoding="utf-8"))["cells"][1]["outputs"]
    return "".join("".join(each["data"].get("text/markdown", "")) for each in outputs)


def button(compared: Locator, name: str) -> Locator:
    return compared.get_by_role("button", name=name, exact=True)


def test_nothing_moves_while_sides_stream_and_a_vote_is_blind(
    lab: Lab, page: Page, powabase: Any, go: Path
) -> None:
    del powabase
    compared = shown(lab, page, "sides.ipynb", HELD)
    sides = compared.locator(".pw-side")
    expect(sides).to_have_count(3)
    expect(sides.nth(0)).to_contain_text("baseline")
    expect(sides.nth(1).locator(".pw-side-status")).to_have_text("Running", timeout=LONG)
    lab.wait_idle(page)
    page.set_viewport_size({"width": 1280, "height": 1400})
    sides.first.scroll_into_view_if_needed()
    page.evaluate(SETTLE)
    assert compared.evaluate(IN_SIGHT)
    page.evaluate(OBSERVE)
    go.touch()
    expect(status(compared)).to_have_text("Done", timeout=LONG)
    expect(sides.nth(1).locator(".pw-side-figure").first).to_contain_text("worse", timeout=LONG)
    expect(sides.nth(1).locator(".pw-side-answer")).to_contain_text("Look at the lane")
    page.evaluate(SETTLE)
    moved = page.evaluate("window.shifts")
    assert moved == [], "\n".join(map(str, moved))
    page.evaluate(PUSH)  # the measure measures
    page.wait_for_function("window.shifts.length > 0", timeout=LONG)
    page.evaluate(PULL)

    # What lines up, and what differs.
    calls = [side.locator(".pw-side-call .pw-name, .pw-side-gap") for side in sides.all()]
    expect(calls[0]).to_have_text(["database_query", "·not called"])
    expect(calls[1]).to_have_text(["database_query", "code_execute"])
    expect(calls[2]).to_have_text(["·not called", "code_execute"])
    expect(sides.nth(2).locator(".pw-side-figure").first).to_contain_text("better")
    expect(sides.nth(1).locator(".pw-side-figure").nth(2)).to_contain_text("+1 call")
    button(compared, "Differences").click()
    expect(sides.nth(1).locator("ins").first).to_contain_text("since August")
    expect(sides.nth(2).locator("del").first).to_contain_text("North")
    reads_well(page, "light")
    page.add_script_tag(path=AXE)
    is_clean(page, ".pw")
    button(compared, "Differences").click()
    wide = "root => root.scrollWidth - root.clientWidth"
    assert compared.evaluate(wide) <= 0


def test_a_vote_is_blind_and_a_narrow_page_shows_one_side_at_a_time(
    lab: Lab, page: Page, powabase: Any, go: Path
) -> None:
    del powabase
    go.touch()
    compared = shown(lab, page, "vote.ipynb", HELD)
    sides = compared.locator(".pw-side")
    expect(status(compared)).to_have_text("Done", timeout=LONG)
    button(compared, "2").click()
    expect(button(compared, "2")).to_have_attribute("aria-pressed", "true")
    expect(sides.nth(0).locator(".pw-side-answer")).to_contain_text("Carrier B", timeout=LONG)

    # Blind: no name in the view nor beside it, until both rounds are voted on.
    button(compared, "Vote blind").click()
    expect(sides.locator(".pw-side-name")).to_have_text(["A", "B", "C"], timeout=LONG)
    output = lab.output(page, 1)
    for name in ("Careful", "Thorough", "v1", "v2", "database_query"):
        expect(output).not_to_contain_text(name, timeout=LONG)
    button(compared, "B is better").click()
    expect(button(compared, "Run 1")).to_have_attribute("aria-pressed", "true", timeout=LONG)
    button(compared, "A tie").click()
    expect(sides.locator(".pw-side-name")).to_have_text(["v1", "v2", "small"], timeout=LONG)
    expect(compared.locator(".pw-compare-tag").filter(has_text="a tie")).to_have_count(3)
    button(compared, "2 ✓").click()
    expect(compared.locator(".pw-compare-tag-good")).to_have_text("your choice", timeout=LONG)

    # The notebook's file has it: figures, answers, votes.
    lab.wait_idle(page)
    lab.command(page, "docmanager:save")
    file = lab.root / "vote.ipynb"
    end = time.monotonic() + LONG / 1000
    while "Blind vote of run 2" not in (saved := transcript_in(file)):
        assert time.monotonic() < end, saved
        page.wait_for_timeout(200)
        lab.command(page, "docmanager:save")
    for words in ("(baseline)", "worse)", "Carrier B", "I could not read the orders."):
        assert words in saved

    # Narrow and dark, one side at a time; by keys too.
    lab.set_theme(page, "dark")
    lab.command(page, "application:toggle-left-area")
    page.set_viewport_size({"width": 520, "height": 900})
    tabs = compared.get_by_role("tab")
    expect(tabs).to_have_count(3, timeout=LONG)
    expect(sides).to_have_count(1)
    tabs.nth(0).focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(sides).to_contain_text("agent Thorough")
    reads_well(page, "dark")
    wide = "root => root.scrollWidth - root.clientWidth"
    assert compared.evaluate(wide) <= 0
    lab.command(page, "application:toggle-left-area")
    lab.set_theme(page, "light")


@pytest.mark.own_page
def test_a_page_that_is_loaded_again_shows_the_sides_and_each_opens_to_its_run(
    lab: Lab, page: Page, powabase: Any, go: Path
) -> None:
    del powabase
    lab.load(page)
    # A cell waits meanwhile: whoever sees the comparison can decide.
    shown(lab, page, "approved.ipynb", KEPT, "print(c.wait().status)")
    lab.reload(page)
    again = page.locator(".pw-compare")
    sides = again.locator(".pw-side")
    expect(sides).to_have_count(2, timeout=LONG)
    go.touch()
    expect(status(again)).to_have_text("Waiting for you", timeout=LONG)
    expect(page.locator(".powawidget-transcript")).to_be_hidden()
    for place in (0, 1):
        sides.nth(place).get_by_role("button", name="Open to decide").click()
        opened = again.locator(".pw-opened").nth(place)
        approve = armed(opened)
        expect(opened).to_contain_text("held rows")
        approve.click()
        expect(opened.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    expect(status(again)).to_have_text("Done", timeout=LONG)
    expect(sides.nth(1).locator(".pw-side-answer")).to_contain_text("Written.")
    lab.wait_idle(page)
    assert "ApprovalNeeded" not in lab.output(page, 2).inner_text()
