"""ipywidgets' Output widgets: what is displayed within one stands in no cell's outputs.

A notebook's file keeps the outputs of cells; what an Output holds it keeps only as saved widget
state. So a transcript goes into the outputs of the running cell, once that is over and nothing is
taken any more. What a callback shows takes the place of what was there before, or becomes one more
output of the cell that has displayed the Output.
"""

import weakref
from collections.abc import Callable
from typing import Any, Literal, Protocol

from powawidget.kernel import displayed, host

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


class Shown(Protocol):
    """What was made and is displayed in an Output."""

    @property
    def made(self) -> Any:
        """Its widget, or None where there is none yet."""


class _Places:
    """The places in a cell's outputs for the transcripts of what one Output shows.

    Attributes:
        execution: The request that has shown something in the Output last.
        request: The cell in whose outputs the places are.
        marks: The display ids of the places.
        held: What stands in the first of them, in order.
        shown: What is shown, by which request, and whether the page has shown it.
    """

    def __init__(self) -> None:
        self.execution: str | None = None
        self.request: dict[str, Any] = {}
        self.marks: list[str] = []
        self.held: list[weakref.ref[Transcript]] = []
        self.shown: dict[weakref.ref[Shown], tuple[str | None, bool]] = {}

    def begin(self, execution: str | None, cell: dict[str, Any] | None) -> None:
        """Note which request shows something; the first time what others have left makes room.

        Args:
            execution: The request.
            cell: The cell in whose outputs there may be places, where one is known.
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

    def heard(self, outputs: tuple[dict[str, Any], ...]) -> None:
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


_by_output: "weakref.WeakKeyDictionary[Any, _Places]" = weakref.WeakKeyDictionary()


def taker() -> Any | None:
    """Find the Output that takes what is displayed now, the innermost by its age.

    Returns:
        The widget, or None where what is displayed reaches the running cell.
    """
    request = host.cell()[1]
    known = displayed.widgets() if request is not None else []
    taking = [each for each in known if _takes(each) == request]
    return taking[-1] if taking else None


def place(transcript: Transcript) -> tuple[Where, dict[str, Any] | None]:
    """Find the place of a transcript whose view is about to be displayed.

    Args:
        transcript: The transcript; where it takes the place of another, its mark becomes that
            one's.

    Returns:
        Whether it is to be displayed beside the view, at the end of the running cell, or as one
        more output of a cell that is over, whose request is the second value; or that it has the
        display id of one that stands there already.
    """
    output = taker()
    if output is None:
        return "here", None
    if output not in _by_output:
        _by_output[output] = _Places()
        output.observe(_heard, "outputs")
    places = _by_output[output]
    is_cell = host.is_in_cell()
    cell = host.request() if is_cell else displayed.cell_of(output)
    places.begin(host.cell()[1], cell)
    count = len(places.held)
    is_held = count < len(places.marks)
    if not places.request or (is_held and transcript.is_shown):
        return "here", None
    if not is_held:
        places.marks.append(transcript.mark)
    places.held.append(weakref.ref(transcript))
    transcript.mark = places.marks[count]
    if is_held:
        return "held", None
    return ("after the cell", None) if is_cell else ("in a cell", places.request)


def watch(shown: Shown) -> None:
    """Close something once the Output that takes it has been cleared for something newer.

    As a cell that is run again closes what it has made before, so does a callback; the page tells
    by the trait `outputs` what an Output still shows.

    Args:
        shown: What is displayed now, made by the running request.
    """
    output = taker()
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
        if host.cell()[1] == execution and taker() is None:
            events.unregister("post_execute", at_end)
            job()

    events.register("post_execute", at_end)


def _empty(mark: str) -> None:
    data = {"data": {"text/plain": ""}, "metadata": {}, "transient": {"display_id": mark}}
    host.publish("update_display_data", data, b"display_data")


def _takes(widget: Any) -> str | None:
    """Which request's outputs a widget takes; an Output says so to the page."""
    request = getattr(widget, "msg_id", None)
    return request if isinstance(request, str) and hasattr(widget, "outputs") else None


def _time(request: dict[str, Any]) -> str:
    return str(request.get("header", {}).get("date", ""))


def _heard(change: Any) -> None:
    places = _by_output.get(change["owner"])
    if places is not None:
        places.heard(change["new"])
