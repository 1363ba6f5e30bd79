"""How often expectations hold over many runs, and how that differs among repeats. Pure."""

import collections
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from powawidget.checks.fitting import plain
from powawidget.transcript import style
from powawidget.transcript.markup import element

_NO_FORMULAS = "mathjax_ignore tex2jax_ignore"
_COLUMNS = ("Expected", "Holds", "Rate")
_AMONG = "Among repeats"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often one expectation holds.

    Attributes:
        name: What is expected.
        held: Of how many runs it holds.
        of: Of how many that is known: those that are over.
        low: Among the questions that were asked more than once, the rate of the one of which it
            holds least often; None where none was.
        high: Of the one of which it holds most often.
        groups: How many questions were asked more than once.
        mixed: Of how many of these it holds of some runs and of others not.
    """

    name: str
    held: int
    of: int
    low: float | None = None
    high: float | None = None
    groups: int = 0
    mixed: int = 0

    @property
    def rate(self) -> float | None:
        """The share of runs of which it holds, from 0 to 1; None where no run is over."""
        return None if self.of == 0 else self.held / self.of

    @property
    def spread(self) -> tuple[float, float] | None:
        """The lowest and the highest rate among repeats; None where nothing was repeated."""
        return None if self.low is None or self.high is None else (self.low, self.high)


def rates_of(
    names: Sequence[str], columns: Sequence[Sequence[bool | None]], questions: Sequence[str]
) -> list[Rate]:
    """Count how often each expectation holds.

    Args:
        names: What is expected.
        columns: For each of them whether it holds, row by row; None where that isn't known.
        questions: What tells the questions of the rows apart: the same is a repeat.
    """
    return [_rate(name, cells, questions) for name, cells in zip(names, columns, strict=True)]


def _rate(name: str, cells: Sequence[bool | None], questions: Sequence[str]) -> Rate:
    by_question: Mapping[str, list[bool]] = collections.defaultdict(list)
    for question, cell in zip(questions, cells, strict=True):
        if cell is not None:
            by_question[question].append(cell)
    known = [cell for cell in cells if cell is not None]
    repeated = [sum(some) / len(some) for some in by_question.values() if len(some) > 1]
    return Rate(
        name=name,
        held=sum(known),
        of=len(known),
        low=min(repeated, default=None),
        high=max(repeated, default=None),
        groups=len(repeated),
        mixed=sum(0 < one < 1 for one in repeated),
    )


def as_html(rates: Sequence[Rate], title: str) -> str:
    """Write them as HTML: one element that makes no request and runs nothing."""
    has_repeats = any(one.groups for one in rates)
    head = [
        element("th", style.HEAD_CELL if at == 0 or at > 2 else style.HEAD_NUMBER, name)  # noqa: PLR2004  # figures stand right
        for at, name in enumerate([*_COLUMNS, *([_AMONG] if has_repeats else [])])
    ]
    rows = []
    for one in rates:
        cells = _cells(one)
        colour = style.GREEN if one.of and one.held == one.of else style.RED if one.of else ""
        last = [element("td", style.CELL, _among(one))] if has_repeats else []
        rows.append(
            element(
                "tr",
                style.ROW,
                element("td", style.CELL, cells[0]),
                element("td", style.NUMBER, cells[1]),
                element("td", f"{style.NUMBER};color:{colour or 'inherit'}", cells[2]),
                *last,
            )
        )
    table = element(
        "table",
        style.TABLE,
        element("thead", style.HEAD, element("tr", "background-color:transparent", *head)),
        element("tbody", "", *rows),
    )
    box = "font-size:13px;line-height:1.55;max-width:860px;overflow-wrap:anywhere"
    told = element("div", style.LINES["facts"], title)
    scroll = element("div", style.SCROLL, table)
    return element("div", box, told, scroll, class_=_NO_FORMULAS, dir="ltr")


def as_markdown(rates: Sequence[Rate], title: str) -> str:
    """Write them as markdown, without HTML."""
    from powawidget.transcript.markdown_escape import escape, row  # noqa: PLC0415  # as above

    has_repeats = any(one.groups for one in rates)
    more = [_AMONG] if has_repeats else []
    lines = [row([*_COLUMNS, *more]), row(["---", "--:", "--:", *["---"] * len(more)])]
    for one in rates:
        cells = [*_cells(one), *([_among(one)] if has_repeats else [])]
        lines.append(row([escape(cell, in_table=True) for cell in cells]))
    return f"{escape(title, at_start=True)}\n\n" + "\n".join(lines) + "\n"


def as_text(rates: Sequence[Rate], title: str) -> str:
    """Write them as text, a line for each."""
    lines = [title]
    for one in rates:
        name, holds, rate = _cells(one)
        among = f", {_among(one)}" if one.groups else ""
        lines.append(f"{rate:>5}  {name} ({holds}{among})")
    return "\n".join(lines)


def _cells(one: Rate) -> list[str]:
    rate = "" if one.rate is None else _percent(one.rate)
    return [plain(one.name, 200), f"{one.held:,} of {one.of:,}", rate]


def _among(one: Rate) -> str:
    if one.low is None or one.high is None:
        return ""
    asked = "1 question" if one.groups == 1 else f"{one.groups:,} questions"
    span = (
        _percent(one.low) if one.low == one.high else f"{_percent(one.low)} to {_percent(one.high)}"
    )
    mixed = f", {one.mixed:,} mixed" if one.mixed else ""
    return f"{span} ({asked}{mixed})"


def _percent(share: float) -> str:
    # Neither all nor none, unless it is: 999 of 1,000 isn't 100 %.
    figure = round(100 * share)
    if figure == 100 and share < 1:  # noqa: PLR2004  # per cent
        figure = 99
    if figure == 0 and share > 0:
        figure = 1
    return f"{figure} %"
