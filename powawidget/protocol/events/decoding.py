"""JSON from outside, made harmless, and back to text."""

import json
import math
import re
from collections.abc import Callable
from typing import Any

from powawidget.protocol.characters import harmless


def decode(text: str) -> Any:
    """Decode JSON that came from outside.

    Returns:
        The value, free of what has no place in UTF-8 JSON: lone surrogates, NUL, NaN.

    Raises:
        ValueError: If it isn't JSON.
        RecursionError: If it is nested too deeply.
    """
    value = _decoder.decode(text)
    return cleaned(value) if suspect(text) else value


class Repeated(dict[str, Any]):
    """An object that gives a key twice.

    Who reads a key gets the last of its values, as with any JSON; who goes through the items or
    writes it as JSON gets all of them, so that nothing of it is hidden.
    """

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> Any:
        """List the keys with their values, as they were written."""
        return list(self._pairs)


def decode_exactly(text: str) -> Any:
    """Decode JSON that came from outside, and keep the keys that come twice and all numbers.

    Returns:
        As `decode` does; an object that gives a key twice is a `Repeated`, and a number that JSON
        has no form for (NaN, Infinity, 1e400) is the text it was written as.

    Raises:
        ValueError: If it isn't JSON.
        RecursionError: If it is nested too deeply.
    """
    value = _exact_decoder.decode(text)
    return cleaned(value) if suspect(text) else value


def repeats(value: Any) -> bool:
    """Tell whether an object anywhere in a decoded value gives a key twice."""
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, Repeated):
            return True
        left += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return False


def as_json(value: Any) -> str:
    """Write a wire value as JSON text.

    Args:
        value: What `read` decoded.

    Returns:
        JSON text in the order the server sent, readable rather than escaped. NaN and the infinities
        stand in it as Python writes them, as tools do too.
    """
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def cleaned(value: Any) -> Any:
    """Replace what can't travel, in every text of a value."""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, dict):
        return _object([(harmless(key), cleaned(item)) for key, item in value.items()])
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    return made if len(made) == len(pairs) else Repeated(pairs)


def _finite(number: str) -> float | None:
    """Read a float; one out of range (1e400) has no JSON form, so it becomes null."""
    value = float(number)
    return value if math.isfinite(value) else None


def _finite_or_text(number: str) -> float | str:
    """Read a float; somebody decides on one out of range, so it isn't made null."""
    value = float(number)
    return value if math.isfinite(value) else number


def _whole(number: str) -> int | str:
    """Read an int; one of thousands of digits stays text (Python refuses to convert it)."""
    try:
        return int(number)
    except ValueError:
        return number


# strict=False: a raw control character inside a string isn't legal JSON, but it isn't a reason to
# lose a frame either. NaN and the infinities have no JSON form: null.
_decoder = json.JSONDecoder(
    strict=False, parse_constant=lambda _: None, parse_float=_finite, parse_int=_whole
)
# In a frame they stay: a tool's result goes on as the text that Python writes of it.
_frame_decoder = json.JSONDecoder(strict=False, parse_int=_whole)
_exact_decoder = json.JSONDecoder(
    strict=False,
    object_pairs_hook=_object,
    parse_constant=str,
    parse_float=_finite_or_text,
    parse_int=_whole,
)
_LONG_NUMBER = re.compile(r"[0-9](?:[eE]\+?[0-9]{3}|[0-9]{308})").search
# The scanner itself: `loads` costs more than twice as much on a short frame.
scan: Callable[[str, int], tuple[Any, int]] = vars(_frame_decoder)["scan_once"]
# Whether JSON text may hold what `cleaned` replaces.
suspect = re.compile(r"\\u(?:0000|[dD][89a-fA-F])|[\x00\ud800-\udfff]").search


def unbounded(payload: str) -> bool:
    """Tell whether JSON text may hold a number that only the exact decoder keeps.

    One pattern for all of it takes several times as long, tens of ms for an answer of 200 kB.
    """
    return "NaN" in payload or "Infinity" in payload or _LONG_NUMBER(payload) is not None
