"""The values of a table's cells: as text in a message, and as JSON that is exact.

A cell is whatever a table held: numpy's and pandas' scalars, `Decimal`, times with zones, lists,
dictionaries. A number keeps all of its digits on the way; what can't be written is refused.
"""

import datetime as dt
import decimal
import enum
import fractions
import json
import math
import uuid
from collections.abc import Mapping
from typing import Any

from powawidget.protocol.plain_values import plain, scalar

Cell = Any


def is_missing(value: Cell) -> bool:
    """Tell whether a cell holds nothing: None, or pandas' NA and NaT."""
    return scalar(value) is None


def written(value: Cell) -> str:
    """Write a cell as it stands in a message.

    Args:
        value: The cell.

    Returns:
        A text as it is; nothing for a missing value; numbers with all their digits; times as ISO
        8601; lists, dictionaries and truth values as JSON.

    Raises:
        TypeError: If it is bytes, or something else that has no text of its own.
        ValueError: If it holds itself.
    """
    value = as_json(value)
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def as_json(value: Cell) -> Any:
    """Make of a cell what JSON can hold, with all its digits.

    A decimal number that has more digits than a float becomes text: another number it must not
    become. NaN and the infinities stay, as Python's `json` writes them.

    Args:
        value: The cell.

    Returns:
        None, a bool, int, float or str, or lists and dictionaries of these.

    Raises:
        TypeError: If it is bytes, or something else that JSON can't hold.
        ValueError: If it holds itself.
    """
    try:
        return _as_json(value)
    except RecursionError:
        raise ValueError("it holds itself, or lists in lists without end") from None


def _as_json(value: Cell) -> Any:
    value = scalar(value)
    if isinstance(value, enum.Enum):
        return _as_json(value.value)
    if value is None or isinstance(value, bool):
        return value
    for kind in (str, int, float):  # what is derived of one is that one
        if isinstance(value, kind):
            return kind(value)
    if isinstance(value, Mapping):
        return {_name(name): _as_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(each) for each in value]
    is_array = hasattr(value, "tolist") and not hasattr(value, "columns")
    if is_array and not isinstance(value, memoryview):  # of numpy or pandas
        return _as_json(value.tolist())
    return _text(value)


def _text(value: Cell) -> str:
    kind = type(value)
    if isinstance(value, decimal.Decimal | fractions.Fraction):
        return str(value)
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta | uuid.UUID):
        return str(plain(value))
    if kind.__module__.partition(".")[0] == "pandas" and kind.__name__ in _PANDAS:
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        raise TypeError("it is bytes: decode it to text first")
    raise TypeError(f"{kind.__name__} is neither a text, a number, a list nor a dictionary")


_PANDAS = {"Interval", "Period"}  # as pandas writes them: (0, 10] and 2026-03


def copied(row: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a row for a function that may change it, with the lists and dictionaries in it."""
    return {name: _copied(cell) for name, cell in row.items()}


def _copied(cell: Cell) -> Cell:
    if type(cell) is list:
        return [_copied(each) for each in cell]
    return {name: _copied(each) for name, each in cell.items()} if type(cell) is dict else cell


def _name(name: Any) -> str:
    made = _as_json(name)
    if isinstance(made, dict | list):
        raise TypeError("a name in a dictionary is a text")
    return made if isinstance(made, str) else json.dumps(made)


def key_part(value: Cell) -> Any:
    """Make of a cell what is the same whenever the row is read again.

    A whole number is the same number whether a table holds it as an integer, a float or a decimal.

    Args:
        value: The cell.

    Returns:
        A bool, int, float or str, or a list of these.

    Raises:
        TypeError: If it can't be a key.
        ValueError: If it is missing, or a float too large to be one certain whole number.
    """
    value = scalar(value)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        raise ValueError("it is missing")
    if isinstance(value, tuple):
        return [key_part(each) for each in value]
    if isinstance(value, decimal.Decimal | fractions.Fraction):
        return _exact(value)
    if isinstance(value, float):
        return _of_float(value)
    if isinstance(value, Mapping | list) or hasattr(value, "tolist"):
        raise TypeError("a key is a text, a number, a date or a tuple of these")
    return as_json(value)


_EXACT = 2**53  # from here on a float stands for more than one whole number


def _of_float(value: float) -> int | float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that a row could be found by")
    if value != int(value):
        return value
    if abs(value) >= _EXACT:
        raise ValueError(
            f"{value:.0f} came as a float, which can't tell it from its neighbours: read the "
            "column as integers or as text"
        )
    return int(value)


def _exact(value: decimal.Decimal | fractions.Fraction) -> int | float | str:
    if isinstance(value, decimal.Decimal) and not value.is_finite():
        raise ValueError("it is missing" if value.is_nan() else f"{value} is no number")
    whole = int(value)
    if whole == value:
        return whole
    near = float(value)
    same = decimal.Decimal(repr(near)) if isinstance(value, decimal.Decimal) else near
    return near if same == value else str(value)
