"""Inbox: one widget for everything of this kernel that waits for a person."""

import threading
import time
from typing import Any

from powawidget.kernel import loop
from powawidget.run import approvers
from powawidget.waiting.live import LiveInbox
from powawidget.waiting.transcript import said_of, told_of, transcripts
from powawidget.widget.output import CellOutput


class Inbox:
    """Everything of this kernel that waits for a person's decision, in one widget.

    Make it with `powawidget.inbox()`, and show it by making it the last value of a cell, in any
    number of cells. It decides by each run's own way, as the run's card does: whoever decides
    first, at the card, here or in code, decides everywhere.

    It covers the runs of this kernel: the service has no list of what waits.
    """

    def __init__(self) -> None:
        self._live = LiveInbox()
        self._output = CellOutput(self._make_widget, self._transcripts, self.__repr__)
        self._output.made_in = None  # it doesn't end with the request that asked for it
        approvers.everywhere.append(self._output)

    @property
    def widget(self) -> Any:
        """The widget that shows the inbox, made when it is first asked for; for layouts."""
        return self._output.widget

    @property
    def is_closed(self) -> bool:
        """Whether its widget was closed, so that it shows nothing any more."""
        return self._output.is_closed

    def show(self, *, max_height: int | None) -> None:
        """Show the inbox, as `Run.show` does.

        Args:
            max_height: How tall its box may be, in pixels, before it scrolls; None lets it grow.

        Raises:
            InvalidValueError: If it isn't a height.
        """
        self._output.show_at(self, max_height)

    def close(self) -> None:
        """Close its widget. What waits goes on waiting; `powawidget.inbox()` makes another."""
        self._output.close()
        self._live.leave()
        if self._output in approvers.everywhere:
            approvers.everywhere.remove(self._output)

    def __repr__(self) -> str:
        return f"<Inbox: {said_of(len(self._live.waiting()))}>"

    def _ipython_display_(self) -> None:
        self._output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self._output.bundle(include, exclude)

    def _display_(self) -> Any:
        """Give marimo what it shows."""
        return self.widget

    def _make_widget(self, mark: str) -> Any:
        from powawidget.waiting.widget import InboxWidget  # noqa: PLC0415  # most need none

        live = self._live
        self._refresh()
        widget = InboxWidget(live, live.act, approvers.note_page, self.close, mark)
        with live.lock:
            live.subscribers.append(self._output)
        live.note_change()  # of what has changed while it was made
        return widget

    def _refresh(self) -> None:
        """Read what waits now: from then on it is read whenever something changes."""
        if loop.loop_thread().is_current:
            self._live.refresh()
        else:
            loop.run_sync(_refreshed(self._live))
        self._live.note_change()  # a request that is quite new is listed a moment later

    def _transcripts(self, mark: str) -> dict[str, str]:
        return transcripts(told_of(self._live.waiting()), time.time(), mark)


_lock = threading.Lock()
_inbox: Inbox | None = None


def inbox() -> Inbox:
    """Give the inbox of this kernel: everything that waits for a person, in one widget.

    It is the same each time, and may be shown in any number of cells. It lists the runs of this
    kernel, those of chats, batches and comparisons too, however far up the page their cells are:
    the service has no list of what waits. Rules: docs/protocol.md#one-slot and #deadline.

    Returns:
        The inbox.

    Example:
        >>> powawidget.inbox()
        <Inbox: Nothing waits for you>
    """
    global _inbox  # noqa: PLW0603  # one a kernel is the point
    with _lock:
        if _inbox is None or _inbox.is_closed:
            _inbox = Inbox()
        found = _inbox
    found._refresh()  # noqa: SLF001  # its own module
    return found


async def _refreshed(live: LiveInbox) -> None:
    live.refresh()
