"""Keys on an approval card in a real JupyterLab, whose own commands have the same letters."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.deciding import armed
from tests.browser.lab import Lab

ASK = """\
import powawidget as pw
run = pw.connect().agent("Operator").run("Raise the price of the best seller by 5%")
run"""
LONG = 60_000
# What a person does before a key, and whether the key is meant for the card then.
MEANT = {
    "click": False,
    "Tab": True,
    "Tab, click": False,
    "Tab, click outside": False,
    "click, Tab away and back": True,
    "Tab, Tab on and back": True,
    "Tab, click, Tab on and back": True,
    "click, leave": False,
    "Tab, leave": True,
    "Tab, leave, click": False,
    "Deny, Cancel": False,
    "Deny, type, Cancel": False,
    "Tab, Deny, Cancel": False,
    "Tab, d, Cancel": False,
    "Tab, d, type, Escape": True,
    "Tab, d, leave, Escape": True,
    "Tab, d, Tab, Tab, Enter": True,
    "click, Tab, Enter, leave, Escape": False,
    "Deny, leave, Shift+Tab, Tab, Escape": True,
}


def decisions(powabase: Any) -> list[dict[str, Any]]:
    return [body for _, path, body in powabase.requests if path.endswith("/approve")]


def row_of(card: Locator) -> Locator:
    """The row of the call that a request is about; it stands before the request."""
    return card.locator("xpath=preceding-sibling::*[1]").locator(".pw-row")


def by_tab(page: Page, card: Locator) -> None:
    """Go to a card by Tab."""
    row_of(card).focus()
    page.keyboard.press("Tab")
    expect(card).to_be_focused()


class Person:
    """Somebody before a page with one request."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.card = page.locator(".pw-ask")
        self.field = self.card.get_by_role("textbox")
        self._window = page.context.new_cdp_session(page)
        self._elsewhere = page.context.new_page()
        page.bring_to_front()

    def come(self, steps: str) -> None:
        """Start beside the card, and do what ends on it."""
        row_of(self.card).focus()
        for step in steps.split(", "):
            self.do(step)
        expect(self.card, steps).to_be_focused()
        expect(self.field, steps).to_have_count(0)

    def do(self, step: str) -> None:
        match step:
            case "click":
                self.card.locator(".pw-asked").click(position={"x": 3, "y": 3})
            case "click outside":
                # A button leaves the focus where it is. What this one opens is closed again.
                row_of(self.card).click()
                row_of(self.card).evaluate("(row) => row.click()")
            case "Deny" | "Cancel":
                self.card.get_by_role("button", name=step).click()
            case "Tab away and back":
                by_tab(self.page, self.card)
            case "Tab on and back":
                self.do("Tab")
                self.do("Shift+Tab")
            case "leave":
                self._leave()
            case "type":
                self.page.keyboard.type("ad")
            case _:
                self.page.keyboard.press(step)

    def _leave(self) -> None:
        """Go to another window and come back by keys: the page is told, as it isn't by default."""
        self._window.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
        self._elsewhere.bring_to_front()
        self.page.wait_for_function("!document.hasFocus()", polling=50)
        self.page.bring_to_front()
        self.page.wait_for_function("document.hasFocus()", polling=50)
        self.page.keyboard.press("Alt")
        self._window.send("Emulation.setFocusEmulationEnabled", {"enabled": True})


@pytest.fixture
def person(lab: Lab, page: Page) -> Person:
    """Somebody who is asked."""
    lab.write_notebook("keys.ipynb", [ASK])
    lab.open(page, "keys.ipynb")
    lab.run_all(page)
    person = Person(page)
    armed(person.card)
    return person


def test_a_key_decides_only_where_keys_brought_the_focus_and_no_pointer_came_since(
    person: Person, powabase: Any
) -> None:
    before = len(decisions(powabase))
    card, field, press = person.card, person.field, person.page.keyboard.press
    hint = card.locator(".pw-shortcuts")
    for steps, is_meant in MEANT.items():
        person.come(steps)
        expect(hint, steps).to_have_css("visibility", "visible" if is_meant else "hidden")
        press("d")
        if is_meant:
            expect(field, steps).to_be_focused()
            # Another D is a letter; back on the card it leads to the field again.
            for key in ("d", "Shift+Tab", "d"):
                press(key)
            expect(field, steps).to_be_focused()
            expect(field, steps).to_have_value("d")
            press("Escape")
        else:
            press("d")  # twice would delete the cell
            armed(card)
            press("a")  # would insert one
            person.page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
        expect(field, steps).to_have_count(0)
        expect(card, steps).to_be_focused()
        assert "Sending" not in card.inner_text(), steps
    assert decisions(powabase)[before:] == []
    person.come("Tab")
    armed(card)
    press("a")
    expect(person.page.locator(".pw-status")).to_have_text("Done", timeout=LONG)
    assert decisions(powabase)[before:] == [{"approved": True}]
    expect(person.page.locator(".jp-Cell")).to_have_count(1)
