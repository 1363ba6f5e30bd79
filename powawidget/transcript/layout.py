"""How a value is laid out: rows where it has keys, a table where it is records, else its text."""

from typing import Any

from powawidget.transcript import exact_json, summary, words
from powawidget.transcript.content import Resource, pieces_of
from powawidget.transcript.context import Context
from powawidget.transcript.nodes import (
    Code,
    Details,
    Entries,
    Image,
    Line,
    Node,
    Piece,
    Prose,
    Quote,
    Records,
    Series,
    Span,
)
from powawidget.transcript.pictures import Picture, picture_of
from powawidget.transcript.tables import Table, table_of
from powawidget.transcript.terminal import settle, settled

_BESIDE = 120
_DEEP = 4  # objects one in another in which a picture is looked for
_TAG = 180  # characters of the markup of a picture in a cell
_MOST_READ = 4_000_000


def line(*spans: Span | str, kind: Any = "note") -> Line:
    """A line of spans; a plain string is our own words."""
    return Line(tuple(Span(one) if isinstance(one, str) else one for one in spans), kind)


def label(text: str, *more: Span) -> Line:
    """The line over a value."""
    return Line((Span(text), *more), "label")


def code(  # noqa: PLR0913  # what a box has
    context: Context,
    text: str,
    where: str,
    language: str = "",
    *,
    bad: bool = False,
    exact: bool = False,
) -> Code:
    """A text in a box."""
    piece = _piece(context, text.removesuffix("\n") or text, where)
    return Code(piece, language, bad, exact)


def image(context: Context, picture: Picture, where: str) -> Image:
    """A picture."""
    context.count(len(picture.address))
    return Image(picture, where)


def prose(context: Context, text: str, where: str, *, quiet: bool = False) -> Prose:
    """Markdown of a model."""
    return Prose(_piece(context, text.strip("\n"), where), quiet)


def quote(context: Context, text: str, where: str) -> Quote:
    """A text of somebody, quoted."""
    return Quote(_piece(context, text, where))


def details(context: Context, text: str | None) -> list[Node]:
    """A text for whoever opens it; nothing where there is none."""
    if not text:
        return []
    body = quote(context, text, context.saved)
    return [Details((Span(words.DETAILS, "dim"),), (body,), "quiet")]


def _piece(context: Context, text: str, where: str) -> Piece:
    context.count(len(text))
    return Piece(text, where)


def labelled(  # noqa: PLR0913  # what it is, and how it is read
    context: Context,
    name: str,
    source: str,
    where: str,
    *,
    exact: bool = False,
    settles: bool = False,
) -> list[Node]:
    """Lay out JSON text under its name.

    Args:
        context: Names the run and counts its texts.
        name: What it is: Arguments, Input and the like.
        source: The JSON text, or any text.
        where: The expression that has all of it.
        exact: Whether a person decided on it.
        settles: Whether it may have been written for a terminal.
    """
    value = read(context, source)
    if value is exact_json.NO_JSON:
        text = settled(source) if settles else source
        return [label(name), code(context, text, where, exact=exact)]
    value = settle(value) if settles else value
    if isinstance(value, exact_json.Object) and len(value) == 1 and _is_tall(*value[0]):
        return laid_out(context, value, where, exact=exact)
    return [label(sized(name, value)), *laid_out(context, value, where, exact=exact)]


def sized(name: str, value: Any) -> str:
    """A name with how many rows there are, where the value is a table."""
    table = None if pieces_of(value) else table_of(value)
    return name if table is None else f"{name}, {words.rows(len(table[1]))}"


def read(context: Context, source: str) -> Any:
    """Read JSON text; not where so much of it came before that reading more would take long."""
    if context.read is None or context.read[0] is not source:
        value = exact_json.NO_JSON if context.total > _MOST_READ else exact_json.read(source)
        context.read = (source, value)
    return context.read[1]


