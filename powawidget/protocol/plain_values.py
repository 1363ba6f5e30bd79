"""A notebook's values as JSON has them: numpy's, pandas' and Python's own scalars.

A table's maximum is an `np.int64`, a date a `Timestamp`, a price a `Decimal`: each is taken as what
it is. Nothing becomes another number on the way: what JSON can't hold exactly is refused.
"""

import datetime as dt
import decimal
import fractions
import math
import sys
import uuid
from collections.abc import Mapping
from typing import Any


def plain(value: Any) -> Any:
    """Make of a value what JSON can hold.

    Args:
        value: Any value; what is in lists, tuples and dictionaries is made plain too.

    Returns:
        Python's own bool, int, float, str, list and dict, or None; a time as ISO 8601, a missing
        value of pandas as None.

    Raises:
        TypeError: If JSON can't hold it, with what to pass instead.
        ValueError: If JSON can't hold it exactly.
    """
    value = scalar(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {_key(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _finite(float(value))
    return _converted(value)


def scalar(value: Any) -> Any:
    """Make a scalar of numpy or pandas Python's own; any other value stays as it is.

    Args:
        value: Any value.

    Returns:
        A bool, int, float, str or bytes for what has one; None for a missing value of pandas; a
        time of numpy as ISO 8601 text.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and (value is pandas.NA or value is pandas.NaT):
        return None
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.generic):
        return value
    if isinstance(value, numpy.datetime64 | numpy.timedelta64):
        return None if numpy.isnat(value) else _time_of(value, numpy)
    return value.item()


def _time_of(value: Any, numpy: Any) -> str:
    if isinstance(value, numpy.datetime64):
        return str(value)
    # numpy writes "90 seconds"; pandas and ISO 8601 write PT90S.
    seconds = decimal.Decimal(int(value / numpy.timedelta64(1, "ns"))).scaleb(-9).normalize()
    return f"PT{seconds:f}S"


def _key(name: Any) -> Any:
    name = scalar(name)
    return name if name is None or isinstance(name, str | bool | int | float) else _converted(name)


def _converted(value: Any) -> Any:
    """What no number, text or container of JSON is."""
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        # pandas' own is finer than Python's.
        fine = value // dt.timedelta(microseconds=1) * 1_000 + getattr(value, "nanoseconds", 0)
        return f"PT{decimal.Decimal(fine).scaleb(-9).normalize():f}S"
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, decimal.Decimal | fractions.Fraction):
        return _number(value)
    kind = type(value)
    if kind.__module__.partition(".")[0] in {"numpy", "pandas"} and hasattr(value, "tolist"):
        return plain(value.tolist())
    if hasattr(value, "to_dict"):
        raise TypeError(f'{kind.__name__} is a table: pass its rows, .to_dict("records")')
    raise TypeError(f"{kind.__name__} is no value of JSON: pass a text, a number, a list or a dict")


def _number(value: "decimal.Decimal | fractions.Fraction") -> int | float:
    try:
        whole = int(value)
    except (ValueError, OverflowError):  # a NaN or infinity of decimal
        return _finite(float(value))
    if whole == value:
        return whole
    near = float(value)
    if isinstance(value, decimal.Decimal) and decimal.Decimal(repr(near)) == value:
        return near
    if isinstance(value, fractions.Fraction) and fractions.Fraction(near) == value:
        return near
    raise ValueError(f"{value} has more digits than a number of JSON: pass str() or float() of it")


def _finite(value: float) -> float:
    if math.isfinite(value):
        return value
    raise ValueError(f"{value} is no number of JSON: pass None where a value is missing")
