"""What a cell shows of a run or a chat: its widget, made once, and beside it the transcript.

Calls go one way: the run or the chat informs this object of its end; it writes the transcript, then
gives the widget its size.
"""

import asyncio
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from powawidget.kernel import display_call, displayed_widgets, host, output_widgets
from powawidget.kernel.worker import in_thread
from powawidget.live.subscribers import Rest
from powawidget.state.ops import Op
from powawidget.widget import many_outputs
from powawidget.widget.height import checked_height
from powawidget.widget.transcript_output import Render, TranscriptOutput
from powawidget.widget.waits import Asking, Waits

# What stands in the outputs that a person has given an id, by that id.
_by_display_id: "weakref.WeakValueDictionary[str, CellOutput]" = weakref.WeakValueDictionary()

# The outputs that are empty, since what has no transcript came into the place of the view beside.
_empty_beside: dict[str, str] = {}

# What was awaited last.
_awaited_last: "list[weakref.ref[CellOutput]]" = []


class CellOutput:
    """The widget of a run or a chat, and the outputs that show it.

    Attributes:
        doing: What it does at the end, for the log.
        made_in: The request that has made what is shown; None where that outlives it.
        shown_at: When it was first known to be shown, by the monotonic clock.
        is_closed: Whether nothing is shown any more.

    Args:
        make: Makes the widget, for the mark of the transcript beside it.
        render: Makes the transcript by media type, as of now.
        line: Tells what is shown in one line.
        live: What is shown, where a person may be asked for a decision on it.
    """

    doing = "wrote the transcript into the notebook"

    def __init__(
        self,
        make: Callable[[str], Any],
        render: Render,
        line: Callable[[], str],
        live: Asking | None = None,
    ) -> None:
        self._make = make
        self._line = line
        self._render = render
        self._transcript = TranscriptOutput(self._transcripts)
        self._making = threading.Lock()
        self._widget: Any = None
        self._called_in: str | None = None
        self._awaited: weakref.ref[object] | None = None
        self.made_in: str | None = host.cell()[1]
        displayed_widgets.follow()
        self.is_closed = False
        self.shown_at: float | None = None
        self._writing = asyncio.Lock()
        self._changes = self._written = 0  # how many times it was to be written, and was
        self._waits = None if live is None else Waits(live, self.ended, self._report)

    @property
    def widget(self) -> Any:
        """The widget, made when it is first asked for."""
        with self._making:
            if self._widget is None:
                self._widget = self._make(self._transcript.mark)
                displayed_widgets.when_displayed(self._widget, self._displayed)
            return self._widget

    @property
    def made(self) -> Any:
        """The widget, or None where there is none yet."""
        return self._widget

    @property
    def is_shown(self) -> bool:
        """Whether a cell has put it out, by itself or in a layout, or its view was asked for.

        Whoever only looks at `widget`, as a debugger does, shows nothing.
        """
        widget = self._widget
        if widget is None or self.is_closed:
            return False
        is_known = self.shown_at is not None
        if not is_known and (widget.is_asked_for or displayed_widgets.cell_of(widget) is not None):
            self.shown_at = time.monotonic()
        return self.shown_at is not None

    def show(self, what: object) -> None:
        """Show something that nobody has shown yet, where there is a kernel."""
        if not self.is_shown and not self.is_closed and host.kernel() is not None:
            from IPython.display import display  # noqa: PLC0415  # there is a kernel

            display(what)  # type: ignore[no-untyped-call]  # IPython has no types

    def show_at(self, what: object, max_height: int | None) -> None:
        """Show something with a height of its own, where there is a kernel.

        Raises:
            InvalidValueError: If it isn't a height.
        """
        height = checked_height(max_height)
        if self.is_closed or host.kernel() is None:
            return
        from IPython.display import display  # noqa: PLC0415  # there is a kernel

        self.widget._max_height = height  # noqa: SLF001  # both are this folder's
        display(what)  # type: ignore[no-untyped-call]  # IPython has no types

    def note_call(self) -> None:
        """Note that the running cell has called something that gives back what is shown.

        Where that stands shown already, the cell's value adds nothing.
        """
        self._called_in = host.cell()[1]

    def note_awaited(self, result: object) -> None:
        """Note likewise what a cell got that awaited what is shown.

        Args:
            result: What `await` gave; it may be the cell's value.
        """
        self.note_call()
        shell = getattr(host.kernel(), "shell", None)
        if shell is None:
            return
        self._awaited = weakref.ref(result)
        _awaited_last[:] = [weakref.ref(self)]
        formatter = shell.display_formatter.ipython_display_formatter
        formatter.for_type(type(result), _write_result)

    def bundle(self, include: Any = None, exclude: Any = None) -> Any:
        """Give the view by media type: what IPython asks for by `_repr_mimebundle_`."""
        text = {"text/plain": self._line()}
        if host.kernel() is None or self.is_closed or self._is_repeated_as_value():
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
        if host.kernel() is None or self.is_closed:
            raise NotImplementedError
        if self._is_repeated_as_value():
            return
        from IPython.display import display  # noqa: PLC0415  # there is a kernel

        call = display_call.current()
        before = self._replaced(call)
        place = _empty_beside.get(call.display_id or "") if call.is_update else None
        if before is None and place is None:
            self._transcript.find_slot()
        data, metadata = self.bundle()
        # The line stays in the file as it is now: it must not say how far the run has come.
        data = {**data, "text/plain": "The transcript stands below."}
        where: dict[str, Any] = {}
        if call.display_id is not None:
            where = {"display_id": call.display_id, "update": call.is_update}
            _by_display_id[call.display_id] = self
        if not call.is_update:
            many_outputs.note_view()
        display(data, metadata=metadata, raw=True, **where)  # type: ignore[no-untyped-call]  # IPython has no types
        if before is not None:
            if before is not self:
                before._note_replaced()  # noqa: SLF001  # its own kind
            self._note_file(self._transcript.replace(before._transcript))  # noqa: SLF001  # its own kind
            return
        if place is not None and call.display_id is not None:
            del _empty_beside[call.display_id]
            self._note_file(self._transcript.take(place))
            return
        if self.made_in is not None and self.made_in == host.cell()[1]:
            output_widgets.watch(self)
        self._show_transcript()

    def changed(self, ops: list[Op]) -> None:
        """Have the transcript written where a person is waited for, or no more; else at the end."""
        if self._waits is not None:
            self._waits.changed(ops)

    def ended(self) -> Rest | None:
        """Have the transcript brought up to date with the end.

        Returns:
            What does so: a long one takes seconds, in which other runs go on.
        """
        self._changes += 1
        return self._refresh(self._changes) if self._transcript.note_change() else None

    def recovered(self) -> Rest | None:
        """Have the transcript brought up to date with what became known after the end.

        Returns:
            What does so.
        """
        return self.ended()

    async def _refresh(self, change: int) -> None:
        """Write the transcript with a change in it, on a thread of its own; one at a time."""
        async with self._writing:
            if self._written >= change:
                return  # by who came later, and was first
            written = self._changes
            size = self._transcript.refresh(await in_thread(self._transcript.written))
            if self._widget is not None:
                self._widget.announce_file(size, await in_thread(self._widget.file_copy))
            self._written = written

    def _transcripts(self, mark: str) -> Mapping[str, str]:
        if self._waits is not None:
            self._waits.note_written()
        return self._render(mark)

    def _report(self, error: Exception) -> None:
        if self._widget is not None:
            self._widget.report(self.doing, error)

    def close(self) -> None:
        """Close the widget; nothing is shown any more."""
        self.is_closed = True
        with self._making:
            widget, self._widget = self._widget, None
        if widget is not None:
            widget.close()

    def _displayed(self) -> None:
        """Show the transcript of a view that stands in a layout, where only a widget may."""
        if self.is_closed or self._transcript.is_shown_by_cell():
            return
        if displayed_widgets.has_placed(self._transcript.display_id):
            # The view was captured together with it, as it was then.
            self._note_file(self._transcript.replace(self._transcript))
            return
        self._transcript.find_slot()
        self._show_transcript()

    def _show_transcript(self) -> None:
        if self._transcript.begin():
            output_widgets.after_cell(self._emit_transcript)
        else:
            self._emit_transcript()

    def _emit_transcript(self) -> None:
        self._note_file(self._transcript.emit())

    def _note_file(self, size: int) -> None:
        if self._widget is not None:
            self._widget.announce_settled_file(size)

    def _note_replaced(self) -> None:
        self.shown_at = None
        if self._widget is not None:
            self._widget.is_asked_for = False
            displayed_widgets.forget(self._widget)

    def _note_gone(self, display_id: str) -> None:
        """Note that something without a transcript has come into the place of the view."""
        del _by_display_id[display_id]
        if self.is_shown:
            self._note_replaced()
            _empty_beside[display_id] = self._transcript.remove()

    def _replaced(self, call: display_call.DisplayCall) -> "CellOutput | None":
        """Find what stands where this is to stand instead, with a transcript beside it."""
        if not call.is_update or call.display_id is None:
            return None
        before = _by_display_id.get(call.display_id)
        return before if before is not None and before.is_shown else None

    def has_written(self, result: object) -> bool:
        """Tell whether a cell's value is what `await` gave, and the view says it all already."""
        is_own = self._awaited is not None and self._awaited() is result
        return is_own and self._is_repeated_as_value()

    def _is_repeated_as_value(self) -> bool:
        """Tell whether a cell's value is what it got from a call, and that is shown already."""
        called = self._called_in is not None and self._called_in == host.cell()[1]
        return called and self.is_shown and display_call.current().is_value


def _note_update(display_id: str, model: str | None) -> None:
    """Take the transcript along with a view that an update has put something else in place of."""
    here = _by_display_id.get(display_id)
    if here is not None and getattr(here.made, "model_id", None) != model:
        here._note_gone(display_id)  # noqa: SLF001  # this module's


displayed_widgets.when_updated(_note_update)


def _write_result(result: object) -> None:
    """Write nothing for what `await` gave under the view that shows it; else IPython's text.

    Raises:
        NotImplementedError: Where IPython is to write the text.
    """
    outputs = [reference() for reference in _awaited_last]
    if not any(output is not None and output.has_written(result) for output in outputs):
        raise NotImplementedError
