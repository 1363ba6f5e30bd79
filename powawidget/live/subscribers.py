"""Who receives the changes of a run or a chat; one that fails is reported, and ends nothing."""

import contextlib
import inspect
import logging
import threading
import traceback
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, NamedTuple, Protocol

from powawidget.state.ops import Op

_log = logging.getLogger("powawidget")

Rest = Coroutine[Any, Any, None]


class Subscriber(Protocol):
    """Who receives changes: a widget, a transcript, or the chat whose turn a run is.

    What one raises is logged and shown; the others receive the change all the same.

    Attributes:
        doing: What it does with what it receives, as in "powawidget failed while it …".
    """

    doing: str

    def changed(self, ops: list[Op]) -> None:
        """Receive changes that have just been applied; called under the lock."""

    def ended(self) -> Rest | None:
        """Receive the end of the run; called under the lock.

        Returns:
            What is left to do then and takes long: it is done without the lock. None where
            nothing is.
        """

    def recovered(self) -> Rest | None:
        """Receive the end of what is found out after the run's end; as `ended`."""


class Subscribers(list[Subscriber]):
    """The subscribers of a run or a chat."""

    def __init__(self, troubles: "Troubles") -> None:
        super().__init__()
        self._troubles = troubles

    def publish(self, ops: list[Op]) -> None:
        """Publish changes."""
        for one in tuple(self):
            self._troubles.call(_doing_of(one), one.changed, ops)

    def publish_end(self) -> "list[Left]":
        """Publish the end.

        Returns:
            What is left to do.
        """
        return self._left("ended")

    def publish_recovery(self) -> "list[Left]":
        """Publish that nothing more is found out after the end.

        Returns:
            What is left to do.
        """
        return self._left("recovered")

    def _left(self, what: str) -> "list[Left]":
        left = []
        for one in tuple(self):
            rest = self._troubles.call(_doing_of(one), getattr(one, what))
            if inspect.iscoroutine(rest):
                left.append(Left(_doing_of(one), rest))
        return left


class Left(NamedTuple):
    """What a subscriber has left to do after an end.

    Attributes:
        doing: What that is, as in "powawidget failed while it …".
        rest: Does it.
    """

    doing: str
    rest: Rest


async def do_left(left: Iterable[Left], report: Callable[[str, BaseException], object]) -> None:
    """Do what subscribers have left to do, one after the other; on the loop thread.

    Args:
        left: What it is.
        report: Logs and shows what fails.
    """
    for one in left:
        try:
            await one.rest
        except Exception as error:  # noqa: BLE001  # the others go on
            report(one.doing, error)


class Troubles:
    """What has failed beside a run or a chat: logged, and shown once for each thing.

    Attributes:
        unreported: What is to be reported, in words.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._known: set[str] = set()
        self.unreported: list[str] = []

    def call(self, doing: str, receive: Callable[..., object], *args: object) -> object:
        """Call a subscriber, and note what it raises.

        Args:
            doing: What it does, as in "powawidget failed while it …".
            receive: What to call.
            *args: What it receives.

        Returns:
            What it returns; None where it raises.
        """
        try:
            return receive(*args)
        except BaseException as error:
            # A subscriber must not end a run: an exit would end the loop thread with all runs. In
            # the main thread it may be a person's interrupt.
            if not isinstance(error, Exception) and is_main_thread():
                raise
            self.note(doing, error)
            return None

    def note(self, doing: str, error: BaseException) -> None:
        """Log what was raised, and keep it to be reported.

        What fails once may fail at each of thousands of changes: that is logged at DEBUG.
        """
        level = logging.DEBUG if doing in self._known else logging.ERROR
        if _log.isEnabledFor(level):
            text = self._redact("".join(traceback.format_exception(error)))
            log(level, "powawidget failed while it %s\n%s", doing, text)
        if doing not in self._known:
            self._known.add(doing)
            # What was raised may hold anything: its kind is enough here.
            name = type(error).__name__
            self.unreported.append(
                f"powawidget failed while it {doing}: {name}. The kernel's log says more."
            )

    def pop_reports(self) -> list[str]:
        """Remove and return what is to be reported now, in words."""
        taken, self.unreported = self.unreported, []
        return taken


def log(level: int, text: str, *args: object) -> None:
    """Log something, whatever a person's own handlers and filters raise at it."""
    with contextlib.suppress(Exception):
        _log.log(level, text, *args)


def is_main_thread() -> bool:
    """Tell whether this is the thread that a person interrupts."""
    return threading.current_thread() is threading.main_thread()


def _doing_of(subscriber: Subscriber) -> str:
    return str(getattr(subscriber, "doing", "published a change"))
