"""Transcripts of what ipywidgets' Output widgets capture: they stand in a cell's own outputs.

What an Output captures is in no cell's outputs, and a notebook's file keeps it only as saved widget
state. So a transcript becomes an output of the running cell, at the cell's end, when no Output
captures any more. What a callback displays goes into a slot, the output of a transcript that was
displayed before, or becomes one more output of the cell that has displayed the Output.
"""

import weakref
from collections.abc import Callable
from typing import Any, Literal, Protocol

from powawidget.kernel import displayed_widgets, host

_VIEW = "application/vnd.jupyter.widget-view+json"

Where = Literal["here", "after the cell", "in a cell", "held"]


class Transcript(Protocol):
    """A transcript.

    Attributes:
        mark: The display id of the outputs where it stands, and what the view hides it by.
        is_shown: Whether it stands anywhere.
    """

    mark: str
    is_shown: bool


class Displayed(Protocol):
    """What was made and is displayed in an Output."""

    @property
    def made(self) -> Any:
        """Its widget, or None where there is none yet."""


class _Slots:
    """The slots, outputs of a cell, for the transcripts of what one Output captures.

    Attributes:
        execution: The request that has shown something in the Output last.
        request: The cell in whose outputs the slots are.
        marks: The display ids of the slots.
        held: What stands in the first of them, in order.
        shown: What is shown, by which request, and whether the page has shown it.
    """

    def __init__(self) -> None:
        self.execution: str | None = None
        self.request: dict[str, Any] = {}
        self.marks: list[str] = []
        self.held: list[weakref.ref[Transcript]] = []
        self.shown: dict[weakref.ref[Displayed], tuple[str | None, bool]] = {}

    def begin(self, execution: str | None, cell: dict[str, Any] | None) -> None:
        """Note which request shows something; the first time what others have left is removed.

        Args:
            execution: The request.
            cell: The cell in whose outputs there may be slots, where one is known.
        """
        if execution == self.execution:
            return
        self.execution = execution
        if cell is not None and _time(cell) > _time(self.request):
            # Its outputs are new, and what stands elsewhere stays as it is.
            self.request = cell
            self.marks.clear()
        for reference in self.held if self.marks else ():
            if (transcript := reference()) is not None:
                transcript.is_shown = False
        for mark in self.marks[1:]:
            _empty(mark)
        self.held.clear()

    def captured(self, outputs: tuple[dict[str, Any], ...]) -> None:
        """Close what was shown before and isn't any more: the Output was cleared for another."""
        views = {each.get("data", {}).get(_VIEW, {}).get("model_id") for each in outputs}
        for reference, (execution, was_seen) in list(self.shown.items()):
            widget = getattr(reference(), "made", None)
            if widget is None:
                del self.shown[reference]
            elif widget.model_id in views:
                self.shown[reference] = (execution, True)
            elif was_seen and execution != self.execution:
                del self.shown[reference]
                widget.close()


_by_output: "weakref.WeakKeyDictionary[Any, _Slots]" = weakref.WeakKeyDictionary()


def capturing() -> Any | None:
    """Find the Output that captures what is displayed now, the innermost by its age.

    Returns:
        The widget, or None where what is displayed reaches the running cell.
    """
    request = host.cell()[1]
    known = displayed_widgets.widgets() if request is not None else []
    capturing_now = [each for each in known if _captures(each) == request]
    return capturing_now[-1] if capturing_now else None


def slot_for(transcript: Transcript) -> tuple[Where, dict[str, Any] | None]:
    """Find the slot of a transcript whose view is about to be displayed.

    Args:
        transcript: The transcript; in a slot that is there already, its mark becomes that of the
            slot.

    Returns:
        Whether it is to be displayed beside the view, at the end of the running cell, or as one
        more output of a cell that is over, whose request is the second value; or that it has the
        display id of one that stands there already.
    """
    output = capturing()
    if output is None:
        return "here", None
    if output not in _by_output:
        _by_output[output] = _Slots()
        output.observe(_outputs_changed, "outputs")
    slots = _by_output[output]
    is_cell = host.is_in_cell()
    cell = host.request() if is_cell else displayed_widgets.cell_of(output)
    slots.begin(host.cell()[1], cell)
    count = len(slots.held)
    is_held = count < len(slots.marks)
    if not slots.request or (is_held and transcript.is_shown):
        return "here", None
    if not is_held:
        slots.marks.append(transcript.mark)
    slots.held.append(weakref.ref(transcript))
    transcript.mark = slots.marks[count]
    if is_held:
        return "held", None
    return ("after the cell", None) if is_cell else ("in a cell", slots.request)


def watch(shown: Displayed) -> None:
    """Close something once the Output that captured it has been cleared for something newer.

    As a cell that is run again closes what it has made before, so does a callback; the page tells
    by the trait `outputs` what an Output still shows.
    """
    output = capturing()
    if output in _by_output:
        _by_output[output].shown[weakref.ref(shown)] = (host.cell()[1], False)


def after_cell(job: Callable[[], object]) -> None:
    """Do something at the end of the running cell, when what it displays is its own again.

    Args:
        job: What to do, on the cell's thread.
    """
    execution = host.cell()[1]
    events = host.kernel().shell.events  # type: ignore[union-attr]  # a cell is running

    def at_end() -> None:
        if host.cell()[1] == execution and capturing() is None:
            events.unregister("post_execute", at_end)
            job()

    events.register("post_execute", at_end)


def _empty(mark: str) -> None:
    data = {"data": {"text/plain": ""}, "metadata": {}, "transient": {"display_id": mark}}
    host.publish("update_display_data", data, b"display_data")


def _captures(widget: Any) -> str | None:
    """The request whose outputs a widget captures; an Output says so to the page."""
    request = getattr(widget, "msg_id", None)
    return request if isinstance(request, str) and hasattr(widget, "outputs") else None


def _time(request: dict[str, Any]) -> str:
    return str(request.get("header", {}).get("date", ""))


def _outputs_changed(change: Any) -> None:
    slots = _by_output.get(change["owner"])
    if slots is not None:
        slots.captured(change["new"])
