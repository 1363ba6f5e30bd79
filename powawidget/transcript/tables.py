"""Values that are tables (`js/src/text/tables.ts`).

Read are lists of records; lists of lists of one length; rows beside their columns, as pandas'
`split` and many tools give them; pandas' `table`, with a schema; and objects of objects with the
same keys, as its `columns` and `index` are.
"""

import re
from typing import Any

from powawidget.transcript import exact_json

Table = tuple[list[str], list[dict[str, Any]]]
_PLACE = re.compile("0|[1-9][0-9]{0,8}")


def table_of(value: Any) -> Table | None:
    """Read a value as a table.

    Returns:
        Its columns and rows; None where it is none, or where an object has a key twice or two
        columns have one name, of which a table would hide one.
    """
    if isinstance(value, list):
        return _records(value) or _matrix(value)
    if not isinstance(value, exact_json.Object):
        return None
    fields = dict(value)
    if len(fields) < len(value):
        return None
    return _split(fields) or _with_schema(fields) or _by_key(fields)


def _records(items: list[Any]) -> Table | None:
    rows: list[dict[str, Any]] = []
    columns: dict[str, None] = {}
    for item in items:
        if not isinstance(item, exact_json.Object):
            return None
        row = dict(item)
        if len(row) < len(item):
            return None
        columns |= dict.fromkeys(row)
        rows.append(row)
    return (list(columns), rows) if columns else None


def _matrix(items: list[Any]) -> Table | None:
    """Lists of one length, two by two at least, that hold no others."""
    first = items[0] if items else None
    if len(items) < 2 or not isinstance(first, list) or len(first) < 2:  # noqa: PLR2004  # two by two
        return None
    return _rows([str(place) for place in range(len(first))], items, are_flat=True)


def _rows(columns: list[str], items: list[Any], *, are_flat: bool = False) -> Table | None:
    rows = []
    for item in items:
        if not isinstance(item, list) or len(item) != len(columns):
            return None
        if are_flat and not all(map(exact_json.is_scalar, item)):
            return None
        rows.append(dict(zip(columns, item, strict=True)))
    return (columns, rows) if len(set(columns)) == len(columns) else None


def _split(fields: dict[str, Any]) -> Table | None:
    """Rows beside the names of their columns, and perhaps their index."""
    columns, rows = _names(fields.get("columns")), fields.get("data", fields.get("rows"))
    if columns is None or not isinstance(rows, list):
        return None
    if rows and isinstance(rows[0], exact_json.Object):
        table = _records(rows)
        if table is None or not set(table[0]) <= set(columns):
            return None
        return columns, table[1]
    index = fields.get("index")
    if isinstance(index, list) and len(index) == len(rows) and not _is_counted(index):
        if "" in columns or not all(isinstance(row, list) for row in rows):
            return None
        rows = [[name, *row] for name, row in zip(index, rows, strict=True)]
        columns = ["", *columns]
    return _rows(columns, rows)


def _names(columns: Any) -> list[str] | None:
    """The names of columns, which some tools give together with their types."""
    if not isinstance(columns, list) or not columns:
        return None
    names = []
    for each in columns:
        name = dict(each).get("name") if isinstance(each, exact_json.Object) else each
        if name is None or isinstance(name, bool) or not exact_json.is_scalar(name):
            return None
        names.append(str(name))
    return names


def _with_schema(fields: dict[str, Any]) -> Table | None:
    schema, data = fields.get("schema"), fields.get("data")
    if not isinstance(schema, exact_json.Object) or not isinstance(data, list):
        return None
    names = _names(dict(schema).get("fields"))
    table = _records(data)
    if names is None or table is None or not set(table[0]) <= set(names):
        return None
    index = [row.get("index") for row in table[1]]
    shown = [name for name in names if name != "index" or not _is_counted(index)]
    return shown, table[1]


def _by_key(fields: dict[str, Any]) -> Table | None:
    """Objects of the same keys: columns where these are places, else rows."""
    names = list(fields)
    first = fields[names[0]] if names else None
    if not isinstance(first, exact_json.Object) or not first:
        return None
    keys = [key for key, _ in first]
    for each in fields.values():
        if not isinstance(each, exact_json.Object) or [key for key, _ in each] != keys:
            return None
        if not all(exact_json.is_scalar(inner) for _, inner in each):
            return None
    if len(set(keys)) < len(keys):
        return None
    are_columns = all(map(_PLACE.fullmatch, keys))
    if not are_columns and (len(names) < 2 or len(keys) < 2):  # noqa: PLR2004  # an object of one
        return None
    cells = [[inner for _, inner in each] for each in fields.values()]
    across = [list(row) for row in zip(*cells, strict=True)]
    if are_columns or (_are_of_kinds(cells) and not _are_of_kinds(across)):
        return _indexed(keys, names, across)
    return _indexed(names, keys, cells)


def _are_of_kinds(columns: list[list[Any]]) -> bool:
    """Whether none of some lists holds texts beside anything else: rows do, columns don't."""
    return all(
        len({exact_json.is_text(cell) for cell in column if cell is not None}) < 2  # noqa: PLR2004  # both
        for column in columns
    )


def _indexed(index: list[str], columns: list[str], rows: list[list[Any]]) -> Table | None:
    if index == [str(place) for place in range(len(index))]:
        return _rows(columns, rows)
    if "" in columns:
        return None
    both = [[name, *row] for name, row in zip(index, rows, strict=True)]
    return _rows(["", *columns], both)


def _is_counted(index: list[Any]) -> bool:
    """Whether an index says nothing but the place of each row."""
    return all(isinstance(each, str) and each == str(place) for place, each in enumerate(index))
