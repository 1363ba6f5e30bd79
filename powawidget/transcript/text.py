"""A transcript as plain text: whatever others wrote stands behind a bar."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from powawidget.transcript import layout, words
from powawidget.transcript.limits import Limits
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
from powawidget.transcript.visible import quoted, readable, shown_by, visible

_WIDEST = 60
_PLAIN = re.compile(r"[\w .,()&/'-]*")


class Writer:
    """Writes nodes as lines."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._writers: dict[type, Callable[[Any], list[str]]] = {
            Title: lambda node: _underlined(spans(node.spans), "="),
            Heading: lambda node: _underlined(spans(node.spans), "-"),
            Line: lambda node: [spans(node.spans)],
            Prose: lambda node: self._barred(*self._limits.piece(node.piece), readable),
            Quote: lambda node: self._barred(*self._limits.piece(node.piece), readable),
            Code: lambda node: self._barred(*self._limits.piece(node.piece), shown_by(node)),
            Image: lambda node: [f"{words.picture(node.picture)}: {node.where}"],
            Records: self._records,
            Entries: self._entries,
            Grid: self._grid,
            Details: self._details,
            Box: lambda node: self.lines(node.body),
            Series: self._series,
        }

    def lines(self, nodes: Iterable[Node]) -> list[str]:
        """Write nodes: a blank line between two, but a label stands right over its value."""
        lines: list[str] = []
        last: Node | None = None
        for node in nodes:
            written = self._writers[type(node)](node)
            if written:
                lines += written if last is None or _is_joined(last, node) else ["", *written]
                last = node
        return lines

    def _barred(self, text: str, more: str, show: Callable[[str], str]) -> list[str]:
        return [*_behind_bar(show(text).split("\n")), *([more] if more else [])]

    def _records(self, node: Records) -> list[str]:
        columns, rows, notes = self._limits.records(node)
        cells = [
            [self._cell(layout.cell(row[name]), node) if name in row else "" for name in columns]
            for row in rows
        ]
        head = [self._cell(name, node) for name in columns]
        return [*_behind_bar(aligned([head, *cells])), *notes]

    def _cell(self, text: str, node: Records | Entries) -> str:
        return shown_by(node)(self._limits.cell(text)).replace("\n", "⏎").replace("\t", " ")

    def _entries(self, node: Entries) -> list[str]:
        entries, notes = self._limits.entries(node)
        rows = [[self._cell(key, node), self._cell(text, node)] for key, text in entries]
        return [*_behind_bar(aligned(rows)), *notes]

    def _grid(self, node: Grid) -> list[str]:
        first, note, last = self._limits.ends(node.rows, "row", node.where)
        rows = [[spans(cell) for cell in row] for row in (*first, *last)]
        lines = aligned([list(node.columns), *rows])
        if note:
            lines.insert(len(first) + 1, note)
        return lines

    def _details(self, node: Details) -> list[str]:
        body = [f"    {line}" if line else "" for line in self.lines(node.body)]
        return [spans(node.line()), *body]

    def _series(self, node: Series) -> list[str]:
        first, note, last = self._limits.ends(node.items, node.what, node.where)
        lines: list[str] = []
        for written in [*map(self.lines, first), [note] if note else [], *map(self.lines, last)]:
            if written:
                lines += ["", *written] if lines else written
        return lines


def _is_joined(node: Node, following: Node) -> bool:
    """Whether no blank line stands between two nodes."""
    if isinstance(following, Line) and following.kind == "facts":
        return True
    return isinstance(node, Heading) or (isinstance(node, Line) and node.kind == "label")


def aligned(rows: list[list[str]]) -> list[str]:
    """Columns as wide as their widest cell, up to 60 characters."""
    columns = max(map(len, rows), default=0)
    widths = [
        min(_WIDEST, max((len(row[column]) for row in rows if column < len(row)), default=0))
        for column in range(columns)
    ]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]


def _behind_bar(lines: list[str]) -> list[str]:
    return [f"| {line}".rstrip() for line in lines]


def _underlined(line: str, mark: str) -> list[str]:
    return [line, mark * min(80, len(line))]


def spans(line: Spans) -> str:
    """Write the spans of a line."""
    return " ".join("".join(map(_span, line)).split())


def _span(span: Span) -> str:
    text = visible(span.text)
    match span.tone:
        case "glyph":
            return words.SIGNS[span.text]
        case "quoted":
            return quoted(text)
        case "code":
            return f"`{text.replace('`', chr(39))}`" if text else ""
        case "name" | "title":
            # Our own words stand bare; what could pass for more of them doesn't.
            return text if _PLAIN.fullmatch(text) else f"`{text.replace('`', chr(39))}`"
    return text
