"""Waiting for something that comes when it comes: no test asserts a time."""

import time
from collections.abc import Callable
from typing import Any

WATCHDOG = 60  # seconds


def until(condition: Callable[[], Any], what: str = "what is waited for") -> Any:
    """Wait until something holds, under a watchdog.

    Args:
        condition: Tells whether it does.
        what: What is waited for, in words.

    Returns:
        What the condition gave.
    """
    end = time.monotonic() + WATCHDOG
    while not (found := condition()):
        assert time.monotonic() < end, f"not seen: {what}"
        time.sleep(0.003)
    return found
