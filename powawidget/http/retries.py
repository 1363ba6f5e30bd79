"""Whether a request that starts a run is sent again, and after which pause.

Only where it can't have started one: a connection that failed before a byte was sent, 429, and 503
with a JSON body (docs/protocol.md#retries).
"""

import random
import time
from collections.abc import Callable
from typing import NamedTuple

from powawidget.errors import ConnectionLost, RequestError
from powawidget.http.timeouts import Timeouts
from powawidget.protocol.events import Waiting

# Runs that were refused together are spread out; a pause is made longer, never shorter.
_JITTER = 0.25


class Pause(NamedTuple):
    """A pause before the next try: why, how long in seconds, and which try that is, from 2."""

    why: str
    seconds: float
    attempt: int


class Retries:
    """The tries of one request."""

    def __init__(self, limits: Timeouts) -> None:
        self._limits = limits
        self._connecting = iter(limits.reconnect)
        self._refused = iter(limits.retry)
        self.tries = 1

    def after(self, error: RequestError | ConnectionLost) -> Pause | None:
        """Say how long to wait before the next try.

        Returns:
            The pause; None where the request isn't sent again.
        """
        if not error.temporary:
            return None
        asked = error.retry_after if isinstance(error, RequestError) else None
        most = self._limits.retry_after
        if asked is not None and most is not None and asked > most:
            return None
        delay = next(self._refused if isinstance(error, RequestError) else self._connecting, None)
        if delay is None:
            return None
        self.tries += 1
        return Pause(_why(error), spread(asked or delay), self.tries)

    def shared(self, seconds: float) -> Pause | None:
        """Say how long to wait before the first try, as the server asked another run to.

        Args:
            seconds: What is left of that pause.

        Returns:
            The pause; None where there is none, or it is longer than this run would wait: then it
            is sent, and the server says so itself.
        """
        most = self._limits.retry_after
        if not seconds or (most is not None and seconds > most):
            return None
        return Pause("The server asked to wait before the next run", spread(seconds), self.tries)


def spread(seconds: float) -> float:
    """Make a pause longer by chance, so that what waited together doesn't start at once."""
    return seconds * random.uniform(1.0, 1.0 + _JITTER)  # noqa: S311  # no secret


def _why(error: RequestError | ConnectionLost) -> str:
    if isinstance(error, ConnectionLost):
        return "The server can't be reached"
    return f"The server refused for now ({error.status})"


def waiting(pause: Pause, clock: Callable[[], float] = time.time) -> Waiting:
    """Make the event of a pause."""
    until = clock() + pause.seconds
    return Waiting(purpose="retry", why=pause.why, until=until, attempt=pause.attempt)
