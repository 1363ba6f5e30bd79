"""The result of a tool as a pandas DataFrame; pandas is imported only where one is asked for."""

import csv
import io
from typing import TYPE_CHECKING, Any

from powawidget.errors import InvalidValueError, MissingPackageError

if TYPE_CHECKING:
    import pandas as pd

_DELIMITERS = ("\t", ";", ",")
_ROWS = ("rows", "data")


def dataframe_of(result: Any, tool: str) -> "pd.DataFrame":
    """Make a DataFrame of a tool's result.

    Read are a list of records; rows beside the names of their columns (`{"columns": [...], "rows":
    [...]}`, or `data`); lists of one length by column; an object that holds one list of records
    among other things; one record; and JSON or CSV text of these.

    Args:
        result: The result, decoded where it is JSON, else its text.
        tool: The tool's name, for the error.

    Raises:
        MissingPackageError: If pandas isn't installed.
        InvalidValueError: If the result isn't a table.
    """
    try:
        import pandas as pd  # noqa: PLC0415 - a dependency of this call only
    except ImportError as error:
        raise MissingPackageError(
            "to_frame() needs pandas, which isn't installed: run '%pip install pandas'."
        ) from error
    table = _table(result)
    if table is not None:
        rows, columns = table
        return pd.DataFrame(rows, columns=columns)
    delimiter = _delimiter(result) if isinstance(result, str) else None
    if delimiter is not None:
        return pd.read_csv(io.StringIO(result), sep=delimiter)
    kind = "text" if isinstance(result, str) else type(result).__name__
    raise InvalidValueError(
        f"The result of {tool!r} isn't a table ({kind}): read it from the call's result."
    )


_Table = tuple[Any, list[Any] | None]


def _table(value: Any) -> _Table | None:
    """Find the rows of a value, and their columns where the rows don't name them."""
    if _is_records(value):
        return value, None
    if not isinstance(value, dict) or not value:
        return None
    rows = next((value[name] for name in _ROWS if isinstance(value.get(name), list)), None)
    columns = _names(value.get("columns"))
    if rows is not None and columns is not None:
        fits = all(isinstance(row, list) and len(row) == len(columns) for row in rows)
        return (rows, columns) if fits or _is_records(rows) else None
    lists = [each for each in value.values() if isinstance(each, list)]
    records = [each for each in lists if _is_records(each)]
    if len(records) == 1:
        return records[0], None
    if len(lists) == len(value) and len({len(each) for each in lists}) == 1:
        return value, None
    is_flat = not any(isinstance(each, list | dict) for each in value.values())
    return ([value], None) if is_flat else None


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and value != [] and all(isinstance(row, dict) for row in value)


def _names(columns: Any) -> list[Any] | None:
    """Read the names of columns, which some tools give together with their types."""
    if not isinstance(columns, list) or not columns:
        return None
    names = [each.get("name") if isinstance(each, dict) else each for each in columns]
    return names if all(isinstance(name, str) for name in names) else None


def _delimiter(text: str) -> str | None:
    """Tell what separates the fields of CSV: every line has as many as the first, two at least."""
    for delimiter in _DELIMITERS:
        try:
            rows = list(
                csv.reader(io.StringIO(text.strip("\r\n")), delimiter=delimiter, strict=True)
            )
        except csv.Error:
            continue
        widths = {len(row) for row in rows}
        if len(rows) > 1 and len(widths) == 1 and widths.pop() > 1:
            return delimiter
    return None
