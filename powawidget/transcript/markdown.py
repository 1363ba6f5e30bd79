"""A transcript as markdown: it reads as it is, and wherever markdown is rendered.

What others wrote stands behind `>`, in a fence, or escaped: nothing of it can pass for the
transcript's own lines, or be HTML to whoever renders them.
"""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from powawidget.transcript import layout, words
from powawidget.transcript.limits import Limits
from powawidget.transcript.markdown_escape import begun, code_span, escape, fence, row
from powawidget.transcript.markdown_prose import rewrite
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
from powawidget.transcript.visible import quoted as in_quotes
from powawidget.transcript.visible import readable, shown_by, visible


class Writer:
    """Writes nodes as lines."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._writers: dict[type, Callable[[Any], list[str]]] = {
            Title: lambda node: [f"### {spans(node.spans)}"],
            Heading: lambda node: [f"{'####' if node.level == 1 else '#####'} {spans(node.spans)}"],
            Line: self._line,
            Prose: self._prose,
            Quote: self._quote,
            Code: self._code,
            Image: self._image,
            Records: self._records,
            Entries: self._entries,
            Grid: self._grid,
            Details: self._details,
            Box: lambda node: self.lines(node.body),
            Series: self._series,
        }

    def lines(self, nodes: Iterable[Node]) -> list[str]:
        """Write nodes, a blank line between two."""
        written = (self._writers[type(node)](node) for node in nodes)
        return spaced(one for one in written if one)

    def _line(self, node: Line) -> list[str]:
        line = begun(spans(node.spans))
        return [f"*{line}*"] if node.kind == "label" and _is_plain(node.spans) else [line]

    def _prose(self, node: Prose) -> list[str]:
        text, more = self._limits.piece(node.piece)
        return spaced([quoted(rewrite(readable(text))), _more(more)])

    def _quote(self, node: Quote) -> list[str]:
        text, more = self._limits.piece(node.piece)
        # A line's end counts: a backslash keeps it where markdown is rendered.
        lone = text.count("$") == 1
        shown = readable(text).split("\n")
        lines = [escape(line, at_start=True, lone=lone) for line in shown]
        ends = [*(_end(line) if after else "" for line, after in itertools.pairwise(lines)), ""]
        kept = [line + end for line, end in zip(lines, ends, strict=True)]
        return spaced([quoted(kept), _more(more)])

    def _code(self, node: Code) -> list[str]:
        text, more = self._limits.piece(node.piece)
        return spaced([fence(shown_by(node)(text), node.language), _more(more)])

    def _records(self, node: Records) -> list[str]:
        columns, rows, notes = self._limits.records(node)
        cells = [
            [self._value(row[name], node) if name in row else "" for name in columns]
            for row in rows
        ]
        lines = table([self._cell(name, node) for name in columns], cells)
        return spaced([lines, *map(_more, notes)])

    def _image(self, node: Image) -> list[str]:
        if self._limits.shows(node.picture):
            return [_picture(node.picture)]
        return [f"{words.picture(node.picture)}: {code_span(node.where)}"]

    def _value(self, value: Any, node: Records) -> str:
        picture = picture_of(value)
        if picture is not None and self._limits.shows(picture):
            return _picture(picture)
        return self._cell(layout.cell(value), node)

    def _cell(self, text: str, node: Records) -> str:
        shown = " ".join(shown_by(node)(self._limits.cell(text)).split("\n"))
        return escape(shown, in_table=True)

    def _entries(self, node: Entries) -> list[str]:
        entries, notes = self._limits.entries(node)
        show = shown_by(node)
        written = [[self._code_span(show(each)) for each in entry] for entry in entries]
        lines = [f"- {key}: {text}" for key, text in written]
        return spaced([lines, *map(_more, notes)])

    def _code_span(self, text: str) -> str:
        return code_span(self._limits.cell(text))

    def _grid(self, node: Grid) -> list[str]:
        first, note, last = self._limits.ends(node.rows, "row", node.where)
        rows = [[spans(cell, in_table=True) for cell in row] for row in first]
        if note:
            rows.append([note])
        rows += [[spans(cell, in_table=True) for cell in row] for row in last]
        return table(list(node.columns), rows)

    def _details(self, node: Details) -> list[str]:
        body = [f"  {line}" if line else "" for line in self.lines(node.body)]
        return [f"- {spans(node.line())}", "", *body]

    def _series(self, node: Series) -> list[str]:
        first, note, last = self._limits.ends(node.items, node.what, node.where)
        written = [*map(self.lines, first), _more(note), *map(self.lines, last)]
        return spaced(one for one in written if one)


def spaced(written: Iterable[list[str]]) -> list[str]:
    """Put paragraphs together, a blank line between two."""
    lines: list[str] = []
    for paragraph in written:
        if paragraph:
            lines += ["", *paragraph] if lines else paragraph
    return lines


def quoted(lines: list[str]) -> list[str]:
    """Lines behind the mark of a quotation."""
    return [f"> {line}".rstrip() for line in lines]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table; its cells are escaped already."""
    lines = [head, ["---"] * len(head), *rows]
    return [row(line) for line in lines]


def _end(line: str) -> str:
    """What keeps the end of a line; apart from a colon, behind which pandoc would find a link."""
    return f"{' ' if line[-1] == ':' else ''}\\" if line else ""


def _more(note: str) -> list[str]:
    return [escape(note)] if note else []


def _picture(picture: Picture) -> str:
    return f"![{words.picture(picture)}]({picture.address})"


def _is_plain(line: Spans) -> bool:
    return all(span.tone in {"plain", "dim"} for span in line)


def spans(line: Spans, *, in_table: bool = False) -> str:
    """Write the spans of a line, or of a cell, where a bar ends the cell even in code."""
    return "".join(_span(one, in_table=in_table) for one in line).strip()


def _span(span: Span, *, in_table: bool) -> str:
    text = visible(span.text)
    bare = text.strip()
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    match span.tone:
        case "strong":
            return f"{lead}**{escape(bare, in_table=in_table)}**{tail}" if bare else text
        case "title":
            return f"**{escape(bare, in_table=in_table)}**" if bare else ""
        case "name":
            return f"**{code_span(text, in_table=in_table)}**" if bare else ""
        case "code" | "bar":
            return code_span(text, in_table=in_table) if bare else ""
        case "quoted":
            return escape(in_quotes(bare), in_table=in_table)
        case "glyph":
            return words.SIGNS[span.text]
    return escape(text, in_table=in_table)
