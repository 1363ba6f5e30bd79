"""The columns of the board: the key, what the messages are made of, and what came out. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from powawidget.batch.board.moment import Content
from powawidget.batch.cells import written
from powawidget.batch.frame import fields_of
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.keys import canonical, readable
from powawidget.transcript.summary import one_line

Origin = Literal["key", "input", "output"]

KEY = "key"
_MOST_INPUTS = 6
_MOST_OUTPUTS = 8
_COMPARED = 20  # rows that tell whether a column is the key
LONGEST_CELL = 160
_MOST_PARTS = 4 * LONGEST_CELL + 1  # of what is nested, each with a character at least
_LONGEST_NAME = 60
_MEASURED = 50  # rows whose cells tell how wide a column is
_NARROWEST, _WIDEST = 4, 36  # characters
_OF_TEXT = 16
_WIDTHS = {"boolean": 5, "integer": 6, "number": 8, "array": 20, "object": 24}


class BoardColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of the board, as a page has it.

    Attributes:
        id: What names it in a question for rows.
        name: Its heading.
        origin: Whether it names the row, was asked or came out.
        width: How many characters most of its cells have, or may come to have.
    """

    id: str
    name: str
    origin: Origin
    width: int


@dataclass(frozen=True)
class Source:
    """A column of the board, and where its values come from.

    Attributes:
        shown: What a page is given of it.
        source: The name as it is of the table's column, or of the schema's; it may be anything.
    """

    shown: BoardColumn
    source: str


def columns_of(content: Content) -> list[Source]:
    """Choose the columns of a batch's board, in their order."""
    key = _key_column(content)
    made = [_column(content, KEY, key or KEY, "key")]
    schema = content.schema
    inputs = [name for name in content.asked if name != key][:_MOST_INPUTS]
    made += [_column(content, f"in:{at}", name, "input") for at, name in enumerate(inputs)]
    if schema is None:
        outputs = ["output" if content.kind == "workflow" else "answer"]
    else:
        outputs = list(schema.fields)[:_MOST_OUTPUTS]
    return made + [_column(content, f"out:{at}", name, "output") for at, name in enumerate(outputs)]


def value_at(content: Content, place: int, outcome: RowOutcome, column: Source) -> Any:
    """Give the value of a cell, as it is sorted by.

    Args:
        content: The batch's rows.
        place: The row's place in the table, from 0.
        outcome: How it stands.
        column: The column.
    """
    if column.shown.origin == "key":
        return readable(content.keys[place])
    if column.shown.origin == "input":
        return content.rows[place].get(column.source)
    if content.schema is None:
        return outcome.output if content.kind == "workflow" else outcome.text
    return fields_of(outcome, content.schema).get(column.source)


def text_of(value: Any) -> str:
    """Write the value of a cell in full, whatever it is."""
    try:
        return ", ".join(map(text_of, value)) if isinstance(value, tuple) else written(value)
    except (TypeError, ValueError):
        return repr(value)


def cell_of(content: Content, value: Any) -> str:
    """Write the value of a cell on one line, cut, without the key."""
    return one_line(content.redact(text_of(_begin_of(value, [_MOST_PARTS]))), LONGEST_CELL)


def _begin_of(value: Any, left: list[int]) -> Any:
    """Take of lists and dictionaries what a cell has room for: they may hold a million values.

    Texts stay whole: within one the key may stand.
    """
    if isinstance(value, Mapping):
        begun: dict[Any, Any] = {}
        for name, each in value.items():
            if left[0] <= 0:
                break
            left[0] -= 1
            begun[name] = _begin_of(each, left)
        return begun
    if isinstance(value, list | tuple):
        some = []
        for each in value:
            if left[0] <= 0:
                break
            left[0] -= 1
            some.append(_begin_of(each, left))
        return tuple(some) if isinstance(value, tuple) else some
    if getattr(value, "ndim", 0) and hasattr(value, "tolist"):  # an array of numpy, or a series
        return _begin_of(value[: max(left[0], 0)].tolist(), left)
    return value


def _column(content: Content, id_: str, name: str, origin: Origin) -> Source:
    heading = one_line(content.redact(name), _LONGEST_NAME)
    if origin == "output":
        usual = _width_of_answers(content, name)
    else:
        some = range(len(content.keys))[:_MEASURED]
        cells = [
            readable(content.keys[at]) if origin == "key" else content.rows[at].get(name)
            for at in some
        ]
        lengths = sorted(len(cell_of(content, cell)) for cell in cells)
        usual = lengths[len(lengths) * 9 // 10] if lengths else 0
    width = max(_NARROWEST, min(max(usual, len(heading)), _WIDEST))
    return Source(BoardColumn(id=id_, name=heading, origin=origin, width=width), name)


def _width_of_answers(content: Content, name: str) -> int:
    """Tell how wide what comes out may become, which nobody knows yet, by its type."""
    if content.schema is None:
        return _WIDEST
    fields = content.schema.json_schema.get("properties")
    field = fields.get(name) if isinstance(fields, Mapping) else None
    kind = field.get("type") if isinstance(field, Mapping) else None
    return _WIDTHS.get(kind, _OF_TEXT) if isinstance(kind, str) else _OF_TEXT


def _key_column(content: Content) -> str | None:
    """Find the column that the keys come from, which needn't be shown twice."""
    some = list(zip(content.keys, content.rows, strict=False))[:_COMPARED]
    for name in some[0][1] if some else ():
        if all(_is_key(row, name, key) for key, row in some):
            return name
    return None


def _is_key(row: Mapping[str, Any], name: str, key: str) -> bool:
    try:
        return canonical(row.get(name)) == key
    except (TypeError, ValueError, json.JSONDecodeError):
        return False
