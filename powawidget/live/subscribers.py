"""Whoever hears of something may fail: what they hear of goes on, and says so."""

import contextlib
import logging
import threading
import traceback
from collections.abc import Callable

_log = logging.getLogger("powawidget")


class Troubles:
    """What has failed beside a run or a chat: logged, and told once for each thing.

    Args:
        redact: Takes the key out of a text.
    """

    def __init__(self, redact: Callable[[str], str]) -> None:
        self._redact = redact
        self._known: set[str] = set()
        self._untold: list[str] = []

    def call(self, doing: str, listener: Callable[..., object], *args: object) -> None:
        """Call somebody who listens, whatever comes of it.

        Args:
            doing: What is done, as in "powawidget failed while it …".
            listener: Who listens.
            *args: What it hears.
        """
        try:
            listener(*args)
        except BaseException as error:
            # One who listens must not end what it hears of: an exit would end the loop thread
            # with all runs. In the main thread it may be a person's interrupt.
            if not isinstance(error, Exception) and is_main_thread():
                raise
            self.note(doing, error)

    def note(self, doing: str, error: BaseException) -> None:
        """Log what somebody raised, and remember to tell of it.

        What fails once may fail at each of thousands of changes: that is logged at DEBUG.

        Args:
            doing: What was done.
            error: What was raised.
        """
        level = logging.DEBUG if doing in self._known else logging.ERROR
        if _log.isEnabledFor(level):
            told = self._redact("".join(traceback.format_exception(error)))
            log(level, "powawidget failed while it %s\n%s", doing, told)
        if doing not in self._known:
            self._known.add(doing)
            self._untold.append(said(doing, error))

    def untold(self) -> list[str]:
        """Take what is to be told now, in words."""
        untold, self._untold = self._untold, []
        return untold


def log(level: int, text: str, *args: object) -> None:
    """Log something, whatever a person's own handlers and filters raise at it.

    Args:
        level: Its level.
        text: What to say.
        *args: What is put into the text.
    """
    with contextlib.suppress(Exception):
        _log.log(level, text, *args)


def is_main_thread() -> bool:
    """Tell whether this is the thread that a person interrupts."""
    return threading.current_thread() is threading.main_thread()


def said(doing: str, error: BaseException) -> str:
    """Say that something failed. What was raised may hold anything: its kind is enough here."""
    name = type(error).__name__
    return f"powawidget failed while it {doing}: {name}. The kernel's log says more."


def doing_of(subscriber: object) -> str:
    """Say what is done where an subscriber hears of something."""
    return str(getattr(subscriber, "doing", "told who listens"))
