"""The widget of an inbox: that of a chat whose turns are what waits, and beside it the rows."""

from collections.abc import Callable
from typing import Any

import traitlets

from powawidget.waiting.live import LiveInbox
from powawidget.waiting.messages import WaitingMessage
from powawidget.widget.board import BoardWidget
from powawidget.widget.widget import Act


class InboxWidget(BoardWidget):
    """Shows what waits for a person.

    Args:
        live: What waits, while it changes.
        act: Does what a person asked for; returns why not, where it refuses.
        on_hello: Called whenever a page says that it shows the inbox; on the loop thread.
        on_close: Called once when the widget is closed, by whomever.
        mark: By which the page finds the transcript beside the view.
    """

    # Which module draws it.
    _drawn_by = traitlets.Unicode("inbox").tag(sync=True)

    _key = "chat"

    def __init__(
        self,
        live: LiveInbox,
        act: Act,
        on_hello: Callable[[], object],
        on_close: Callable[[], None],
        mark: str = "",
    ) -> None:
        self._inbox = live
        self._on_hello = on_hello
        self._told: WaitingMessage | None = None
        super().__init__(live, act, on_close, mark)
        live.look = self._look

    @property
    def is_over(self) -> bool:
        """Never: it goes on with the kernel, and is small while nothing waits."""
        return False

    def answer_hello(self, have: object = None, made: object = None) -> None:
        """Send what waits, and note that a person can click from now on."""
        super().answer_hello(have, made)
        self._on_hello()

    def answer_act(self, action: str, refused: str | None) -> None:
        """Send what the decision has changed, then say that it has arrived."""
        self._inbox.refresh()
        self._look()
        super().answer_act(action, refused)

    def answer_view(self, view: str, message: dict[str, Any]) -> None:
        """Answer what a view of an inbox asks for; on the loop thread."""
        del view  # all views are told the same
        match message.get("kind"):
            case "waiting":
                self._told = None
            case "hide_row":
                self._inbox.hide(message.get("row"))
            case _:
                return
        self._inbox.refresh()
        self._look()

    def close(self) -> None:
        """Close the widget."""
        self._inbox.look = None
        super().close()

    def _look(self) -> None:
        """Tell the views what has changed."""
        if not self.greeted or self.comm is None:
            return
        message = self._inbox.message()
        if message != self._told:
            self.flush()  # the requests first: a row names their turn
            self._told = message
            self.tell(message)
