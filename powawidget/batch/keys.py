"""What names a row: the same text whenever the table is read again."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from powawidget.batch.cells import copied, key_part
from powawidget.batch.template import unknown_column
from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.transcript.sentences import shown

_SHOWN = 3


def canonical(key: Any) -> str:
    """Write a key as the one text that it has in a journal.

    Args:
        key: A text, a number, a date, or a tuple or list of these.

    Returns:
        JSON.

    Raises:
        TypeError: If it can't be a key.
        ValueError: If it is missing, or not one certain number.
    """
    part = key_part(tuple(key) if isinstance(key, list) else key)
    return json.dumps(part, separators=(",", ":"), allow_nan=False)


def readable(key: str) -> Any:
    """Read a key back from its text: a list becomes a tuple, as in pandas' index."""
    try:
        part = json.loads(key)
    except (ValueError, RecursionError):
        return key
    return _tuples(part)


def _tuples(part: Any) -> Any:
    return tuple(map(_tuples, part)) if isinstance(part, list) else part


def keys_of(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    given: object,
    labels: Sequence[Any] | None,
    index: Mapping[str, Sequence[Any]] | None = None,
) -> list[str]:
    """Name each row of a table.

    Args:
        rows: The rows.
        columns: The names of the columns.
        given: A column, a list of columns, a function of a row, or None: then the labels of the
            table's index where each is there and no two are the same, else the rows' numbers.
        labels: The labels of the table's index; None where it has none.
        index: The labels of each level of the index that has a name; a key may name one, where no
            column has that name.

    Returns:
        The keys, as `canonical` writes them.

    Raises:
        UnknownNameError: If there is no such column.
        InvalidValueError: If a key is missing, can't be a key, or comes twice.
        WrongTypeError: If `given` is something else.
    """
    if given is None:
        return _by_label(labels) or [canonical(number) for number in range(len(rows))]
    levels = {name: each for name, each in (index or {}).items() if name not in columns}
    what, function = _named(given, [*columns, *levels])
    if isinstance(given, str) and given in levels:
        what = f"Index {shown(given)}"
    keys: list[str] = []
    for number, row in enumerate(rows):
        cells = row if callable(given) else {**{n: levels[n][number] for n in levels}, **row}
        try:
            keys.append(canonical(function(cells)))
        except Exception as error:
            raise InvalidValueError(
                f"{what} can't be the key of row {number}: {_reason(error)}. A row is found again "
                "by its key, so nothing was sent."
            ) from error
    _refuse_twins(keys, what)
    return keys


def _by_label(labels: Sequence[Any] | None) -> list[str] | None:
    if labels is None:
        return None
    try:
        keys = [canonical(label) for label in labels]
    except (TypeError, ValueError):
        return None
    return keys if len(set(keys)) == len(keys) else None


def _named(given: object, columns: Sequence[str]) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
    if isinstance(given, str):
        if given not in columns:
            raise unknown_column(given, columns)
        return f"Column {shown(given)}", lambda row: row[given]
    if isinstance(given, list | tuple) and given and all(isinstance(one, str) for one in given):
        names = list(given)
        for name in names:
            if name not in columns:
                raise unknown_column(name, columns)
        what = f"Columns {', '.join(map(shown, names))}"
        return what, lambda row: tuple(row[name] for name in names)
    if callable(given):
        return "What the function gave", lambda row: given(copied(row))
    raise WrongTypeError(
        "key takes the name of a column, a list of names, or a function of a row, not "
        f"{type(given).__name__}."
    )


def _refuse_twins(keys: Sequence[str], what: str) -> None:
    places: dict[str, list[int]] = {}
    for number, key in enumerate(keys):
        places.setdefault(key, []).append(number)
    twins = {key: found for key, found in places.items() if len(found) > 1}
    if not twins:
        return
    some = [
        f"{shown(readable(key))} in rows {', '.join(map(str, found[:_SHOWN]))}"
        for key, found in list(twins.items())[:_SHOWN]
    ]
    more = f" and {len(twins) - _SHOWN} more" if len(twins) > _SHOWN else ""
    raise InvalidValueError(
        f"{what} must differ from row to row, and doesn't: {'; '.join(some)}{more}. Nothing was "
        "sent."
    )


def _reason(error: Exception) -> str:
    said = str(error)
    is_ours = isinstance(error, TypeError | ValueError) and said
    return said if is_ours else f"{type(error).__name__}: {said}" if said else type(error).__name__
