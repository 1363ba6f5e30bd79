"""Who receives the changes of a run or a chat; one that fails is reported, and ends nothing."""

import contextlib
import logging
import threading
import traceback
from collections.abc import Callable
from typing import Protocol

from powawidget.state.ops import Op

_log = logging.getLogger("powawidget")


class Subscriber(Protocol):
    """Who receives changes: a widget, a transcript, or the chat whose turn a run is.

    What one raises is logged and shown; the others receive the change all the same.

    Attributes:
        doing: What it does with what it receives, as in "powawidget failed while it …".
    """

    doing: str

    def changed(self, ops: list[Op]) -> None:
        """Receive changes that have just been applied; called under the lock."""

    def ended(self) -> None:
        """Receive the end of the run; called under the lock."""

    def recovered(self) -> None:
        """Receive the end of what is found out after the run's end; called under the lock."""


class Subscribers(list[Subscriber]):
    """The subscribers of a run or a chat."""

    def __init__(self, troubles: "Troubles") -> None:
        super().__init__()
        self._troubles = troubles

    def publish(self, ops: list[Op]) -> None:
        """Publish changes."""
        for one in tuple(self):
            self._troubles.call(_doing_of(one), one.changed, ops)

    def publish_end(self) -> None:
        """Publish the end."""
        for one in tuple(self):
            self._troubles.call(_doing_of(one), one.ended)

    def publish_recovery(self) -> None:
        """Publish that nothing more is found out after the end."""
        for one in tuple(self):
            self._troubles.call(_doing_of(one), one.recovered)


class Troubles:
    """What has failed beside a run or a chat: logged, and shown once for each thing.

    Attributes:
        unreported: What is to be reported, in words.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._known: set[str] = set()
        self.unreported: list[str] = []

    def call(self, doing: str, receive: Callable[..., object], *args: object) -> None:
        """Call a subscriber, and note what it raises.

        Args:
            doing: What it does, as in "powawidget failed while it …".
            receive: What to call.
            *args: What it receives.
        """
        try:
            receive(*args)
        except BaseException as error:
            # A subscriber must not end a run: an exit would end the loop thread with all runs. In
            # the main thread it may be a person's interrupt.
            if not isinstance(error, Exception) and is_main_thread():
                raise
            self.note(doing, error)

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
