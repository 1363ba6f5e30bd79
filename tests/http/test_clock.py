"""The server's clock, as the dates of its answers tell it."""

import email.utils
import math

import pytest

from powawidget.http.clock import ServerClock

NOW = 1_700_000_000.25


def date(seconds: float) -> str:
    return email.utils.formatdate(math.floor(seconds), usegmt=True)


@pytest.mark.parametrize("stale", [0.0, 2.0])
@pytest.mark.parametrize("ahead", [-7200.5, -0.5, 0.0, 0.7, 86400.0])
def test_what_happened_here_lies_in_the_window_of_the_server(ahead: float, stale: float) -> None:
    clock = ServerClock()
    for after in (0.0, 0.3, 5.9, 61.2):
        sent = NOW + after
        clock.note(date(sent + 0.1 + ahead - stale), sent, sent + 0.2)
        begin, end = clock.window(NOW, NOW + 3)
        assert begin <= NOW + ahead
        assert NOW + 3 + ahead <= end
    assert end - begin < 3 + 6.5


@pytest.mark.parametrize("said", [None, "", "yesterday", "Sat, 99 Nov 2026 09:02:57 GMT"])
def test_what_is_no_date_is_passed_over(said: str | None) -> None:
    clock = ServerClock()
    before = clock.window(NOW, NOW)
    clock.note(said, NOW, NOW)
    assert clock.window(NOW, NOW) == before


def test_a_clock_that_was_set_is_believed() -> None:
    clock = ServerClock()
    clock.note(date(NOW), NOW, NOW)
    clock.note(date(NOW + 3600), NOW, NOW)
    begin, end = clock.window(NOW, NOW)
    assert begin <= NOW + 3600 <= end
    assert begin > NOW + 3000
