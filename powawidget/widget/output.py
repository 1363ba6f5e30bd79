"""What a cell shows of a run or a chat: its widget, made once, and beside it the transcript.

Calls go one way: the run or the chat informs this object of its end; it writes the transcript, then
gives the widget its size.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from powawidget.kernel import displayed_widgets, host, output_widgets
from powawidget.state.ops import Op
from powawidget.widget.transcript_output import Render, TranscriptOutput


class CellOutput:
    """The widget of a run or a chat, and the outputs that show it.

    Attributes:
        doing: What it does at the end, for the log.
        made_in: The request that has made what is shown; None where that outlives it.
        shown_at: When the widget was made, by the monotonic clock.
        is_closed: Whether nothing is shown any more.

    Args:
        make: Makes the widget, for the mark of the transcript beside it.
        render: Makes the transcript by media type, as of now.
        line: Tells what is shown in one line.
    """

    doing = "wrote the transcript into the notebook"

    def __init__(self, make: Callable[[str], Any], render: Render, line: Callable[[], str]) -> None:
        self._make = make
        self._line = line
        self._transcript = TranscriptOutput(render)
        self._making = threading.Lock()
        self._widget: Any = None
        self._waited_in: str | None = None
        self.made_in: str | None = host.cell()[1]
        displayed_widgets.follow()
        self.is_closed = False
        self.shown_at: float | None = None

    @property
    def widget(self) -> Any:
        """The widget, made when it is first asked for."""
        with self._making:
            if self._widget is None:
                self._widget = self._make(self._transcript.mark)
                self.shown_at = time.monotonic()
                displayed_widgets.when_displayed(self._widget, self._displayed)
            return self._widget

    @property
    def made(self) -> Any:
        """The widget, or None where there is none yet."""
        return self._widget

    def show(self, what: object) -> None:
        """Show something that nobody has shown yet, where there is a kernel."""
        if self._widget is None and not self.is_closed and host.kernel() is not None:
            from IPython.display import display  # noqa: PLC0415  # there is a kernel

            display(what)  # type: ignore[no-untyped-call]  # IPython has no types

    def wait(self) -> None:
        """Note that the running cell waits: what it shows for that isn't shown as its value."""
        self._waited_in = host.cell()[1]

    def bundle(self, include: Any = None, exclude: Any = None) -> Any:
        """Give the view by media type: what IPython asks for by `_repr_mimebundle_`."""
        text = {"text/plain": self._line()}
        if host.kernel() is None or self.is_closed or self._is_shown_by_wait():
            return text, {}
        bundle = self.widget._repr_mimebundle_(include=include, exclude=exclude)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**(data or {}), **text}, metadata

    def emit(self) -> None:
        """Emit the view, and the transcript beside it, as two outputs of the running cell.

        Where an Output widget takes what is displayed, it has the view.

        Raises:
            NotImplementedError: Where there is only a line of text to show, which IPython then
                writes by itself.
        """
        if host.kernel() is None or self.is_closed or self._is_shown_by_wait():
            raise NotImplementedError
        from IPython.display import display  # noqa: PLC0415  # there is a kernel

        self._transcript.find_slot()
        data, metadata = self.bundle()
        # The line stays in the file as it is now: it must not say how far the run has come.
        data = {**data, "text/plain": "The transcript stands below."}
        display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types
        if self.made_in is not None and self.made_in == host.cell()[1]:
            output_widgets.watch(self)
        self._show_transcript()

    def changed(self, ops: list[Op]) -> None:
        """Do nothing at a change: the transcript is written at the end."""

    def ended(self) -> None:
        """Bring the transcript up to date with the end."""
        size = self._transcript.refresh()
        if size is not None and self._widget is not None:
            self._widget.announce_file(size)

    def recovered(self) -> None:
        """Bring the transcript up to date with what became known after the end."""
        self.ended()

    def close(self) -> None:
        """Close the widget; nothing is shown any more."""
        self.is_closed = True
        with self._making:
            widget, self._widget = self._widget, None
        if widget is not None:
            widget.close()

    def _displayed(self) -> None:
        """Show the transcript of a view that stands in a layout, where only a widget may."""
        if not self.is_closed and not self._transcript.is_shown_by_cell():
            self._transcript.find_slot()
            self._show_transcript()

    def _show_transcript(self) -> None:
        if self._transcript.begin():
            output_widgets.after_cell(self._emit_transcript)
        else:
            self._emit_transcript()

    def _emit_transcript(self) -> None:
        size = self._transcript.emit()
        if self._widget is not None:
            self._widget.announce_settled_file(size)

    def _is_shown_by_wait(self) -> bool:
        """A cell that ends with `run.wait()` has shown the run: not a second time as its value."""
        waited = self._waited_in is not None and self._waited_in == host.cell()[1]
        return waited and self._widget is not None and host.is_showing_value()
