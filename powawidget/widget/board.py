"""The widget of many runs: that of a run, and beside it what a module of the page draws of them.

Each view of a page has a name of its own, which its messages carry.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import traitlets

from powawidget.live.read_model import ReadModel
from powawidget.state.model import plain
from powawidget.widget.widget import Act, StateWidget

LONGEST_ID = 100  # letters of what a page calls a view or a question


class BoardWidget(StateWidget):
    """Shows a read model by a module of the page.

    Args:
        live: What it shows.
        act: Does what a person asked for; returns why not, where it refuses.
        on_close: Called once when the widget is closed, by whomever.
        mark: By which the page finds the transcript beside the view.
    """

    # The transcript's mark. Not as `_mark`: the core would hide the transcript, and without the
    # module, as where there is no kernel, it is all there is to read.
    _board = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, live: ReadModel[Any], act: Act, on_close: Callable[[], None], mark: str = ""
    ) -> None:
        self._tasks: set[asyncio.Task[None]] = set()  # a loop holds its own by weak references
        # With the first message: where the page is slow, anywidget drops what follows that.
        self.set_trait("_board", mark)
        super().__init__(live, act, on_close, f"{mark}-board")

    def answer_other(self, message: dict[str, Any]) -> None:
        """Answer what only such a page asks for; on the loop thread."""
        view = message.get("view")
        if isinstance(view, str) and 0 < len(view) <= LONGEST_ID:
            self.answer_view(view, message)

    @abstractmethod
    def answer_view(self, view: str, message: dict[str, Any]) -> None:
        """Answer what one view asks for; on the loop thread.

        Args:
            view: Its name.
            message: What it asks for, as the page sent it.
        """

    def begin(self, doing: str, work: Coroutine[Any, Any, None]) -> None:
        """Begin what takes long, and report what fails; on the loop thread.

        Args:
            doing: What it does, as in "powawidget failed while it …".
            work: Does it.
        """

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001  # a task's own: nobody else would see it
                self.report(doing, error)

        self._tasks.add(task := self._loop.create_task(guarded()))
        task.add_done_callback(self._tasks.discard)

    def tell(self, message: msgspec.Struct) -> None:
        """Send a message to all views, where there are any."""
        if self.comm is not None:
            self.send(plain(message))
