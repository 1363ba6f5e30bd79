"""A transcript as HTML: static, self-contained, without script or any request."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from powawidget.transcript import exact_json, layout, style, words
from powawidget.transcript.direction import Direction, direction, isolated, mirrored, of_table
from powawidget.transcript.limits import Limits
from powawidget.transcript.markup import Html, element, joined, opening
from powawidget.transcript.nodes import (
    Box,
    Code,
    Details,
    Entries,
    Grid,
    Heading,
    Image,
    Line,
    Node,
    Prose,
    Quote,
    Records,
    Series,
    Span,
    Spans,
    Title,
)
from powawidget.transcript.pictures import Picture, picture_of
from powawidget.transcript.visible import quoted, readable, shown_by, visible

_NUMERIC_ROWS = 100
_DIRECTED = 20  # rows that tell from which side a table is read
_SHORT = 24  # characters of a cell that stays on one line
_LONG = 40  # characters of a cell that needs room to be read
_LINE = Html("\n")


class Writer:
    """Writes nodes.

    Args:
        cut: How much of each text is shown.
        expand: Whether cards stand open.
        prose_html: Turns markdown to HTML; it remembers what it has turned.
    """

    def __init__(self, limits: Limits, prose_html: Callable[[str], Html], *, expand: bool) -> None:
        self._limits = limits
        self._expand = expand
        self._prose = prose_html
        self._section = "h4"  # within a turn they stand below its heading
        self._writers: dict[type, Callable[[Any], Html]] = {
            Title: lambda node: element("h3", style.TITLE, spans(node.spans)),
            Heading: self._heading,
            Line: self._line,
            Prose: self._quoted_prose,
            Quote: self._quote,
            Code: self._code,
            Image: self._image,
            Records: self._records,
            Entries: self._entries,
            Grid: self._grid,
            Details: self._details,
            Box: self._box,
            Series: self._series,
        }

    def write(self, nodes: Iterable[Node]) -> Html:
        """Write nodes, one after another."""
        return joined((self._writers[type(node)](node) for node in nodes), _LINE)

    def _heading(self, node: Heading) -> Html:
        if node.level == 1:
            self._section = "h5"
            return element("h4", style.TURN, spans(node.spans))
        return element(self._section, style.SECTION, spans(node.spans))

    def _line(self, node: Line) -> Html:
        line = spans(node.spans)
        inside = element("strong", "font-weight:500", line) if node.kind == "label" else line
        return element("p", style.LINES[node.kind], inside)

    def _quoted_prose(self, node: Prose) -> Html:
        text, more = self._limits.piece(node.piece)
        css = style.QUIET_PROSE if node.quiet else style.PROSE
        quoted = _sided("blockquote", css, text, self._prose(text))
        return joined([quoted, self._more(more)])

    def _quote(self, node: Quote) -> Html:
        text, more = self._limits.piece(node.piece)
        # Line breaks count also where the style is stripped.
        shown = joined(readable(text).split("\n"), Html("<br>"))
        quoted = _sided("blockquote", style.QUOTE, text, shown)
        return joined([quoted, self._more(more)])

    def _code(self, node: Code) -> Html:
        text, more = self._limits.piece(node.piece)
        inside = element("code", style.CODE, shown_by(node)(text))
        return joined([element("pre", style.PRE, inside, **isolated(text)), self._more(more)])

    def _image(self, node: Image) -> Html:
        alt = words.picture(node.picture)
        if not self._limits.shows(node.picture):
            return element("p", style.LINES["note"], f"{alt}: {node.where}")
        # Where an image is stripped, its words are left.
        return joined([_picture(node.picture), element("p", style.MORE, alt)], _LINE)

    def _records(self, node: Records) -> Html:
        columns, rows, notes = self._limits.records(node)
        sample = node.rows[:_NUMERIC_ROWS]
        numeric = {
            name for name in columns if all(_is_numeric(row.get(name, None)) for row in sample)
        }
        show = shown_by(node)
        cells = (row.get(name) for row in sample[:_DIRECTED] for name in columns)
        side = of_table([*columns, *filter(exact_json.is_text, cells)])
        head = [_head_cell(show(name), name in numeric, side) for name in columns]
        body = [self._record(row, columns, numeric, show, side) for row in rows]
        table = _table(head, body, side)
        return joined([table, *map(self._more, notes)])

    def _record(
        self,
        row: dict[str, Any],
        columns: Sequence[str],
        numeric: set[str],
        show: Callable[[str], str],
        side: Direction,
    ) -> Html:
        cells = []
        for name in columns:
            picture = picture_of(row[name]) if name in row else None
            if picture is not None and self._limits.shows(picture):
                cells.append(element("td", style.CELL, _picture(picture)))
                continue
            text = show(self._limits.cell(layout.cell(row[name]))) if name in row else ""
            if name in numeric:
                cells.append(element("td", style.NUMBER, text, align="right"))
            else:
                # Short ones stay on one line: a wide table scrolls.
                short = style.TIGHT_CELL if len(text) <= _SHORT else style.CELL
                css = style.LONG_CELL if len(text) > _LONG else short
                cells.append(_cell("td", css, text, side))
        return element("tr", style.ROW, *cells)

    def _entries(self, node: Entries) -> Html:
        entries, notes = self._limits.entries(node)
        show = shown_by(node)
        rows = [
            element(
                "tr",
                "background-color:transparent",
                _cell("th", style.KEY, show(self._limits.cell(key)), scope="row", align="left"),
                _cell("td", style.VALUE, show(self._limits.cell(text))),
            )
            for key, text in entries
        ]
        table = element(
            "div", "overflow-x:auto", element("table", style.TABLE, element("tbody", "", *rows))
        )
        return joined([table, *map(self._more, notes)])

    def _grid(self, node: Grid) -> Html:
        first, note, last = self._limits.ends(node.rows, "row", node.where)
        rows = [self._grid_row(row) for row in first]
        if note:
            cell = element("td", style.CELL, note, colspan=str(len(node.columns)))
            rows.append(element("tr", style.ROW, cell))
        rows += [self._grid_row(row) for row in last]
        return _table([_head_cell(name, False) for name in node.columns], rows)

    def _grid_row(self, row: tuple[Spans, ...]) -> Html:
        cells = []
        for cell in row:
            # Short cells stay on one line, so that the long ones get the width.
            short = sum(len(span.text) for span in cell) <= _SHORT
            cells.append(element("td", style.TIGHT_CELL if short else style.CELL, spans(cell)))
        return element("tr", style.ROW, *cells)

    def _details(self, node: Details) -> Html:
        outer, head, inner = {
            "card": (style.CARD, style.CARD_HEAD, style.CARD_BODY),
            "nest": (style.NEST, style.NEST_HEAD, style.NEST_BODY),
            "quiet": (style.QUIET, style.QUIET_HEAD, style.QUIET_BODY),
        }[node.kind]
        attributes = {"open": ""} if node.open or self._expand else {}
        # A list, so that what stands in a fold is indented also where the style is stripped.
        item = element("li", "", _LINE, self.write(node.body), _LINE, type="none")
        return element(
            "details",
            outer,
            _LINE,
            element("summary", head, _summary(node)),
            _LINE,
            element("ul", inner, item),
            _LINE,
            **attributes,
        )

    def _box(self, node: Box) -> Html:
        css = style.BAD_BOX if node.bad else style.BOX
        return element("div", css, self.write(node.body))

    def _series(self, node: Series) -> Html:
        first, note, last = self._limits.ends(node.items, node.what, node.where)
        written = [*map(self.write, first), self._more(note), *map(self.write, last)]
        return joined(filter(None, written), _LINE)

    def _more(self, note: str) -> Html:
        return element("p", style.MORE, note) if note else Html("")


def _summary(node: Details) -> Html:
    """The line of a card. Its parts are set isolated by spaces too, for where the style is gone."""
    if node.brief is None and not node.tail:
        return spans(node.summary)
    is_named = node.brief is not None and node.brief.tone != "code"
    lead = element("span", "", spans(node.summary), ":" if is_named else "")
    brief = "" if node.brief is None else element("span", style.BRIEF, _brief(node.brief))
    tails = (one for span in node.tail for one in (Span(" · ", "dim"), span))
    tail = element("span", style.TAIL, spans(tuple(tails)[1:])) if node.tail else ""
    # Code stands out by itself; after other words the tail would be read as more of them.
    before = node.brief or node.summary[-1]
    is_plain = tail and before.tone not in {"code", "name"}
    dot = element("span", "display:none", "·") if is_plain else ""
    parts = [part for part in (lead, brief, dot, tail) if part]
    return element("span", style.SUMMARY, joined(parts, Html(" ")))


def _brief(span: Span) -> Html:
    if span.tone != "code":
        return _span(span)
    return element("code", style.BRIEF_CODE, visible(span.text), **isolated(span.text))


def _picture(picture: Picture) -> Html:
    return opening("img", style.IMAGE, src=picture.address, alt=words.picture(picture))


def _head_cell(name: str, numeric: bool, side: Direction = "ltr") -> Html:
    if numeric:
        return _cell("th", style.HEAD_NUMBER, name, scope="col", align="right")
    return _cell("th", style.HEAD_CELL, name, side, scope="col", align="left")


def _cell(tag: str, css: str, text: str, side: Direction = "ltr", **attributes: str) -> Html:
    """A cell. A text that is read from the right keeps its marks and brackets in their places."""
    if side == "rtl":
        css = mirrored(css)
        attributes |= {"align": "right"} if "align" in attributes else {}
    own = direction(text)
    turned = {"dir": own} if own and own != side else {}
    return element(tag, css, text, **attributes, **turned)


def _sided(tag: str, css: str, text: str, inside: Html) -> Html:
    """A box on the side from which a text is read."""
    if direction(text) == "rtl":
        return element(tag, mirrored(css), inside, dir="rtl")
    return element(tag, css, inside)


def _table(head: list[Html], rows: list[Html], side: Direction = "ltr") -> Html:
    turned = {"dir": "rtl"} if side == "rtl" else {}
    table = element(
        "table",
        style.TABLE,
        element("thead", "", element("tr", style.HEAD, *head)),
        _LINE,
        element("tbody", "", joined(rows, _LINE)),
        **turned,
    )
    return element("div", style.SCROLL, table)


def _is_numeric(value: Any) -> bool:
    return value is None or isinstance(value, exact_json.Number)


def spans(line: Spans) -> Html:
    """Write the spans of a line."""
    return joined(map(_span, line))


_TONES = {
    "strong": ("strong", ""),
    "dim": ("span", style.DIM),
    "title": ("strong", ""),
    "code": ("code", style.CODE),
    "quoted": ("span", style.QUOTED),
    "unquoted": ("span", "opacity:.85"),
}


def _span(span: Span) -> Html:
    text = quoted(visible(span.text)) if span.tone == "quoted" else visible(span.text)
    match span.tone:
        case "plain":
            return joined([text])
        case "name":
            return element("strong", "", element("code", style.NAME, text, **isolated(text)))
        case "glyph":
            color = style.COLORS.get(span.text, style.GREY)
            return element("span", f"color:{color};font-weight:700", words.SIGNS[span.text])
        case "bar":
            return _bar(text)
    tag, css = _TONES[span.tone]
    return element(tag, css, text, **isolated(text))


def _bar(text: str) -> Html:
    # Always three pieces: how long a transcript is, and so what is cut, doesn't hang on times.
    begin = len(text) - len(text.lstrip("─"))
    end = max(begin, len(text.rstrip("─")))
    on = style.BARS.get(text[begin:end][:1], style.BAR_OFF)
    pieces = [(style.BAR_OFF, text[:begin]), (on, text[begin:end]), (style.BAR_OFF, text[end:])]
    return element("code", style.BAR, *(element("span", css, piece) for css, piece in pieces))
