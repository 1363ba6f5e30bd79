"""What a shown run leaves in the notebook's file: a transcript that reads without any widget.

It is an output of its own beside the view, since a front end that has no widget state shows an
error in place of everything that stands in one output with a widget view. It is filled when the
run ends; the view hides it while it is there. Where an Output widget takes the view, it stands
among the cell's own outputs, which the file keeps.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from powawidget.kernel import host, outputs
from powawidget.state.ops import Op

Render = Callable[[str], Mapping[str, str]]


class Document:
    """The transcript of one run or chat, in every output where that is shown.

    Attributes:
        mark: Its display id, and the class of its root, by which the view finds it.
        is_shown: Whether it stands anywhere, or will at the end of the cell.

    Args:
        render: Makes the transcript by media type, for the mark that its root has to carry.
        filled: Called with its size in bytes when it was brought up to date.
    """

    doing = "wrote the transcript into the notebook"

    def __init__(self, render: Render, filled: Callable[[int], object]) -> None:
        self.mark = f"powawidget-{secrets.token_hex(8)}"
        self._render = render
        self._filled = filled
        self.is_shown = False
        self._place: outputs.Where = "here"
        self._cell: dict[str, Any] | None = None
        self._shown_in: str | None = None
        self._is_stale = False

    def find_place(self) -> None:
        """Find out where it will stand: before its view is made, for that is told the mark."""
        self._place, self._cell = outputs.place(self)

    def show(self) -> int:
        """Emit the transcript as it is now as an output of the running cell.

        Returns:
            Its size in bytes.
        """
        host.follow_cells()
        self.is_shown = True
        self._shown_in = host.cell()[1]
        match self._place:
            case "here":
                return self._emit()
            case "held":
                return self._update()
            case "in a cell":
                return self._update("display_data", self._cell)
        outputs.after_cell(self._emit)
        return _size(self._render(self.mark))

    def is_shown_by_cell(self) -> bool:
        """Tell whether the running cell has shown it already."""
        return self.is_shown and self._shown_in == host.cell()[1]

    def _emit(self) -> int:
        from IPython.display import display  # noqa: PLC0415  # there is a kernel

        self._is_stale = False
        data = dict(self._render(self.mark))
        display(data, raw=True, display_id=self.mark)  # type: ignore[no-untyped-call]  # IPython has no types
        if self._is_stale:
            # It was brought up to date before it stood anywhere: nothing took that.
            self.ended()
        return _size(data)

    def changed(self, ops: list[Op]) -> None:
        """Hear of a change: the transcript is written at the end, not on the way."""

    def ended(self) -> None:
        """Bring the transcript up to date wherever it stands; on any thread.

        A cleared output stays cleared: a front end changes outputs of this mark, and adds none.
        """
        if self.is_shown:
            self._is_stale = True
            self._filled(self._update())

    def _update(self, kind: str = "update_display_data", cell: dict[str, Any] | None = None) -> int:
        data = dict(self._render(self.mark))
        content = {"data": data, "metadata": {}, "transient": {"display_id": self.mark}}
        host.publish(kind, content, b"display_data", cell)
        return _size(data)

    def recovered(self) -> None:
        """Bring the transcript up to date with what came after the end."""
        self.ended()


def _size(data: Mapping[str, str]) -> int:
    return sum(len(text.encode(errors="surrogatepass")) for text in data.values())
