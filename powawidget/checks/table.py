"""A small table of what holds: as HTML, markdown and text.

Names and values in it are a model's or anybody's: each writer escapes them, and formulas in them
stay text.
"""

from collections.abc import Sequence
from typing import NamedTuple

from powawidget.transcript import style
from powawidget.transcript.markup import element

_MARKS = {True: "✓", False: "✗", None: "…"}
_WORDS = {True: "holds", False: "doesn't hold", None: "open"}
_COLOURS = {True: style.GREEN, False: style.RED, None: style.GREY}
# What MathJax passes over.
_NO_FORMULAS = "mathjax_ignore tex2jax_ignore"
_MARK = "text-align:left;padding:4px 4px 4px 10px;vertical-align:top;white-space:nowrap"


class Line(NamedTuple):
    """One line of the table.

    Attributes:
        expected: What is expected.
        holds: Whether it holds; None while that is open.
        found: What there was.
    """

    expected: str
    holds: bool | None
    found: str


def head(lines: Sequence[Line], who: str) -> str:
    """Say in a line how many hold."""
    held = sum(line.holds is True for line in lines)
    left = sum(line.holds is None for line in lines)
    more = f", {left} open" if left else ""
    return f"{held} of {len(lines)} hold{'s' if len(lines) == 1 else ''}{more}: {who}"


def as_html(lines: Sequence[Line], who: str) -> str:
    """Write the table as HTML: one element that makes no request and runs nothing."""
    rows = [
        element(
            "tr",
            style.ROW,
            element(
                "td",
                f"{_MARK};color:{_COLOURS[line.holds]}",
                _MARKS[line.holds],
                title=_WORDS[line.holds],
            ),
            element("td", style.CELL, line.expected),
            element("td", style.CELL, line.found),
        )
        for line in lines
    ]
    names = [
        element("th", f"{style.HEAD_CELL};font-weight:500", name)
        for name in ("", "Expected", "Found")
    ]
    table = element(
        "table",
        style.TABLE,
        element("thead", style.HEAD, element("tr", "background-color:transparent", *names)),
        element("tbody", "", *rows),
    )
    title = element("div", style.LINES["facts"], head(lines, who))
    box = "font-size:13px;line-height:1.55;max-width:860px;overflow-wrap:anywhere"
    return element(
        "div", box, title, element("div", style.SCROLL, table), class_=_NO_FORMULAS, dir="ltr"
    )


def as_markdown(lines: Sequence[Line], who: str) -> str:
    """Write the table as markdown, without HTML."""
    from powawidget.transcript.markdown_escape import escape, row  # noqa: PLC0415 - an import shouldn't wait for it

    table = [row(["", "Expected", "Found"]), row(["---"] * 3)]
    table += [
        row([_MARKS[line.holds], *(escape(cell, in_table=True) for cell in line[::2])])
        for line in lines
    ]
    return f"{escape(head(lines, who), at_start=True)}\n\n" + "\n".join(table) + "\n"


def as_text(lines: Sequence[Line], who: str) -> str:
    """Write the table as text, a line for each."""
    told = [
        f"{_MARKS[line.holds]} {line.expected}" + (f": {line.found}" if line.found else "")
        for line in lines
    ]
    return "\n".join([head(lines, who), *told])
