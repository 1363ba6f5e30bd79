"""Times as a server writes them."""

import datetime as dt
from email.utils import parsedate_to_datetime
from typing import Any


def time_of(value: Any) -> dt.datetime | None:
    """Read a time in a JSON value.

    Returns:
        The time in UTC, as one without an offset is read. None where it isn't a time.
    """
    try:
        return _in_utc(dt.datetime.fromisoformat(value))
    except (TypeError, ValueError, OverflowError):
        return None


def time_of_header(text: str) -> dt.datetime | None:
    """Read the date in a header (RFC 9110, 5.6.7).

    Returns:
        The time in UTC, as one without an offset is read. None where it isn't a date.
    """
    try:
        return _in_utc(parsedate_to_datetime(text))
    except (ValueError, OverflowError):
        return None


def _in_utc(time: dt.datetime) -> dt.datetime:
    # Python would take it for the time of this machine.
    return time.replace(tzinfo=dt.UTC) if time.tzinfo is None else time.astimezone(dt.UTC)
