"""What each view of a board has in sight: a person reads there, so nothing in it moves.

The order of the rows is that of the moment at which it was asked for. Rows that change are told in
their places, and whether the order would be another one now; the person asks again.
"""

from collections import OrderedDict
from collections.abc import Sequence

from powawidget.batch.board.columns import Source
from powawidget.batch.board.lines import Line
from powawidget.batch.board.moment import Content, Moment
from powawidget.batch.board.window import MOST_ROWS, Query, lines_of, places_of
from powawidget.batch.journal.records import RowOutcome

_UNDER_WAY = frozenset({"claimed", "accepted"})
_MOST_VIEWS = 8  # pages and cells in which one batch is looked at


class Window:
    """The rows that one view has in sight.

    Attributes:
        query: What it asked for.
        places: The rows in their order, as of when that was asked.
        outcomes: How all rows stood then.
        first: The first one in view.
        lines: Those in view, as they were told last.
        written: How those rows stood then.
        is_stale: Whether the order would be another one now.
    """

    def __init__(self, query: Query, places: list[int], outcomes: Sequence[RowOutcome]) -> None:
        self.query = query
        self.places = places
        self.outcomes = outcomes
        self.first = 0
        self.count = 0
        self.lines: list[Line] = []
        self.written: dict[int, RowOutcome] = {}
        self.is_stale = False


class Windows:
    """The windows of all views of one board, by their names.

    Args:
        content: The batch's rows.
        columns: The columns of the board.
    """

    def __init__(self, content: Content, columns: Sequence[Source]) -> None:
        self._content = content
        self._columns = columns
        self._by_view: OrderedDict[str, Window] = OrderedDict()

    def ask(  # noqa: PLR0913  # what a page asks for
        self,
        view: str,
        moment: Moment,
        query: Query,
        first: int,
        count: int,
        *,
        again: bool = False,
    ) -> Window:
        """Give the rows that a view asks for.

        Args:
            view: The view's name.
            moment: How the rows stand.
            query: Which rows, and in which order.
            first: The first one in view.
            count: How many.
            again: Whether the order is to be that of now; else that of before stays, where the
                same was asked.
        """
        window = self._by_view.get(view)
        if window is None or again or window.query != query:
            places = places_of(self._content, moment, self._columns, query)
            window = Window(query, places, moment.outcomes)
        self._by_view[view] = window
        self._by_view.move_to_end(view)
        while len(self._by_view) > _MOST_VIEWS:
            self._by_view.popitem(last=False)
        window.first, window.count = max(0, first), max(0, count)
        window.lines = self._lines(window, moment)
        return window

    def leave(self, view: str) -> None:
        """Forget a view that is gone."""
        self._by_view.pop(view, None)

    def changed(self, moment: Moment) -> dict[str, tuple[list[Line], bool]]:
        """Tell what has changed in the views.

        Returns:
            By the views' names the rows in sight that have changed, and whether the order would
            be another one now; nothing of views in which all is as it was.
        """
        told = {}
        for view, window in tuple(self._by_view.items()):
            lines = self._lines(window, moment)
            changed = [new for old, new in zip(window.lines, lines, strict=True) if old != new]
            is_stale = window.is_stale or self._is_stale(window, moment)
            if changed or is_stale != window.is_stale:
                told[view] = changed, is_stale
            window.lines, window.is_stale = lines, is_stale
        return told

    def _lines(self, window: Window, moment: Moment) -> list[Line]:
        """Write the rows in sight; what can't have changed isn't written again: cells are long."""
        in_view = window.places[window.first : window.first + window.count][:MOST_ROWS]
        before = {line.place: line for line in window.lines}
        there = {
            place: before[place]
            for place in in_view
            if place in before
            and moment.outcomes[place] is window.written.get(place)
            and moment.outcomes[place].state not in _UNDER_WAY
        }
        new = [place for place in in_view if place not in there]
        lines = lines_of(self._content, moment, self._columns, new)
        there |= {line.place: line for line in lines}
        window.written = {place: moment.outcomes[place] for place in in_view}
        return [there[place] for place in in_view]

    def _is_stale(self, window: Window, moment: Moment) -> bool:
        query = window.query
        if not query.is_changing:
            return False
        if query.reads_answers:  # too much to read several times a second
            both = zip(window.outcomes, moment.outcomes, strict=True)
            return any(then is not now and then != now for then, now in both)
        return places_of(self._content, moment, self._columns, query) != window.places
