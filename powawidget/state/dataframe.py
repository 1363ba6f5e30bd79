"""The result of a tool as a pandas DataFrame; pandas is imported only where one is asked for."""

import csv
import io
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from powawidget.errors import InvalidValueError, MissingPackageError

if TYPE_CHECKING:
    import pandas as pd

_DELIMITERS = ("\t", ";", ",")
_ROWS = ("rows", "data")
_PLACE = re.compile("0|[1-9][0-9]{0,8}")
_DEEPEST = 8  # texts of blocks of content, one in another


def dataframe_of(result: Any, tool: str) -> "pd.DataFrame":
    """Make a DataFrame of a tool's result.

    Read are what pandas writes as JSON, in each of its orients (`records`, `split`, `index`,
    `columns`, `values`, `table`); rows beside the names of their columns (`{"columns": [...],
    "rows": [...]}`, or `data`); lists of one length by column; an object that holds one list of
    records among other things; one record; JSON or CSV text of these; and MCP's content of one
    such text.

    Args:
        result: The result, decoded where it is JSON, else its text.
        tool: The tool's name, for the error.

    Raises:
        MissingPackageError: If pandas isn't installed.
        InvalidValueError: If the result isn't a table.
    """
    try:
        import pandas as pd  # noqa: PLC0415  # a dependency of this call only
    except ImportError as error:
        raise MissingPackageError(
            "to_frame() needs pandas, which isn't installed: run '%pip install pandas'."
        ) from error
    table = _table(result)
    if table is not None:
        return _frame(table, pd)
    delimiter = _delimiter(result) if isinstance(result, str) else None
    if delimiter is not None:
        return pd.read_csv(io.StringIO(result), sep=delimiter)
    kind = "text" if isinstance(result, str) else type(result).__name__
    raise InvalidValueError(
        f"The result of {tool!r} isn't a table ({kind}): read it from the call's result."
    )


@dataclass(frozen=True)
class _Table:
    """What a DataFrame is made of; no columns where the rows name them, no index where they count.

    Attributes:
        rows: Lists, records, or columns by their names.
        columns: The names of the columns.
        index: What each row is called; lists where it has several levels.
        names: The names of the index's levels.
    """

    rows: Any
    columns: list[Any] | None = None
    index: list[Any] | None = None
    names: list[str] | None = None


def _frame(table: _Table, pd: Any) -> "pd.DataFrame":
    def axis(labels: list[Any] | None) -> Any:
        if labels and all(isinstance(label, list) for label in labels):
            return pd.MultiIndex.from_tuples([tuple(label) for label in labels])
        return labels

    frame: pd.DataFrame = pd.DataFrame(
        table.rows, columns=axis(table.columns), index=axis(table.index)
    )
    return frame if table.names is None else frame.set_index(table.names)


def _table(value: Any, deep: int = 0) -> _Table | None:
    """Find the rows of a value, and their columns where the rows don't name them."""
    if isinstance(value, list):
        return _listed(value) or _inside(value, deep)
    if not isinstance(value, dict) or not value:
        return None
    found = _with_schema(value) or _split(value) or _by_key(value)
    if found is not None:
        return found
    lists = [each for each in value.values() if isinstance(each, list)]
    if isinstance(value.get("content"), list):
        inside = _inside(value["content"], deep)
        if inside is not None:
            return inside
    records = [each for each in lists if _is_records(each)]
    if len(records) == 1:
        return _Table(records[0])
    if len(lists) == len(value) and len({len(each) for each in lists}) == 1:
        return _Table(value)
    is_flat = not any(isinstance(each, list | dict) for each in value.values())
    return _Table([value]) if is_flat else None


def _listed(items: list[Any]) -> _Table | None:
    """Records, or lists of one length, two by two at least."""
    if _is_records(items) and not all(_is_text_block(item) for item in items):
        return _Table(items)
    lists = [item for item in items if isinstance(item, list)]
    is_matrix = len(lists) == len(items) > 1 and len({len(each) for each in lists}) == 1
    return _Table(items) if is_matrix and len(lists[0]) > 1 else None


def _is_text_block(item: Any) -> bool:
    is_block = isinstance(item, dict) and item.get("type") == "text"
    return is_block and isinstance(item.get("text"), str)


