"""The output of a cell that holds the transcript: it reads without any widget.

It is an output of its own beside the view, since a front end that has no widget state shows an
error in place of everything that stands in one output with a widget view. It is filled when the
run ends; the view hides it while it is there. Where an Output widget takes the view, it stands
among the cell's own outputs, which the file keeps.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from powawidget.kernel import host, output_widgets

Render = Callable[[str], Mapping[str, str]]


class TranscriptOutput:
    """The transcript of one run or chat, in every output where that is shown.

    Attributes:
        mark: Its display id, and the class of its root, by which the view finds it.
        is_shown: Whether it stands anywhere, or will at the end of the cell.

    Args:
        render: Makes the transcript by media type, for the mark that its root has to carry.
    """

    def __init__(self, render: Render) -> None:
        self.mark = f"powawidget-{secrets.token_hex(8)}"
        self._render = render
        self.is_shown = False
        self._where: output_widgets.Where = "here"
        self._cell: dict[str, Any] | None = None
        self._shown_in: str | None = None
        self._is_stale = False
        self._is_repeated = False

    def find_slot(self) -> None:
        """Find out where it will stand: before its view is made, for that gets the mark."""
        self._where, self._cell = output_widgets.slot_for(self)

    def begin(self) -> bool:
        """Note that the running cell shows it.

        Returns:
            Whether it can be emitted at the end of the cell only.
        """
        host.follow_cells()
        self.is_shown = True
        self._shown_in = host.cell()[1]
        self._is_repeated = not host.has_front_end()
        return self._where == "after the cell"

    def emit(self) -> int:
        """Write the transcript as it is now where it is to stand.

        Returns:
            Its size in bytes.
        """
        match self._where:
            case "held":
                return self._publish()
            case "in a cell":
                return self._publish("display_data", self._cell)
        from IPython.display import display  # noqa: PLC0415  # there is a kernel

        self._is_stale = False
        data = dict(self._render(self.mark))
        display(data, raw=True, display_id=self.mark)  # type: ignore[no-untyped-call]  # IPython has no types
        # An update before it stood anywhere changed nothing.
        return self._publish() if self._is_stale else _size(data)

    def refresh(self) -> int | None:
        """Bring the transcript up to date wherever it stands; on any thread.

        A cleared output stays cleared: a front end changes outputs of this mark, and adds none.

        Returns:
            Its size in bytes; None where it isn't shown.
        """
        if not self.is_shown:
            return None
        self._is_stale = True
        if self._is_repeated:
            # nbclient and papermill heed no message that comes between two cells.
            host.in_next_cell(self._publish)
        return self._publish()

    def is_shown_by_cell(self) -> bool:
        """Tell whether the running cell has shown it already."""
        return self.is_shown and self._shown_in == host.cell()[1]

    def _publish(
        self, kind: str = "update_display_data", cell: dict[str, Any] | None = None
    ) -> int:
        data = dict(self._render(self.mark))
        content = {"data": data, "metadata": {}, "transient": {"display_id": self.mark}}
        host.publish(kind, content, b"display_data", cell)
        return _size(data)


def _size(data: Mapping[str, str]) -> int:
    return sum(len(text.encode(errors="surrogatepass")) for text in data.values())
