"""What a person does before a request for approval."""

import time

from playwright.sync_api import Locator, expect

WATCHDOG = 60  # seconds


def armed(place: Locator, name: str = "Approve") -> Locator:
    """Keep a button in sight until it can be pressed, as a person does.

    It is armed in sight only, and what grows above it moves it: one look isn't enough.
    """
    button = place.get_by_role("button", name=name, exact=True)
    expect(button).to_be_attached(timeout=WATCHDOG * 1000)
    end = time.monotonic() + WATCHDOG
    while not button.is_enabled():
        assert time.monotonic() < end, f"{name} isn't armed"
        button.scroll_into_view_if_needed()
        button.page.wait_for_timeout(50)
    return button