def _inside(items: list[Any], deep: int) -> _Table | None:
    """The table in MCP's content, where exactly one of its texts has one."""
    if deep == _DEEPEST or not items or not all(_is_text_block(item) for item in items):
        return None
    tables = []
    for item in items:
        try:
            tables.append(_table(json.loads(item["text"]), deep + 1))
        except (ValueError, RecursionError):
            continue
    found = [table for table in tables if table is not None]
    return found[0] if len(found) == 1 else None


def _split(value: dict[str, Any]) -> _Table | None:
    """Rows beside the names of their columns, and perhaps their index."""
    rows: Any = next((value[name] for name in _ROWS if isinstance(value.get(name), list)), None)
    columns = _names(value.get("columns"))
    if rows is None or columns is None:
        return None
    if _is_records(rows):
        return _Table(rows, columns)
    if not all(isinstance(row, list) and len(row) == len(columns) for row in rows):
        return None
    index: Any = value.get("index")
    is_index = isinstance(index, list) and len(index) == len(rows)
    return _Table(rows, columns, index if is_index and index != list(range(len(rows))) else None)


def _with_schema(value: dict[str, Any]) -> _Table | None:
    """Records with a schema, as pandas' `table` has them."""
    schema: Any = value.get("schema")
    rows = value.get("data")
    columns = None
    if isinstance(schema, dict):
        columns = _names(schema.get("fields"))
    if columns is None or not all(isinstance(name, str) for name in columns):
        return None
    if not _is_records(rows) or not all(set(row) <= set(columns) for row in rows):
        return None
    key = schema.get("primaryKey")
    key = key if isinstance(key, list) and key and set(map(str, key)) <= set(columns) else None
    if key == ["index"] and [row.get("index") for row in rows] == list(range(len(rows))):
        return _Table(rows, [name for name in columns if name != "index"])
    return _Table(rows, columns, names=key)


def _by_key(value: dict[str, Any]) -> _Table | None:
    """Objects of the same keys: columns where these are places, else rows."""
    inner = list(value.values())
    keys = list(inner[0]) if isinstance(inner[0], dict) else []
    if not keys or not all(isinstance(each, dict) and list(each) == keys for each in inner):
        return None
    if any(isinstance(cell, list | dict) for each in inner for cell in each.values()):
        return None
    names = list(value)
    are_columns = all(map(_PLACE.fullmatch, keys))
    if not are_columns and (len(names) < 2 or len(keys) < 2):  # noqa: PLR2004  # an object of one
        return None
    cells = [list(each.values()) for each in inner]
    if are_columns or (_are_of_kinds(cells) and not _are_of_kinds(zip(*cells, strict=True))):
        return _Table(dict(zip(names, cells, strict=True)), index=_labels(keys))
    return _Table(cells, keys, _labels(names))


def _are_of_kinds(columns: Iterable[Iterable[Any]]) -> bool:
    """Whether none of some lists holds texts beside anything else: rows do, columns don't."""
    return all(
        len({isinstance(cell, str) for cell in column if cell is not None}) < 2  # noqa: PLR2004  # both
        for column in columns
    )


def _labels(names: list[str]) -> list[Any] | None:
    """What an index is called: numbers where all are places, nothing where they only count."""
    if not all(map(_PLACE.fullmatch, names)):
        return list(names)
    places = [int(name) for name in names]
    return None if places == list(range(len(places))) else places


def _is_records(value: Any) -> TypeGuard[list[dict[str, Any]]]:
    return isinstance(value, list) and value != [] and all(isinstance(row, dict) for row in value)


def _names(columns: Any) -> list[Any] | None:
    """Read the names of columns, which some tools give together with their types."""
    if not isinstance(columns, list) or not columns:
        return None
    names: list[Any] = [each.get("name") if isinstance(each, dict) else each for each in columns]
    if all(isinstance(name, list) and name for name in names):  # of several levels
        return names if len({len(name) for name in names}) == 1 else None
    is_plain = all(isinstance(name, str | int | float) for name in names)
    return names if is_plain and not any(isinstance(name, bool) for name in names) else None


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
