"""What the runs of a batch are expected to have done, row by row."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from powawidget import transcript
from powawidget.batch.columns import Column, free_name
from powawidget.batch.journal.records import RowOutcome
from powawidget.batch.table import Table
from powawidget.checks import rates
from powawidget.checks.expectation import Expectation, expect_state
from powawidget.checks.fitting import truth
from powawidget.checks.rates import Rate, rates_of
from powawidget.errors import InvalidValueError, WrongTypeError
from powawidget.protocol.plain_values import scalar
from powawidget.state.model import ENDED

Expected = Callable[[Expectation], Any]
_DIFFERENCE = "difference"


class Checks:
    """Whether the runs of a batch did what was expected. Make one with `batch.check`.

    Args:
        title: What was checked, in a line.
        names: The columns.
        cells: For each of them whether it holds, row by row.
        differences: What differs first, row by row.
        questions: What tells the questions of the rows apart.
        table: The batch's table.
    """

    def __init__(  # noqa: PLR0913  # what makes up the table
        self,
        title: str,
        *,
        names: Sequence[str],
        cells: Sequence[Sequence[bool | None]],
        differences: Sequence[str | None],
        questions: Sequence[str],
        table: Table,
    ) -> None:
        self._title = title
        self._table = table
        taken = list(table.names)
        self._names: list[str] = []
        for name in (*names, _DIFFERENCE):
            self._names.append(free_name(name, taken))
            taken.append(self._names[-1])
        self._cells = cells
        self._differences = differences
        self._rates = rates_of(names, cells, questions)

    @property
    def frame(self) -> Any:
        """The table, of its own kind, with a column for each expectation and `difference`.

        True where it holds, False where it doesn't, missing where that isn't known: a row that
        isn't over, or whose run isn't in the journal any more.
        """
        columns = [
            *(
                Column(name, "boolean", list(cells))
                for name, cells in zip(self._names, self._cells, strict=False)
            ),
            Column(self._names[-1], "text", list(self._differences)),
        ]
        return self._table.with_columns(columns)

    @property
    def rates(self) -> dict[str, float | None]:
        """The share of rows of which each expectation holds, from 0 to 1."""
        return {one.name: one.rate for one in self._rates}

    @property
    def spreads(self) -> dict[str, tuple[float, float] | None]:
        """Among questions that were asked more than once the lowest and the highest rate."""
        return {one.name: one.spread for one in self._rates}

    @property
    def results(self) -> list[Rate]:
        """How often each expectation holds, with its spread among repeats."""
        return list(self._rates)

    @property
    def holds(self) -> bool:
        """Whether everything holds of every row."""
        return all(cell is True for cells in self._cells for cell in cells)

    def __bool__(self) -> bool:
        return self.holds

    def __repr__(self) -> str:
        return rates.as_text(self._rates, self._title)

    def _repr_html_(self) -> str:
        return rates.as_html(self._rates, self._title)

    def _repr_markdown_(self) -> str:
        return rates.as_markdown(self._rates, self._title)


def named(given: Sequence[Expected], by_name: Mapping[str, Expected]) -> list[tuple[str, Expected]]:
    """Name what is expected.

    Raises:
        InvalidValueError: If nothing is expected.
        WrongTypeError: If one is no function.
    """
    every = [*(("", one) for one in given), *by_name.items()]
    if not every:
        raise InvalidValueError(
            "batch.check takes functions of an expectation, such as "
            'lambda e: e.called("database_query").'
        )
    for _, one in every:
        if not callable(one):
            raise WrongTypeError(
                "batch.check takes functions of an expectation, such as lambda e: e.completed(), "
                f"not {type(one).__name__}."
            )
    return every


def check_row(
    expected: Sequence[tuple[str, Expected]],
    outcome: RowOutcome,
    saved: Callable[[], bytes | None],
) -> tuple[list[bool | None], str | None, list[str]]:
    """Look whether a row's run did what was expected.

    Args:
        expected: What is expected, by name.
        outcome: How the row stands.
        saved: Gives its run, as it was saved.

    Returns:
        For each whether it holds, what differs first, and what each expects, in words; without
        words where there is no run.

    Raises:
        WrongTypeError: If a function gives neither an expectation nor True or False.
        InvalidValueError: If an expectation expects nothing.
    """
    if outcome.state not in {"done", "failed", "unknown"}:
        return [None] * len(expected), None, []
    data = saved()
    state = None if data is None else transcript.load(data).run
    if state is None or state.status not in ENDED:
        # A run that never was, or of which nobody knows, did nothing that was expected.
        if outcome.state == "done":
            return [None] * len(expected), None, []
        why = f"the row is {outcome.state}: {outcome.error}".strip(": ")
        return [False] * len(expected), why, []
    cells: list[bool | None] = []
    differences: list[str] = []
    words: list[str] = []
    for name, one in expected:
        found = one(expect_state(state))
        if isinstance(found, Expectation):
            cells.append(found.holds)
            differences += found.differences
            words.append(" and ".join(line[0] for line in found.results))
            if not found.results:  # it would hold of every row
                raise InvalidValueError(
                    "Nothing is expected: give e.completed() or another of these."
                )
        else:
            cells.append(_answer(found))
            differences += [] if cells[-1] else [f"{name or 'it'} doesn't hold"]
            words.append("")
    return cells, differences[0] if differences else None, words


def _answer(found: Any) -> bool:
    """Read what a function gives beside an expectation: None is that of one without `return`."""
    answer = scalar(found)
    if inspect.isawaitable(answer) or isinstance(answer, bool | Iterator):
        return truth(answer)  # which says what to do where it is none
    raise WrongTypeError(
        "A function of batch.check gives an expectation, or True or False, not "
        f"{type(found).__name__}: return e.completed(), or another of these."
    )
