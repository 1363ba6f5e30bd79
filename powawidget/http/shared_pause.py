"""One pause for all who start runs of a project: a server that asks one to wait means all.

Without it each run of a notebook would be refused once, and a batch's rows one after another.
"""

import math
import time
import weakref
from collections.abc import Callable
from typing import Final

LONGEST_PAUSE: Final = 3600.0  # then the server is asked again: a header may say any number


class SharedPause:
    """Until when nothing is started at a server. Used on the loop thread only.

    Attributes:
        status: The HTTP status of the refusal that asked for it.

    Args:
        clock: Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.status = 0
        self._clock = clock
        self._until = -math.inf
        self._asked = -math.inf  # when it was asked for

    def note(self, seconds: float, status: int) -> None:
        """Note that the server asked to wait; a shorter pause than is left changes nothing."""
        now = self._clock()
        until = now + min(seconds, LONGEST_PAUSE)
        if until > self._until:
            self._until, self._asked, self.status = until, now, status

    def note_started(self, sent: float) -> None:
        """Note that the server took a start in: a pause that it had asked for before is over.

        Args:
            sent: When the request was sent, by the clock of this pause.
        """
        if sent > self._asked:
            self._until = -math.inf

    def now(self) -> float:
        """Tell the time of the clock of this pause."""
        return self._clock()

    def left(self) -> float:
        """Say how many seconds of it are left; 0 where none are."""
        return max(0.0, self._until - self._clock())


_pauses: "weakref.WeakValueDictionary[str, SharedPause]" = weakref.WeakValueDictionary()


def shared_pause(url: str) -> SharedPause:
    """Give the pause of a project, the same for each connection to it in this process.

    Args:
        url: The project's base URL.
    """
    return _pauses.setdefault(url, SharedPause())
