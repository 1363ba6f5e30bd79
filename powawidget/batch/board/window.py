"""The rows that a page asks for: filtered, searched, sorted. Pure."""

import datetime as dt
import decimal
import enum
import fractions
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from powawidget.batch.board.columns import Source, text_of, value_at
from powawidget.batch.board.lines import Line, line_of
from powawidget.batch.board.moment import STANDINGS, Content, Moment, standings_of
from powawidget.protocol.plain_values import scalar

MOST_ROWS = 200  # that a page may have in view at once
_LONGEST_SEARCH = 200
# What needs a person first, then what goes on.
_BY_STANDING = {
    one: place
    for place, one in enumerate(("waiting", "failed", "unknown", "running", "left", "done"))
}
_FACTS = {"state", "seconds", "tokens"}


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows a page asks for.

    Attributes:
        standing: Rows that stand so; all where it is empty.
        search: Rows in which this text stands, in whatever case; all where it is empty.
        sort: The id of a column, or `state`, `seconds`, `tokens`; the table's order where it is
            empty.
        descending: Whether the largest come first.
    """

    standing: str = ""
    search: str = ""
    sort: str = ""
    descending: bool = False

    @property
    def is_changing(self) -> bool:
        """Whether rows that go on may come to stand elsewhere, or leave."""
        by_table = self.sort in {"", "key"} or self.sort.startswith("in:")
        return bool(self.standing or self.search) or not by_table

    @property
    def reads_answers(self) -> bool:
        """Whether it reads what came out of all rows, which takes a while."""
        return bool(self.search) or self.sort.startswith("out:")


def query_of(given: Mapping[str, Any]) -> Query:
    """Read what a page asks for, which may be anything; what isn't known counts as not asked."""
    standing, search, sort = (given.get(name) for name in ("standing", "search", "sort"))
    return Query(
        standing=standing if isinstance(standing, str) and standing in STANDINGS else "",
        search=search[:_LONGEST_SEARCH].strip() if isinstance(search, str) else "",
        sort=sort if isinstance(sort, str) else "",
        descending=given.get("descending") is True,
    )


def places_of(
    content: Content, moment: Moment, columns: Sequence[Source], query: Query
) -> list[int]:
    """Choose and sort the rows.

    Returns:
        Their places in the table, in the order in which they are shown.
    """
    standings = standings_of(content, moment)
    places = list(range(len(standings)))
    if query.standing:
        places = [place for place in places if standings[place] == query.standing]
    if query.search:
        sought = query.search.casefold()
        places = [place for place in places if sought in _text(content, moment, columns, place)]
    order = _order(content, moment, columns, query, standings)
    if order is not None:
        there = [(place, order(place)) for place in places]
        known = [pair for pair in there if pair[1] is not None]
        known.sort(key=lambda pair: pair[1], reverse=query.descending)
        # What isn't there comes last, whichever way is sorted.
        places = [place for place, _ in known] + [place for place, at in there if at is None]
    return places


def lines_of(
    content: Content, moment: Moment, columns: Sequence[Source], places: Sequence[int]
) -> list[Line]:
    """Write rows, at most as many as may be in view at once.

    Args:
        content: The batch's rows.
        moment: How they stand.
        columns: The columns of the board.
        places: The places of the rows in the table.
    """
    return [line_of(content, moment, columns, place) for place in places[:MOST_ROWS]]


def _text(content: Content, moment: Moment, columns: Sequence[Source], place: int) -> str:
    """All of a row that is searched: what was asked, what came out, and why it failed."""
    outcome = moment.outcomes[place]
    inputs = [one for one in columns if one.shown.origin != "output"]
    texts = [text_of(value_at(content, place, outcome, one)) for one in inputs]
    # The answer as it came: it holds what the columns of a schema show.
    texts += [outcome.text or "", "" if outcome.output is None else text_of(outcome.output)]
    return content.redact("\n".join([*texts, outcome.error])).casefold()


def _order(
    content: Content,
    moment: Moment,
    columns: Sequence[Source],
    query: Query,
    standings: Sequence[str],
) -> Callable[[int], Any] | None:
    if query.sort == "state":
        return lambda place: _BY_STANDING[standings[place]]
    if query.sort in _FACTS:
        return lambda place: getattr(moment.outcomes[place], query.sort)
    column = next((one for one in columns if one.shown.id == query.sort), None)
    if column is None:
        return None
    return lambda place: _sortable(value_at(content, place, moment.outcomes[place], column))


def _sortable(value: Any) -> tuple[int, Any] | None:
    """Make values of all kinds stand in one order: numbers and durations, then all else as texts.

    Times with zones stand by when they were, whatever the zone; texts in whatever case.
    """
    value = scalar(value)
    if isinstance(value, enum.Enum):
        value = value.value
    if value is None or _is_nan(value):
        return None
    if isinstance(value, dt.timedelta):
        return (0, value.total_seconds())
    if isinstance(value, int | float | decimal.Decimal):
        return (0, value)
    if isinstance(value, fractions.Fraction):
        return (0, float(value))
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC)
    return (1, text_of(value).casefold())


def _is_nan(value: Any) -> bool:
    if isinstance(value, decimal.Decimal):
        return value.is_nan()
    return isinstance(value, float) and math.isnan(value)
