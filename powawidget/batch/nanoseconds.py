"""Times that are finer than Python's own, which end at microseconds."""

import datetime as dt
import decimal
import zoneinfo
from collections.abc import Sequence
from typing import Any

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def cells_of(series: Any) -> list[Any]:
    """Read a column; where Python's times would lose digits, each is text in ISO 8601.

    Args:
        series: A column of narwhals, of polars or pyarrow; pandas' times keep their digits.

    Returns:
        Its cells.
    """
    import narwhals as nw  # noqa: PLC0415  # an extra, checked by `table_of`

    kind = series.dtype
    is_fine = kind == nw.Time or (
        isinstance(kind, nw.Datetime | nw.Duration) and kind.time_unit == "ns"
    )
    if not is_fine:
        return list(series.to_list())
    numbers: Sequence[int | None] = series.cast(nw.Int64()).to_list()
    if not any(number % 1_000 for number in numbers if number is not None):
        return list(series.to_list())
    if isinstance(kind, nw.Duration):
        return [None if number is None else _duration(number) for number in numbers]
    if isinstance(kind, nw.Datetime):
        zone = kind.time_zone
        return [None if number is None else _moment(number, zone) for number in numbers]
    return [None if number is None else _moment(number, None)[11:] for number in numbers]


def _duration(number: int) -> str:
    return f"PT{decimal.Decimal(number).scaleb(-9).normalize():f}S"


def _moment(number: int, zone: str | None) -> str:
    microseconds, rest = divmod(number, 1_000)
    moment = _EPOCH + dt.timedelta(microseconds=microseconds)
    moment = moment.replace(tzinfo=None) if zone is None else moment.astimezone(_zone(zone))
    text = moment.isoformat(timespec="microseconds")
    end = len("1970-01-01T00:00:00.000000")
    return f"{text[:end]}{rest:03}{text[end:]}"


def _zone(name: str) -> dt.tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        return dt.UTC  # an offset alone: the same moment
