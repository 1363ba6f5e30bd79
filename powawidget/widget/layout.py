"""A widget's layout, made when somebody asks for it.

ipywidgets makes a model of 900 bytes for each widget's layout, and sends it to each page. Runs and
chats have nothing to say in theirs. None is shared either: whoever hides one run by its
`layout.display` must not hide all of them.
"""

import contextvars
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ipywidgets
from ipywidgets.widgets.trait_types import InstanceDict

_reading: contextvars.ContextVar[bool] = contextvars.ContextVar("_reading", default=False)


class LayoutOnDemand(InstanceDict):  # type: ignore[misc]  # ipywidgets has no types
    """The trait `layout` of a widget: none on the page until it is first read in Python."""

    def __init__(self) -> None:
        super().__init__(ipywidgets.Layout, allow_none=True)
        self.tag(sync=True, **ipywidgets.widget_serialization)

    def make_dynamic_default(self) -> None:
        """Make none."""

    def get(self, obj: Any, cls: Any = None) -> Any:
        """Give the widget's layout, which is made unless the widget is only being sent."""
        layout = super().get(obj, cls)
        if layout is None and not _reading.get():
            layout = ipywidgets.Layout()
            self.set(obj, layout)
        return layout


@contextmanager
def as_it_is() -> Iterator[None]:
    """Read the layouts of widgets within without making any."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)
