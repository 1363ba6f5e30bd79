"""A run that is a turn of a chat."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from powawidget.kernel import display_call
from powawidget.run.approvers import Approvers
from powawidget.run.run import Run
from powawidget.run.task import RunTask
from powawidget.state.values import RunResult
from powawidget.widget.output import CellOutput


@dataclass(frozen=True)
class ChatView:
    """What a turn uses of its chat.

    Attributes:
        output: Where the chat is shown.
        show: Shows the chat where nobody has.
        is_stuck: Tells whether waiting for a turn would never end.
        check: Raises where waiting for a turn would never end.
    """

    output: CellOutput
    show: Callable[[], None]
    is_stuck: Callable[[RunTask], bool]
    check: Callable[[RunTask], None]


class Turn(Run):
    """A run that its chat starts, in its turn, and shows.

    Args:
        task: What is behind it.
        approvers: Who can decide on its requests: the chat asks it too.
        chat: What it uses of its chat.
    """

    def __init__(self, task: RunTask, approvers: Approvers, chat: ChatView) -> None:
        super().__init__(task, approvers)
        self._output.made_in = None  # a turn doesn't end with the request that asked for it
        # A person can click where the chat is shown, too.
        approvers.outputs.append(chat.output)
        self._chat = chat

    def start(self) -> Run:
        """Do nothing: the chat starts the run, once its turn has come."""
        return self

    def _show(self) -> None:
        self._chat.show()

    def _note_awaited(self, result: RunResult) -> None:
        self._chat.output.note_awaited(result)

    def _is_over_or_stuck(self) -> bool:
        return super()._is_over_or_stuck() or self._chat.is_stuck(self._task)

    def _check(self) -> None:
        self._chat.check(self._task)
        super()._check()

    def _ipython_display_(self) -> None:
        if not display_call.current().is_value:
            super()._ipython_display_()
        elif not self._chat.output.is_shown:
            # A cell that ends with `chat.send(...)` shows the chat, but not a second time.
            self._chat.output.emit()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        if display_call.current().is_value:
            return {"text/plain": repr(self)}, {}
        return super()._repr_mimebundle_(include, exclude)
