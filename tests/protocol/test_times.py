"""A time without an offset is one in UTC, wherever it is read, in whatever zone this machine is."""

import datetime as dt
import time
from collections.abc import Callable, Iterator

import pytest

from powawidget.http.clock import ServerClock
from powawidget.http.refusals import seconds_to_wait
from powawidget.protocol.stored import children
from powawidget.protocol.stored.run import times_of
from powawidget.protocol.times import time_of, time_of_header
from powawidget.resources import executions

NOON = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


READERS: dict[str, Callable[[str], object]] = {
    "a value": time_of,
    "a frame": lambda text: children.time_of({"ts": text}),
    "a run's begin": lambda text: times_of({"started_at": text})[0],
    "its end": lambda text: times_of({"completed_at": text})[1],
    "an execution": lambda text: executions._time({"created_at": text}, "created_at"),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T12:00:00",
        "2026-11-28T12:00:00Z",
        "2026-11-28 12:00",
        "2026-11-28T14:00:00+02:00",
    ],
)
def test_a_time_in_json(reader: str, text: str) -> None:
    read = READERS[reader](text)
    assert read in {NOON, NOON.timestamp()}
    # Where it is printed, it is printed as one in UTC.
    assert not isinstance(read, dt.datetime) or f"{read:%H:%M}" == "12:00"


@pytest.mark.parametrize(
    "value", [None, "", "noon", 12, ["2026"], "2026-13-01", "0001-01-01T00:00:00+23:59"]
)
def test_what_is_no_time(value: object) -> None:
    assert time_of(value) is None


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000", ""])
def test_a_date_in_a_header(zone: str) -> None:
    text = f"Sat, 28 Nov 2026 12:00:00 {zone}".strip()
    assert time_of_header(text) == NOON
    assert seconds_to_wait(text, NOON.timestamp() - 30) == 30
    clock = ServerClock()
    clock.note(text, NOON.timestamp() + 500, NOON.timestamp() + 500)
    begin, end = clock.window(NOON.timestamp() + 500, NOON.timestamp() + 500)
    assert begin <= NOON.timestamp() <= end < NOON.timestamp() + 100
