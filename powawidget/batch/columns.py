"""Columns that a batch adds to a table, and what kind of values each holds."""

import datetime as dt
import decimal
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from powawidget.batch.cells import as_json
from powawidget.schema.kinds import ColumnKind

_INT64 = 2**63


@dataclass(frozen=True)
class Column:
    """One column to be added: a value for each row, None where there is none.

    Attributes:
        name: Its name.
        kind: What its values are; "any" is what no other kind holds, such as lists.
        cells: The values, as Python has them.
    """

    name: str
    kind: ColumnKind
    cells: Sequence[Any]

    @property
    def fitting(self) -> "Column":
        """The column with a kind that all of its values have: nothing is cut or rounded."""
        there = [value for value in self.cells if value is not None]
        if self.kind in {"any", "json"} or all(_is(self.kind, value) for value in there):
            return self
        if self.kind == "number" and all(_is("integer", value) for value in there):
            return Column(self.name, "integer", self.cells)
        return Column(self.name, "any", self.cells)

    @property
    def as_texts(self) -> "Column":
        """The column as texts: texts as they are, everything else as JSON."""
        return Column(self.name, "text", [_text(value) for value in self.cells])


def kind_of(values: Sequence[Any]) -> ColumnKind:
    """Tell which kind all values of a column have."""
    there = [value for value in values if value is not None]
    kinds: tuple[ColumnKind, ...] = (
        *("boolean", "integer", "number", "text", "time", "date", "decimal"),
    )
    return next((kind for kind in kinds if there and all(_is(kind, one) for one in there)), "any")


def free_name(name: str, taken: Sequence[str]) -> str:
    """Find a name that no column has: a table may well have its own "status"."""
    while name in taken:
        name = f"batch_{name}"
    return name


def _is(kind: ColumnKind, value: Any) -> bool:
    match kind:
        case "text":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            return is_whole and -_INT64 <= value < _INT64
        case "number":
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            return isinstance(value, float) or (is_whole and abs(value) <= 2**53)
        case "time":
            return isinstance(value, dt.datetime)
        case "date":
            return isinstance(value, dt.date) and not isinstance(value, dt.datetime)
        case "decimal":
            return isinstance(value, decimal.Decimal) and value.is_finite()
    return True


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    try:
        plain = as_json(value)
    except (TypeError, ValueError):
        return repr(value)
    return (
        plain if plain is None or isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    )


Columns = Mapping[str, Column]
