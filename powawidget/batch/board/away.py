"""The board of a table whose parts are run on other machines."""

from collections.abc import Callable
from typing import Any

from powawidget.batch.board.figures import figures_of
from powawidget.batch.board.moment import Content
from powawidget.batch.board.parts import Parts
from powawidget.batch.board.progress import ProgressLine, line_of
from powawidget.batch.board.view import BoardView, Shown
from powawidget.errors import ConfigurationError
from powawidget.kernel import host
from powawidget.live import alive
from powawidget.run.run import Run


class AwayBoard:
    """Shows how the rows stand that other machines run, by what these tell.

    Args:
        content: What runs, and in how many parts.
        on_close: Called once nothing is shown any more.
    """

    def __init__(self, content: Content, on_close: Callable[[], None]) -> None:
        self._content = content
        self._on_close = on_close
        self._parts = Parts(content.parts or 0)
        self._progress: ProgressLine | None = None
        self._end_alive = alive.follow(self._say, lambda: not self._parts.is_driven)
        self._view = BoardView(
            Shown(
                content=lambda: content,
                moment=self._parts.moment,
                live=lambda _: None,
                run=_no_run,
                seen=lambda: None,
                stop=lambda: None,
                deeds={},
                line=self._line,
            )
        )

    def note(self, event: object) -> None:
        """Note what a machine has told; on any thread."""
        if not self._parts.note(event):
            return
        self._view.note_change()
        if host.kernel() is None:
            self._tell()

    def show(self) -> None:
        """Show it in the running cell, where there is a kernel."""
        self._view.output.show(self)

    def close(self) -> None:
        """Show nothing any more."""
        self._on_close()
        self._end_alive()
        self._view.output.close()

    def _say(self, text: str) -> None:
        for board in self._view.boards.all():
            board.note_trouble(text)

    def _tell(self) -> None:
        """Write a line of progress now and then, where no page shows anything."""
        content = self._content
        if self._progress is None:
            self._progress = ProgressLine(content.redact(content.name), self._figures)
        self._progress.look()
        if self._figures().status == "done":
            self._progress.end()
            self._progress = None

    def _figures(self) -> Any:
        return figures_of(self._content, self._parts.moment())

    def _line(self) -> str:
        figures = self._figures()
        seconds = (figures.ended or 0.0) - (figures.begun or 0.0)
        return line_of(self._content.redact(self._content.name), figures, max(0.0, seconds))

    def _ipython_display_(self) -> None:
        self._view.output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self._view.output.bundle(include, exclude)

    def __repr__(self) -> str:
        return f"<{self._line()}>"


def _no_run(_key: str) -> Run:
    raise ConfigurationError("This row is on another machine: it comes with what is computed.")
