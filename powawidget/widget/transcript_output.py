"""The output of a cell that holds the transcript: it reads without any widget.

It is an output of its own beside the view, since a front end that has no widget state shows an
error in place of everything that stands in one output with a widget view. It is filled when the
run ends; the view hides it while it is there. Where an Output widget takes the view, it stands
among the cell's own outputs, which the file keeps.
"""

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from typing import Any

from powawidget.kernel import displayed_widgets, host, output_widgets

Render = Callable[[str], Mapping[str, str]]


class TranscriptOutput:
    """The transcript of one run or chat, in every output where that is shown.

    Attributes:
        mark: The class of its root, by which the view finds it; and its display id, as long as it
            stands in no other's place.
        is_shown: Whether it stands anywhere, or will at the end of the cell.

    Args:
        render: Makes the transcript by media type, for the mark that its root has to carry.
    """

    def __init__(self, render: Render) -> None:
        self.mark = _new_mark()
        self._render = render
        self.is_shown = False
        self._where: output_widgets.Where = "here"
        self._cell: dict[str, Any] | None = None
        self._shown_in: str | None = None
        self._is_stale = False
        self._is_repeated = False
        self._has_stood = False
        # What all outputs hold that it stands in; None where they may differ.
        self._held: int | None = None
        self._newest: dict[str, str] = {}
        self._updating = threading.RLock()
        self._display_id: str | None = None

    @property
    def display_id(self) -> str:
        """By which a front end finds the outputs that hold it."""
        return self._display_id or self.mark

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
        return self._write(self._put)

    def replace(self, other: "TranscriptOutput") -> int:
        """Write the transcript where that of another run stands, whose view it has replaced.

        Returns:
            Its size in bytes.
        """
        return self._write(self._publish) if other is self else self.take(other.leave())

    def take(self, place: str) -> int:
        """Write the transcript into an output that another has left.

        Args:
            place: The display id of that output.

        Returns:
            Its size in bytes.
        """
        self._display_id = place
        self.begin()
        return self._write(self._publish)

    def remove(self) -> str:
        """Empty the output where it stands, which can't be taken out of a cell.

        Returns:
            The display id of that output, for who comes in its place.
        """
        self._publish({"text/plain": ""})
        return self.leave()

    def leave(self) -> str:
        """Give up the place where it stands; returns the display id of that."""
        left, self._display_id = self.display_id, _new_mark()
        self.is_shown = self._has_stood = False
        return left

    def note_change(self) -> bool:
        """Note that what stands anywhere is out of date; `refresh` is to follow.

        Returns:
            Whether it is shown.
        """
        self._is_stale = True
        return self.is_shown

    def written(self) -> dict[str, str]:
        """Write the transcript as it is now, by media type; on any thread. It takes long."""
        return dict(self._render(self.mark))

    def refresh(self, data: dict[str, str]) -> int:
        """Put a newer transcript wherever it stands; on any thread.

        A cleared output stays cleared: a front end changes outputs of this mark, and adds none.

        Args:
            data: What `written` gave.

        Returns:
            Its size in bytes.
        """
        # Two threads may come with the same one, or one after the other.
        with self._updating:
            # Where it has stood nowhere, `emit` is under way and will see that this is newer.
            if self._has_stood and _content(data) != self._held:
                self._newest = data
                if self._is_repeated:
                    host.send_heeded(self._send_newest)
                else:
                    self._send_newest()
        return _size(data)

    def is_shown_by_cell(self) -> bool:
        """Tell whether the running cell has shown it already."""
        return self.is_shown and self._shown_in == host.cell()[1]

    def _write(self, put: Callable[[dict[str, str]], object]) -> int:
        """Put the transcript somewhere, and a newer one where the run went on meanwhile."""
        self._is_stale = False
        data = self.written()
        put(data)
        is_alike = not self._has_stood or _content(data) == self._held
        self._held = _content(data) if is_alike else None
        self._has_stood = True
        size = _size(data)
        # Read after that is set: `refresh` either sees it, or the change was noted before. What
        # changes while it is written again makes it stale again.
        while self._is_stale:
            self._is_stale = False
            size = self.refresh(self.written())
        return size

    def _put(self, data: dict[str, str]) -> None:
        match self._where:
            case "held":
                self._publish(data)
            case "in a cell":
                self._publish(data, "display_data", self._cell)
            case _:
                from IPython.display import display  # noqa: PLC0415  # there is a kernel

                display(data, raw=True, display_id=self.display_id)  # type: ignore[no-untyped-call]  # IPython has no types

    def _publish(
        self,
        data: dict[str, str],
        kind: str = "update_display_data",
        cell: dict[str, Any] | None = None,
    ) -> int:
        content = {"data": data, "metadata": {}, "transient": {"display_id": self.display_id}}
        # What is noted as held is what was sent last.
        with self._updating:
            host.publish(kind, content, b"display_data", cell)
            if kind == "update_display_data":
                self._held = _content(data)
        return _size(data)

    def _send_newest(self) -> None:
        self._publish(self._newest)


_ROOT = re.compile(r'<div [^<>]{0,800}\bclass="[^"]*\b(powawidget-[0-9a-f]{16})[" ]')


def _new_mark() -> str:
    return f"powawidget-{secrets.token_hex(8)}"


def _mark_of(data: Mapping[str, Any]) -> str | None:
    """The mark of a transcript that is put out once more, as captured outputs are."""
    html = data.get("text/html")
    root = _ROOT.match(html) if isinstance(html, str) else None
    return None if root is None else root[1]


displayed_widgets.know(_mark_of)


def _content(data: Mapping[str, str]) -> int:
    return hash(frozenset(data.items()))


def _size(data: Mapping[str, str]) -> int:
    return sum(len(text.encode(errors="surrogatepass")) for text in data.values())
