"""Which cell has displayed a widget, by itself or within a layout.

A layout's output names only the layout, and a callback runs after its cell. So what a cell displays
is noted while it runs.
"""

import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from powawidget.kernel import host

_VIEW = "application/vnd.jupyter.widget-view+json"

# Each widget that stands in a cell's outputs, and the request of that cell; the latest ones last.
_cells: "weakref.WeakKeyDictionary[Any, dict[str, Any]]" = weakref.WeakKeyDictionary()
# Other threads look a widget up while a cell shows another: who reads all of a dict of weak
# references would fail where one is added meanwhile.
_cells_lock = threading.RLock()
# What is to be done at the end of a cell that has displayed a widget, maybe in a layout.
_awaited: "weakref.WeakKeyDictionary[Any, Callable[[], object]]" = weakref.WeakKeyDictionary()
# The display ids of the outputs that the running cell has put out.
_placed: set[str] = set()
# Tell the display id that an output had when it was captured, by what it holds.
_known: list[Callable[[dict[str, Any]], str | None]] = []
# Hear of each output that is updated: its display id, and the widget whose view it gets, if any.
_updated: list[Callable[[str, str | None], object]] = []
_followed: Any = None


def when_updated(hear: Callable[[str, str | None], object]) -> None:
    """Hear of each output that is updated, whatever it becomes.

    Args:
        hear: Called on the thread that runs cells, with the output's display id and the model id of
            the widget whose view it becomes; None where it becomes something else.
    """
    _updated.append(hear)


def know(id_of: Callable[[dict[str, Any]], str | None]) -> None:
    """Have outputs that were captured, and lost their display ids, get them again.

    Args:
        id_of: Tells the display id by what an output holds, by media type; None where it has none.
    """
    _known.append(id_of)


def follow() -> None:
    """Note from now on what cells display; to be called on the thread that runs them."""
    global _followed  # noqa: PLW0603  # one shell a process
    shell = getattr(host.kernel(), "shell", None)
    register = getattr(getattr(shell, "display_pub", None), "register_hook", None)
    is_main = threading.current_thread() is threading.main_thread()
    if shell is None or shell is _followed or register is None or not is_main:
        return
    _followed = shell
    register(_note_message)
    shell.events.register("post_run_cell", _at_end)


def when_displayed(widget: Any, job: Callable[[], object]) -> None:
    """Do something at the end of each cell that displays a widget, by itself or in a layout.

    Args:
        widget: The widget.
        job: What to do, on the cell's thread; it is kept as long as the widget.
    """
    _awaited[widget] = job


def cell_of(widget: Any) -> dict[str, Any] | None:
    """Find the cell in whose outputs a widget stands, by itself or in a layout.

    Returns:
        The request by which that cell ran last, or None where none is known.
    """
    return next(
        (request for shown, request in reversed(_shown()) if widget in _within(shown)),
        None,
    )


def forget(widget: Any) -> None:
    """Note that a widget stands in no cell's outputs by itself any more."""
    with _cells_lock:
        _cells.pop(widget, None)


def has_placed(display_id: str) -> bool:
    """Tell whether the cell that is at its end has put out an output with a display id.

    Whatever has captured outputs, as `%%capture` does, puts out the same ones later.
    """
    return display_id in _placed


def widgets() -> list[Any]:
    """Find all widgets that are open, the oldest first: there is no public way."""
    module = sys.modules.get("ipywidgets.widgets.widget")
    return list(getattr(module, "_instances", {}).values())


def _note_message(message: dict[str, Any]) -> dict[str, Any]:
    # Whatever else displays something comes by here too: nothing of it may raise.
    content = message.get("content", {})
    view = content.get("data", {}).get(_VIEW)
    model = view.get("model_id") if isinstance(view, dict) else None
    display_id = (content.get("transient") or {}).get("display_id")
    if message.get("msg_type") == "update_display_data" and isinstance(display_id, str):
        for hear in _updated:
            hear(display_id, model)
    if message.get("msg_type") != "display_data" or not host.is_in_cell():
        return message
    if display_id is None:
        display_id = next(filter(None, (id_of(content.get("data", {})) for id_of in _known)), None)
        if display_id is not None:
            content["transient"] = {**(content.get("transient") or {}), "display_id": display_id}
    if isinstance(display_id, str):
        _placed.add(display_id)
    if model is not None:
        _note(next((each for each in widgets() if each.model_id == model), None))
    return message


def _note(widget: Any) -> None:
    if widget is None:
        return
    request = host.request()
    with _cells_lock:
        _cells.pop(widget, None)
        _cells[widget] = request


def _shown() -> list[tuple[Any, dict[str, Any]]]:
    with _cells_lock:
        return list(_cells.items())


def _at_end(result: Any) -> None:
    if not host.is_in_cell():
        return
    value = getattr(result, "result", None)
    if any(value is each for each in widgets()):
        _note(value)
    here = host.cell()[1]
    shown = [widget for widget, request in _shown() if _id(request) == here]
    for widget in [each for found in shown for each in _within(found)]:
        job = _awaited.get(widget)
        if job is not None:
            job()
    _placed.clear()


def _id(request: dict[str, Any]) -> Any:
    return request.get("header", {}).get("msg_id")


def _within(widget: Any) -> Iterator[Any]:
    """A widget and all in it."""
    waiting, seen = [widget], set()
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            children = getattr(each, "children", ())
            waiting.extend(reversed(children) if isinstance(children, tuple) else ())