def laid_out(context: Context, value: Any, where: str, *, exact: bool = False) -> list[Node]:
    """Lay out a value that was read."""
    pieces = pieces_of(value)
    if pieces is not None:
        items = [tuple(_piece_of(context, piece, where, exact)) for piece in pieces]
        # The middle of very many is left out, not all that stands around them.
        return [Series(tuple(items), where, "item")] if len(items) > 1 else list(items[0])
    table = table_of(value)
    if table is not None:
        return [_table(context, table, where, exact)]
    if isinstance(value, exact_json.Object) and value:
        return _entries(context, value, where, exact)
    return [code(context, exact_json.bare(value), where, exact=exact)]


def _piece_of(context: Context, piece: Any, where: str, exact: bool) -> list[Node]:
    if isinstance(piece, Picture):
        return [image(context, piece, where)]
    if not isinstance(piece, Resource):
        return laid_out(context, piece, where, exact=exact)
    facts = [Span(summary.one_line(fact), "code") for fact in piece.facts]
    if piece.length:
        facts.append(Span(words.size(piece.length * 3 // 4)))
    between = [Span(" "), *[Span(", ")] * len(facts)]
    named = (one for pair in zip(between, facts, strict=False) for one in pair)
    head = label(piece.what, *named)
    if piece.value is exact_json.NO_JSON:
        return [head]
    return [head, *laid_out(context, piece.value, where, exact=exact)]


def _table(context: Context, table: Table, where: str, exact: bool) -> Records:
    columns, rows = table
    context.count(sum(row_length(row) for row in rows[:100]))
    return Records(tuple(columns), tuple(rows), where, exact)


def row_length(row: dict[str, Any], most: int | None = None) -> int:
    """What a row of a table costs, in characters with its markup.

    Args:
        row: The values of its cells.
        most: The most characters of a picture that is shown.
    """
    return 16 + sum(36 + _cell_length(value, most) for value in row.values())


def _cell_length(value: Any, most: int | None) -> int:
    picture = picture_of(value)
    if picture is not None and (most is None or len(picture.address) <= most):
        return len(picture.address) + _TAG
    return min(300, len(cell(value)))


def cell(value: Any) -> str:
    """The text of a cell of a table."""
    picture = picture_of(value)
    if picture is not None:
        return words.picture(picture)
    return exact_json.bare(value) if exact_json.is_scalar(value) else exact_json.compact(value)


def _entries(context: Context, value: exact_json.Object, where: str, exact: bool) -> list[Node]:
    """Short values in rows beside their keys, tall ones under theirs."""
    nodes: list[Node] = []
    beside: list[tuple[str, str]] = []

    def close() -> None:
        if beside:
            context.count(sum(len(key) + len(text) + 100 for key, text in beside))
            nodes.append(Entries(tuple(beside), where, exact))
            beside.clear()

    for key, each in value:
        if not _is_tall(key, each):
            beside.append((key, _written(each)))
            continue
        close()
        size = sized("", each).removeprefix(", ")
        named = (Span(summary.one_line(key, 80), "code"), *((Span(size, "dim"),) if size else ()))
        nodes.append(Line(named, "label"))
        if size or pieces_of(each) or _holds_picture(each):
            nodes += laid_out(context, each, where, exact=exact)
        else:
            language = summary.language(key, each) if exact_json.is_text(each) else "json"
            text = exact_json.bare(each)
            nodes.append(code(context, text, where, language or "", exact=exact))
    close()
    return nodes


def _holds_picture(value: Any, deep: int = _DEEP) -> bool:
    """Whether a picture stands within an object, whose text would be a wall of letters."""
    if deep == 0 or not isinstance(value, exact_json.Object):
        return False
    return any(pieces_of(each) or _holds_picture(each, deep - 1) for _, each in value)


def _is_tall(key: str, value: Any) -> bool:
    if not exact_json.is_scalar(value) or picture_of(value) is not None:
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
