"""What a shown run leaves in the notebook's file: a transcript that reads without any widget.

It is an output of its own beside the view, since a front end that has no widget state shows an
error in place of everything that stands in one output with a widget view. It is filled when the
run ends; the view hides it while it is there.
"""

import secrets
from collections.abc import Callable, Mapping

from powawidget.kernel import host
from powawidget.ops import Op

Render = Callable[[str], Mapping[str, str]]


class Document:
    """The transcript of one run or chat, in every output where that is shown.

    Args:
        render: Makes the transcript by media type, for the mark that its root has to carry.
        filled: Called with its size in bytes when it was brought up to date.
    """

    def __init__(self, render: Render, filled: Callable[[int], object]) -> None:
        self.mark = f"powawidget-{secrets.token_hex(8)}"
        self._render = render
        self._filled = filled
        self._is_shown = False
        self._is_stale = False

    def show(self) -> int:
        """Emit the transcript as it is now as an output of the running cell.

        Returns:
            Its size in bytes.
        """
        from IPython.display import display  # noqa: PLC0415  # there is a kernel

        host.follow_cells()
        self._is_shown = True
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
        if not self._is_shown:
            return
        self._is_stale = True
        data = dict(self._render(self.mark))
        content = {"data": data, "metadata": {}, "transient": {"display_id": self.mark}}
        host.publish("update_display_data", content, b"display_data")
        self._filled(_size(data))

    def learned(self) -> None:
        """Bring the transcript up to date with what came after the end."""
        self.ended()


def _size(data: Mapping[str, str]) -> int:
    return sum(len(text.encode(errors="surrogatepass")) for text in data.values())
