"""The widget of a batch: that of a run, and beside it what a board asks for.

A board asks for the rows that it has in sight. All that takes long, such as searching ten thousand
rows, is done on threads of their own; what a page is told comes from the loop thread.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from powawidget.batch.board.columns import columns_of
from powawidget.batch.board.figures import Figures
from powawidget.batch.board.live import LiveBoard
from powawidget.batch.board.messages import (
    BoardAbout,
    ChangedMessage,
    FiguresMessage,
    OpenedMessage,
    RowsMessage,
)
from powawidget.batch.board.moment import Moment
from powawidget.batch.board.opened import Opened
from powawidget.batch.board.parts import AWAY
from powawidget.batch.board.window import query_of
from powawidget.batch.board.windows import Window, Windows
from powawidget.kernel.worker import in_thread
from powawidget.run.run import Run
from powawidget.transcript.summary import one_line
from powawidget.widget.board import LONGEST_ID, BoardWidget
from powawidget.widget.widget import Act

_MOST_OPEN = 16  # runs that were read from the journal for a page


class BatchWidget(BoardWidget):
    """Shows one batch.

    Args:
        live: The batch while it changes.
        act: Does what a person asked for; returns why not, where it refuses.
        open_row: Gives the run of the row with this place; on any thread but the loop's.
        on_hello: Called whenever a page says that it shows the batch; on the loop thread.
        on_close: Called once when the widget is closed, by whomever.
        mark: By which the page finds the transcript beside the view.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # what makes up a widget
        self,
        live: LiveBoard,
        act: Act,
        open_row: Callable[[int], Opened],
        on_hello: Callable[[], object],
        on_close: Callable[[], None],
        mark: str = "",
    ) -> None:
        self._batch = live
        self._open_row = open_row
        self._on_hello = on_hello
        self._columns = columns_of(live.content)
        self._windows = Windows(live.content, self._columns)
        self._reading = asyncio.Lock()
        self._opened: OrderedDict[int, Run] = OrderedDict()
        self._told: FiguresMessage | None = None
        super().__init__(live, act, on_close, mark)
        live.look = self._look

    def answer_hello(self, have: object = None, made: object = None) -> None:
        """Send how the batch stands, and note that a person can click from now on."""
        super().answer_hello(have, made)
        self._on_hello()

    def answer_view(self, view: str, message: dict[str, Any]) -> None:
        """Answer what a view of a board asks for; on the loop thread."""
        match message.get("kind"):
            case "rows":
                self.begin("gave a page rows", self._answer_rows(view, message))
            case "leave":
                self.begin("let a view go", self._leave(view))
            case "open":
                self.begin("opened a row", self._answer_open(view, message.get("place")))

    def close(self) -> None:
        """Close the widget, and the runs that were opened for it."""
        self._batch.look = None
        super().close()
        while self._opened:
            self._opened.popitem()[1].close()

    async def _look(self, moment: Moment, figures: Figures) -> None:
        """Tell pages what has changed."""
        if not self.greeted or self.comm is None:
            return
        self._tell_figures(figures)
        async with self._reading:
            changed = await in_thread(self._windows.changed, moment)
        for view, (rows, stale) in changed.items():
            self.tell(ChangedMessage(view=view, rows=rows, stale=stale))

    def _tell_figures(self, figures: Figures, *, again: bool = False) -> None:
        message = FiguresMessage(figures=figures, trouble=self._batch.trouble)
        if again or message != self._told:
            self._told = message
            self.tell(message)

    async def _answer_rows(self, view: str, message: dict[str, Any]) -> None:
        query, again = query_of(message), message.get("again") is True
        first, count = (_number(message.get(name)) for name in ("first", "count"))

        def ask() -> Window:
            moment = self._batch.read()
            return self._windows.ask(view, moment, query, first, count, again=again)

        is_new = message.get("about") is True
        if is_new and not self._batch.content.can_start:
            self._batch.note_change()  # nobody else does: another kernel may drive it
        if is_new:
            self._tell_figures(self._batch.figures, again=True)
        async with self._reading:
            window = await in_thread(ask)
        self.tell(
            RowsMessage(
                view=view,
                asked=str(message.get("id"))[:LONGEST_ID],
                total=len(window.places),
                first=window.first,
                rows=window.lines,
                stale=window.is_stale,
                about=self._about() if is_new else None,
            )
        )

    async def _leave(self, view: str) -> None:
        async with self._reading:  # a thread may go through the views
            self._windows.leave(view)

    def _about(self) -> BoardAbout:
        content = self._batch.content
        journal = content.journal
        return BoardAbout(
            target=one_line(content.redact(content.target), 120),
            columns=[column.shown for column in self._columns],
            python=content.redact(content.python),
            journal=None if journal is None else one_line(content.redact(journal), 120),
            starts=content.can_start,
            away="" if content.parts is None else AWAY,
        )

    async def _answer_open(self, view: str, place: object) -> None:
        if not isinstance(place, int) or not 0 <= place < len(self._batch.content.keys):
            return
        opened = await in_thread(self._open_row, place)
        model = None
        if opened.run is not None:
            model = await in_thread(_shown, opened.run)
            if opened.is_own:
                self._keep(place, opened.run)
        why = one_line(self._batch.content.redact(opened.why), 400)
        self.tell(OpenedMessage(view=view, place=place, model=model, why=why))

    def _keep(self, place: int, run: Run) -> None:
        before = self._opened.pop(place, None)
        if before is not None and before is not run:
            before.close()
        self._opened[place] = run
        while len(self._opened) > _MOST_OPEN:
            self._opened.popitem(last=False)[1].close()

    def opened_before(self, place: int) -> Run | None:
        """Give the run of a row that was opened before."""
        return self._opened.get(place)


def _number(given: object) -> int:
    is_number = isinstance(given, int) and not isinstance(given, bool)
    return max(0, min(int(given), 10**9)) if is_number and isinstance(given, int) else 0


def _shown(run: Run) -> str:
    """Make the view of a run, in which a person may decide on what it asks; returns its id."""
    widget = run.widget
    widget.is_asked_for = True
    return str(widget.model_id)
