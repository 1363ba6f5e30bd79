"""A batch as a cell shows it: its widget and its transcript, and what a person does there."""

import contextlib
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from powawidget.batch.board.figures import figures_of
from powawidget.batch.board.live import LiveBoard
from powawidget.batch.board.moment import Content, Moment
from powawidget.batch.board.opened import Opened
from powawidget.batch.board.progress import ProgressLine
from powawidget.errors import PowawidgetError
from powawidget.kernel import host, loop
from powawidget.kernel.worker import in_thread
from powawidget.run.run import Run
from powawidget.widget.output import CellOutput


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is shown, and what a person may do with it.

    Attributes:
        content: Gives what of the batch stays as it is.
        moment: Tells how the rows stand; on any thread but the loop's.
        live: Gives the run of a row while it goes on, by its key.
        run: Gives the run of a row, by its key; on any thread but the loop's. It raises
            PowawidgetError where there is none.
        seen: Notes that a page shows it, where a person can click; on the loop thread.
        stop: Starts nothing new, and waits for nothing.
        deeds: What else may be done, by the names of actions; on any thread but the loop's. Each
            may raise PowawidgetError.
        line: Tells how it stands in one line.
    """

    content: Callable[[], Content]
    moment: Callable[[], Moment]
    live: Callable[[str], Run | None]
    run: Callable[[str], Run]
    seen: Callable[[], object]
    stop: Callable[[], object]
    deeds: Mapping[str, Callable[[], object]]
    line: Callable[[], str]


class Boards:
    """Boards that are told of the same changes, as long as anybody has them; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._there: weakref.WeakSet[LiveBoard] = weakref.WeakSet()

    def add(self, board: LiveBoard) -> None:
        """Tell a board too."""
        with self._lock:
            self._there.add(board)

    def all(self) -> tuple[LiveBoard, ...]:
        """Give those that are there now."""
        with self._lock:
            return tuple(self._there)


class BoardView:
    """What a cell shows of a batch.

    Attributes:
        output: The outputs of cells that show it.
        boards: The boards that are told of changes: those of all views of what one driver drives.
        board: That of this view; None until it has a widget.

    Args:
        shown: The batch.
    """

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self.boards = Boards()
        self.board: LiveBoard | None = None
        self.output = CellOutput(self._make_widget, self._transcripts, shown.line)
        self.output.made_in = None  # it doesn't end with the request that asked for it

    @property
    def is_seen(self) -> bool:
        """Whether a page has shown it."""
        return self.output.made is not None and self.output.made.greeted

    def note_change(self) -> None:
        """Have what is shown brought up to date soon; on any thread."""
        for board in self.boards.all():
            board.note_change()

    @contextlib.contextmanager
    def progress(self, *, display: bool) -> Iterator[Callable[[], None]]:
        """Say on the terminal how the batch stands, where no page does.

        Args:
            display: Whether to say it at all.

        Yields:
            What is to be called often meanwhile.
        """
        is_seen = self.output.is_shown and host.has_front_end()
        if not display or is_seen:
            yield lambda: None
            return
        content = self._shown.content()
        line = ProgressLine(
            content.redact(content.name), lambda: figures_of(content, self._shown.moment())
        )
        try:
            yield line.look
        finally:
            line.end()

    def _make_widget(self, mark: str) -> Any:
        from powawidget.batch.board.widget import BatchWidget  # noqa: PLC0415  # most need none

        board = self.board = LiveBoard(self._shown.content(), self._shown.moment)
        self.boards.add(board)
        widget = BatchWidget(
            board, self._act, self._open_row, self._shown.seen, self.output.close, mark
        )
        with board.lock:
            board.subscribers.append(self.output)
        board.note_change()  # of what has changed while it was made
        return widget

    def _transcripts(self, mark: str) -> dict[str, str]:
        from powawidget.batch.board.transcript import transcripts  # noqa: PLC0415  # as above

        return transcripts(self._shown.content(), self._shown.moment(), mark)

    def _open_row(self, place: int) -> Opened:
        """Give the run of a row; on any thread but the loop's."""
        key = self._shown.content().keys[place]
        live = self._shown.live(key)
        if live is not None:
            return Opened(live)
        before = self.output.made.opened_before(place)
        run_id = self._shown.moment().outcomes[place].run_id
        if before is not None and before.run_id == run_id:
            return Opened(before, is_own=True)
        try:
            return Opened(self._shown.run(key), is_own=True)
        except PowawidgetError as error:
            return Opened(None, str(error))

    def _act(self, content: dict[str, Any]) -> str | None:
        """Do what a person asked for; on the loop thread only.

        Returns:
            Why it is refused, in words; None where it is done, or begun.
        """
        action = str(content.get("action"))
        if not self._shown.content().can_start:
            return "This batch was opened to be read."
        if action == "stop":
            self._shown.stop()
        elif action in self._shown.deeds:
            loop.submit(self._do(self._shown.deeds[action]))
        else:
            return "This version can't do that."
        return None

    async def _do(self, deed: Callable[[], object]) -> None:
        """Do what waits for the journal; what fails is told on the board."""
        trouble = ""
        try:
            await in_thread(deed)
        except PowawidgetError as error:
            trouble = str(error)
        except Exception as error:  # noqa: BLE001  # a task's own: nobody else would see it
            for board in self.boards.all():
                board.report("did what a page asked for", error)
            return
        for board in self.boards.all():
            board.note_trouble(trouble)
