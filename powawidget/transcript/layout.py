"""How a value is laid out: rows where it has keys, a table where it is records, else its text."""

from typing import Any

from powawidget.transcript import exact_json, summary, words
from powawidget.transcript.context import Context
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

_BESIDE = 120
_MOST_READ = 4_000_000


def line(*spans: Span | str, kind: Any = "note") -> Line:
    """A line of spans; a plain string is our own words."""
    return Line(tuple(Span(one) if isinstance(one, str) else one for one in spans), kind)


def label(text: str, *more: Span) -> Line:
    """The line over a value."""
    return Line((Span(text), *more), "label")


def code(context: Context, text: str, where: str, language: str = "", *, bad: bool = False) -> Code:
    """A text in a box."""
    return Code(_piece(context, text.removesuffix("\n") or text, where), language, bad)


def prose(context: Context, text: str, where: str, *, quiet: bool = False) -> Prose:
    """Markdown of a model."""
    return Prose(_piece(context, text.strip("\n"), where), quiet)


def quote(context: Context, text: str, where: str) -> Quote:
    """A text of somebody, quoted."""
    return Quote(_piece(context, text, where))


def _piece(context: Context, text: str, where: str) -> Piece:
    context.count(len(text))
    return Piece(text, where)


def labelled(context: Context, name: str, source: str, where: str) -> list[Node]:
    """Lay out JSON text under its name.

    Args:
        context: Names the run and counts its texts.
        name: What it is: Arguments, Input and the like.
        source: The JSON text, or any text.
        where: The expression that has all of it.
    """
    value = read(context, source)
    if value is exact_json.NO_JSON:
        return [label(name), code(context, source, where)]
    if isinstance(value, exact_json.Object):
        if len(value) == 1 and _is_tall(*value[0]):
            return _entries(context, value, where)
        return [label(name), *laid_out(context, value, where)]
    table = exact_json.records(value)
    named = name if table is None else f"{name}, {words.rows(len(table[1]))}"
    return [label(named), *laid_out(context, value, where)]


def read(context: Context, source: str) -> Any:
    """Read JSON text; not where so much of it came before that reading more would take long."""
    if context.read is None or context.read[0] is not source:
        value = exact_json.NO_JSON if context.total > _MOST_READ else exact_json.read(source)
        context.read = (source, value)
    return context.read[1]


def laid_out(context: Context, value: Any, where: str) -> list[Node]:
    """Lay out a value that was read."""
    table = exact_json.records(value)
    if table is not None:
        return [_table(context, table, where)]
    if isinstance(value, exact_json.Object) and value:
        return _entries(context, value, where)
    return [code(context, exact_json.bare(value), where)]


def _table(context: Context, table: tuple[list[str], list[dict[str, Any]]], where: str) -> Records:
    columns, rows = table
    context.count(sum(row_length(row) for row in rows[:100]))
    return Records(tuple(columns), tuple(rows), where)


def row_length(row: dict[str, Any]) -> int:
    """What a row of a table costs, in characters with its markup."""
    return 16 + sum(36 + min(300, len(cell(value))) for value in row.values())


def cell(value: Any) -> str:
    """The text of a cell of a table."""
    return exact_json.bare(value) if exact_json.is_scalar(value) else exact_json.compact(value)


def _entries(context: Context, value: exact_json.Object, where: str) -> list[Node]:
    """Short values in rows beside their keys, tall ones under theirs."""
    nodes: list[Node] = []
    beside: list[tuple[str, str]] = []

    def close() -> None:
        if beside:
            context.count(sum(len(key) + len(text) + 100 for key, text in beside))
            nodes.append(Entries(tuple(beside), where))
            beside.clear()

    for key, each in value:
        if not _is_tall(key, each):
            beside.append((key, _written(each)))
            continue
        close()
        table = exact_json.records(each)
        size = () if table is None else (Span(words.rows(len(table[1])), "dim"),)
        nodes.append(Line((Span(summary.one_line(key, 80), "code"), *size), "label"))
        if table is not None:
            nodes.append(_table(context, table, where))
        else:
            language = summary.language(key, each) if exact_json.is_text(each) else "json"
            nodes.append(code(context, exact_json.bare(each), where, language or ""))
    close()
    return nodes


def _is_tall(key: str, value: Any) -> bool:
    if not exact_json.is_scalar(value):
        return True
    text = exact_json.bare(value)
    is_code = exact_json.is_text(value) and summary.language(key, text) is not None
    return is_code or len(text) > _BESIDE or "\n" in text


def _written(value: Any) -> str:
    """Text is bare, but quoted where it would be taken for something else."""
    if not exact_json.is_text(value):
        return exact_json.compact(value)
    is_odd = value != value.strip() or exact_json.read(value) is not exact_json.NO_JSON
    return exact_json.compact(value) if is_odd or not value else value
