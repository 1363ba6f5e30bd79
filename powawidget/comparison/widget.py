"""The widget of a comparison: that of a run, and beside it the columns that each view shows."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import msgspec
import traitlets

from powawidget.comparison.columns import (
    columns_of,
    counts_of,
    cut_in,
    over_in,
    voted_in,
)
from powawidget.comparison.live import LiveComparison
from powawidget.comparison.messages import (
    Column,
    ComparedMessage,
    OpenedSideMessage,
)
from powawidget.comparison.moment import Moment
from powawidget.kernel.worker import in_thread
from powawidget.run.run import Run
from powawidget.transcript.summary import one_line
from powawidget.widget.board import BoardWidget
from powawidget.widget.widget import Act, RunWidget

_MOST_VIEWS = 32
_LONGEST_MESSAGE = 2_000
_HIDDEN = "Names are hidden: a run is opened once they are shown."


class CompareWidget(BoardWidget):
    """Shows one comparison.

    Args:
        live: The comparison while it changes.
        act: Does what a person asked for; returns why not, where it refuses.
        on_close: Called once when the widget is closed, by whomever.
        mark: By which the page finds the transcript beside the view.
    """

    # Which module draws it.
    _drawn_by = traitlets.Unicode("compare").tag(sync=True)

    def __init__(
        self, live: LiveComparison, act: Act, on_close: Callable[[], None], mark: str = ""
    ) -> None:
        self._comparison = live
        self._views: OrderedDict[str, int] = OrderedDict()
        self._told: dict[str, tuple[ComparedMessage, list[Column]]] = {}
        self._opened: dict[tuple[int, int], RunWidget] = {}
        self._opening = asyncio.Lock()
        super().__init__(live, act, on_close, mark)
        live.look = self._look
        live.watched = self._watched

    def answer_view(self, view: str, message: dict[str, Any]) -> None:
        """Answer what a view of a comparison asks for; on the loop thread."""
        live, turn = self._comparison, message.get("turn")
        match message.get("kind"):
            case "compare" if self._is_round(turn):
                self._views[view] = int(turn or 0)
                self._views.move_to_end(view)
                while len(self._views) > _MOST_VIEWS:
                    self._forget(next(iter(self._views)))
                self._told.pop(view, None)
                live.note_change()
            case "leave_compare":
                self._forget(view)
            case "open_side" if self._is_round(turn):
                self.begin("opened a run", self._answer_open(view, int(turn or 0), message))
            case "vote" if self._is_round(turn):
                self._vote(int(turn or 0), message.get("place"))
            case "hide":
                self.hide(is_hidden=message.get("hidden") is True)

    def hide(self, *, is_hidden: bool) -> None:
        """Hide the names, or show them; on the loop thread only."""
        live = self._comparison
        if not is_hidden:
            live.ballot.reveal()
        elif live.done.is_set() and live.ballot.hide():
            self._close_opened()
        live.note_change()

    def close(self) -> None:
        """Close the widget, and the views of runs that were opened in it."""
        self._comparison.look = None
        self._comparison.watched = lambda: {0}
        super().close()
        self._close_opened()

    def _is_round(self, turn: object) -> bool:
        is_number = isinstance(turn, int) and not isinstance(turn, bool)
        return is_number and isinstance(turn, int) and 0 <= turn < self._comparison.content.rounds

    def _watched(self) -> set[int]:
        return {0, *self._views.values()}

    def _forget(self, view: str) -> None:
        self._views.pop(view, None)
        self._told.pop(view, None)

    def _vote(self, turn: int, place: object) -> None:
        """Vote on a round whose answers are all there: who votes has read them."""
        live = self._comparison
        is_place = place is None or (isinstance(place, int) and not isinstance(place, bool))
        if not is_place or not over_in(live.content, live.moment(), turn):
            return
        live.ballot.cast(turn, place if isinstance(place, int) else None, live.clock())
        live.note_change()

    async def _look(self, moment: Moment) -> None:
        """Tell each view what has changed."""
        if self.comm is None:
            return
        self.flush()  # the answers first: a column names its part
        for view, turn in tuple(self._views.items()):
            self._tell_view(view, turn, moment)

    def _tell_view(self, view: str, turn: int, moment: Moment) -> None:
        live = self._comparison
        content, ballot = live.content, live.ballot
        rows = live.rows(moment, turn)
        columns = columns_of(content, moment, ballot, rows, turn)
        rounds = range(content.rounds)
        message = ComparedMessage(
            view=view,
            turn=turn,
            rounds=content.rounds,
            hidden=ballot.is_hidden,
            whole=False,
            columns={},
            rows=0 if ballot.is_hidden else len(rows.names),
            cut=0 if ballot.is_hidden else cut_in(content, moment, turn),
            runs=counts_of(moment),
            over=[each for each in rounds if over_in(content, moment, each)],
            voted=sorted(ballot.votes),
            vote=voted_in(content, ballot, turn),
            message=one_line(content.redact(content.message), _LONGEST_MESSAGE),
            trouble=live.trouble,
        )
        before, known = self._told.get(view, (None, []))
        is_whole = before is None or before.hidden != message.hidden
        changed = {
            str(place): column
            for place, column in enumerate(columns)
            if is_whole or known[place] != column
        }
        self._told[view] = message, columns
        if is_whole or changed or message != before:
            self.tell(msgspec.structs.replace(message, whole=is_whole, columns=changed))

    async def _answer_open(self, view: str, turn: int, message: dict[str, Any]) -> None:
        live = self._comparison
        place = message.get("place")
        if not isinstance(place, int) or not 0 <= place < len(live.entries):
            return
        model, why = None, ""
        async with self._opening:
            if live.ballot.is_hidden:
                why = _HIDDEN
            else:
                key = place, live.content.repeat(place, turn)
                model = await in_thread(self._model, key)
            if model is not None and (live.ballot.is_hidden or self.comm is None):
                self._close_opened()  # names were hidden, or all was closed, meanwhile
                model, why = None, _HIDDEN
        self.tell(OpenedSideMessage(view=view, turn=turn, place=place, model=model, why=why))

    def _model(self, key: tuple[int, int]) -> str:
        """Give the id of the view of a run, made when it is first asked for."""
        known = self._opened.get(key)
        if known is None or known.comm is None:
            side, repeat = key
            run = self._comparison.entries[side][repeat].run
            known = self._opened[key] = _view_of(run)
        return str(known.model_id)

    def _close_opened(self) -> None:
        opened, self._opened = self._opened, {}
        for widget in opened.values():
            widget.close()


def _view_of(run: Run) -> RunWidget:
    """Make a view of a run that can be closed by itself: the run may be shown elsewhere too."""
    live, act = run._live, run._act  # noqa: SLF001  # as the widget of the run itself
    return RunWidget(live, act, lambda: None)
