"""Reads the fields of a frame, which may hold anything."""

import re
from collections.abc import Mapping
from typing import Any

from powawidget.protocol.events.decoding import as_json, decode_exactly
from powawidget.protocol.events.event import Frame

# What the service sends in place of an event whose data it couldn't write: the event happened, its
# data is lost, and it isn't the run's error (docs/protocol.md#lost-data).
LOST = "non-serializable event data"
# Beyond it the page's numbers aren't exact, and a longer int overflows where it is divided.
_EXACT = 2**53
_COUNT_NAME = re.compile(r"[a-z][a-z_]{0,60}").fullmatch


class WrongShapeError(Exception):
    """A frame hasn't what its name promises."""


def text(frame: Frame, *names: str) -> str:
    """Read the first of these fields that is text; without one the frame has the wrong shape."""
    for name in names:
        value = frame.get(name)
        if isinstance(value, str):
            return value
    raise WrongShapeError


def maybe_text(frame: Frame, *names: str) -> str | None:
    """Read the first of these fields that is text and not empty."""
    for name in names:
        value = frame.get(name)
        if isinstance(value, str) and value:
            return value
    return None


def error_text(value: Any) -> str | None:
    """Read an error, which is text, or rarely an object with a message."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, dict):
        return maybe_text(value, "message", "error", "detail") or as_json(value)
    return None if value is None or value is False else as_json(value)


def error_of(frame: Frame) -> str:
    """Read the words of an error frame, which stand in `error` or in `message`."""
    error = frame.get("error")
    message = error_text(None if error == LOST else error) or error_text(frame.get("message"))
    return message or "The server reported an error without saying what it was."


def whole(frame: Frame, *names: str) -> int | None:
    """Read the first of these fields that is a whole number."""
    for name in names:
        value = frame.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _EXACT:
            return value
    return None


def step(frame: Frame) -> int | None:
    """Read the number of the model call that a frame belongs to."""
    return whole(frame, "step", "step_number")


def number(frame: Frame, name: str) -> float | None:
    """Read a number."""
    value = frame.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= _EXACT else None


def seconds(frame: Frame) -> float | None:
    """Read how long something took."""
    milliseconds = number(frame, "duration_ms")
    return None if milliseconds is None else milliseconds / 1000


def arguments(value: Any) -> str:
    """Carry the arguments of a call as JSON text."""
    # Some models give the arguments as the JSON text they wrote: show what it says.
    if isinstance(value, str):
        try:
            # Its own escapes are read only now: they may hold a lone surrogate again.
            return as_json(decode_exactly(value)) if value.strip()[:1] in "{[" else as_json(value)
        except (ValueError, RecursionError):
            return as_json(value)
    return "{}" if value is None else as_json(value)


def outcome(value: Any) -> tuple[str, bool]:
    """Carry a result as text: as it is where it is text, else as JSON text."""
    return (value, False) if isinstance(value, str) else (as_json(value), True)


def counts(value: Any) -> dict[str, int] | None:
    """Read counts of tokens by name."""
    if not isinstance(value, Mapping):
        return None
    numbers = {
        key: int(count)
        for key, count in list(value.items())[:50]
        if _COUNT_NAME(key) and number(value, key) is not None
    }
    return numbers or None
