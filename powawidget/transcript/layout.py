"""How a value is laid out: rows where it has keys, a table where it is records, else its text."""

from typing import Any

from powawidget.transcript import glance, values, words
from powawidget.transcript.nodes import (
    Code,
    Entries,
    Line,
    Node,
    Piece,
    Prose,
    Quote,
    Records,
    Span,
)
from powawidget.transcript.scribe import Scribe

_BESIDE = 120
_MOST_READ = 4_000_000


def line(*spans: Span | str, kind: Any = "note") -> Line:
    """A line of spans; a plain string is our own words."""
    return Line(tuple(Span(one) if isinstance(one, str) else one for one in spans), kind)


def label(text: str, *more: Span) -> Line:
    """The line over a value."""
    return Line((Span(text), *more), "label")


def code(scribe: Scribe, text: str, where: str, language: str = "", *, bad: bool = False) -> Code:
    """A text in a box."""
    return Code(_piece(scribe, text.removesuffix("\n") or text, where), language, bad)


def prose(scribe: Scribe, text: str, where: str, *, quiet: bool = False) -> Prose:
    """Markdown of a model."""
    return Prose(_piece(scribe, text.strip("\n"), where), quiet)


def quote(scribe: Scribe, text: str, where: str) -> Quote:
    """A text of somebody, quoted."""
    return Quote(_piece(scribe, text, where))


def _piece(scribe: Scribe, text: str, where: str) -> Piece:
    scribe.note(len(text))
    return Piece(text, where)


def told(scribe: Scribe, name: str, source: str, where: str) -> list[Node]:
    """Lay out JSON text under its name.

    Args:
        scribe: Keeps the lengths.
        name: What it is: Arguments, Input and the like.
        source: The JSON text, or any text.
        where: The expression that has all of it.

    Returns:
        A label and what stands under it.
    """
    value = read(scribe, source)
    if value is values.NO_JSON:
        return [label(name), code(scribe, source, where)]
    if isinstance(value, values.Object):
        if len(value) == 1 and _is_tall(*value[0]):
            return _entries(scribe, value, where)
        return [label(name), *laid_out(scribe, value, where)]
    table = values.records(value)
    named = name if table is None else f"{name}, {words.rows(len(table[1]))}"
    return [label(named), *laid_out(scribe, value, where)]


def read(scribe: Scribe, source: str) -> Any:
    """Read JSON text; not where so much of it came before that reading more would take long."""
    if scribe.read is None or scribe.read[0] is not source:
        value = values.NO_JSON if scribe.total > _MOST_READ else values.read(source)
        scribe.read = (source, value)
    return scribe.read[1]


def laid_out(scribe: Scribe, value: Any, where: str) -> list[Node]:
    """Lay out a value that was read."""
    table = values.records(value)
    if table is not None:
        return [_table(scribe, table, where)]
    if isinstance(value, values.Object) and value:
        return _entries(scribe, value, where)
    return [code(scribe, values.bare(value), where)]


def _table(scribe: Scribe, table: tuple[list[str], list[dict[str, Any]]], where: str) -> Records:
    columns, rows = table
    scribe.note(sum(row_length(row) for row in rows[:100]))
    return Records(tuple(columns), tuple(rows), where)


def row_length(row: dict[str, Any]) -> int:
    """What a row of a table costs, in characters with its markup."""
    return 16 + sum(36 + min(300, len(cell(value))) for value in row.values())


def cell(value: Any) -> str:
    """The text of a cell of a table."""
    return values.bare(value) if values.is_scalar(value) else values.compact(value)


def _entries(scribe: Scribe, value: values.Object, where: str) -> list[Node]:
    """Short values in rows beside their keys, tall ones under theirs."""
    nodes: list[Node] = []
    beside: list[tuple[str, str]] = []

    def close() -> None:
        if beside:
            scribe.note(sum(len(key) + len(text) + 100 for key, text in beside))
            nodes.append(Entries(tuple(beside), where))
            beside.clear()

    for key, each in value:
        if not _is_tall(key, each):
            beside.append((key, _written(each)))
            continue
        close()
        table = values.records(each)
        size = () if table is None else (Span(words.rows(len(table[1])), "dim"),)
        nodes.append(Line((Span(glance.one_line(key, 80), "code"), *size), "label"))
        if table is not None:
            nodes.append(_table(scribe, table, where))
        else:
            language = glance.language(key, each) if values.is_text(each) else "json"
            nodes.append(code(scribe, values.bare(each), where, language or ""))
    close()
    return nodes


def _is_tall(key: str, value: Any) -> bool:
    if not values.is_scalar(value):
        return True
    text = values.bare(value)
    is_code = values.is_text(value) and glance.language(key, text) is not None
    return is_code or len(text) > _BESIDE or "\n" in text


def _written(value: Any) -> str:
    """Text is bare, but quoted where it would be taken for something else."""
    if not values.is_text(value):
        return values.compact(value)
    is_odd = value != value.strip() or values.read(value) is not values.NO_JSON
    return values.compact(value) if is_odd or not value else value
