"""All runs of this kernel, as a table."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from powawidget.batch.table import own_table
from powawidget.run import known


def runs() -> Any:
    """Give all runs of this kernel, one a row, the oldest first.

    Those of chats and batches too, those that were fetched or replayed (`origin` says so), and
    those that nobody holds any more. Its columns are agent (the name of what ran), status, tokens,
    seconds (so far, while it goes on), cell (the number of the cell that started it), kind, origin,
    started and run_id.

    Returns:
        A DataFrame of pandas where that is installed, else a list of dictionaries.

    Example:
        >>> powawidget.runs()
    """
    rows = [{**row, "started": _time(row["started"])} for row in known.rows()]
    return table_of_rows(rows, known.NAMES)


def table_of_rows(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Any:
    """Make a DataFrame of pandas where that is installed, else a list of dictionaries.

    Args:
        rows: The rows; there may be none.
        names: The names of its columns.
    """
    if rows:
        return own_table(rows).with_columns([])
    try:
        import pandas as pd  # noqa: PLC0415  # only where it is there
    except ImportError:
        return []
    return pd.DataFrame(columns=list(names))


def _time(seconds: float | None) -> dt.datetime | None:
    if seconds is None:
        return None
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC).astimezone()
    except (OverflowError, ValueError, OSError):
        return None
