"""How a run or a chat is shown in a cell: its widget, made once, and its transcript in the file."""

import threading
import time
from collections.abc import Callable
from typing import Any

from powawidget.kernel import displayed, host, outputs
from powawidget.widget.transcript_output import Document, Render


class CellOutput:
    """The widget of a run or a chat, and the outputs that show it.

    Attributes:
        document: The transcript, which wants to hear of the end.
        made_in: The request that has made what is shown; None where that outlives it.
        shown_at: When the widget was made, by the monotonic clock.
        is_closed: Whether nothing is shown any more.

    Args:
        make: Makes the widget, for the mark of the transcript beside it.
        render: Makes the transcript by media type, as of now.
        line: Tells what is shown in one line.
    """

    def __init__(self, make: Callable[[str], Any], render: Render, line: Callable[[], str]) -> None:
        self._make = make
        self._line = line
        self.document = Document(render, self._filled)
        self._making = threading.Lock()
        self._widget: Any = None
        self._waited_in: str | None = None
        self.made_in: str | None = host.cell()[1]
        displayed.follow()
        self.is_closed = False
        self.shown_at: float | None = None

    @property
    def widget(self) -> Any:
        """The widget, made when it is first asked for."""
        with self._making:
            if self._widget is None:
                self._widget = self._make(self.document.mark)
                self.shown_at = time.monotonic()
                displayed.when_displayed(self._widget, self._emit_transcript)
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
        """Give the view by media type: what IPython asks for by `_repr_mimebundle_`.

        Args:
            include: The media types that are asked for.
            exclude: Those that aren't wanted.

        Returns:
            Data and metadata by media type.
        """
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

        self.document.find_place()
        data, metadata = self.bundle()
        # The line stays in the file as it is now: it must not say how far the run has come.
        data = {**data, "text/plain": "The transcript stands below."}
        display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types
        if self.made_in is not None and self.made_in == host.cell()[1]:
            outputs.watch(self)
        size = self.document.show()
        if self._widget is not None:
            self._widget.emit(size)

    def close(self) -> None:
        """Close the widget; nothing is shown any more."""
        self.is_closed = True
        with self._making:
            widget, self._widget = self._widget, None
        if widget is not None:
            widget.close()

    def _emit_transcript(self) -> None:
        """Emit the transcript of a view that stands in a layout, where only a widget may."""
        if self.is_closed or self.document.is_shown_by_cell():
            return
        self.document.find_place()
        size = self.document.show()
        if self._widget is not None:
            self._widget.emit(size)

    def _filled(self, size: int) -> None:
        if self._widget is not None:
            self._widget.tell_filed(size)

    def _is_shown_by_wait(self) -> bool:
        """A cell that ends with `run.wait()` has shown the run: not a second time as its value."""
        waited = self._waited_in is not None and self._waited_in == host.cell()[1]
        return waited and self._widget is not None and host.is_showing_value()
