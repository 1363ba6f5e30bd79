"""How far the server's clock is from ours, estimated from the Date headers of its answers.

A stored execution is dated by the server's clock, a request by ours. To find the execution that a
request started, the request's time is converted to the server's clock.
"""

from powawidget.protocol.times import time_of_header

# Seconds by which two machines of the server may differ: one answers, another stores.
_SLACK = 0.5
# Seconds by which a Date header may be old: it has whole seconds, and a busy server reuses it.
_STALE = 5.0


class ServerClock:
    """The difference of the server's clock to ours, between a least and a most, in seconds.

    Until an answer has a date the clocks are taken to be the same.
    """

    def __init__(self) -> None:
        self._least = self._most = 0.0
        self._is_known = False

    def note(self, date: str | None, sent: float, came: float) -> None:
        """Narrow the difference by the date of an answer.

        Args:
            date: The Date header; one that can't be read is ignored.
            sent: When the request was sent, by our clock, in seconds since the epoch.
            came: When its answer came, likewise.
        """
        parsed = time_of_header(date or "")
        if parsed is None:
            return
        theirs = parsed.timestamp()
        least, most = theirs - came, theirs + _STALE - sent
        if self._is_known and least <= self._most and self._least <= most:
            least, most = max(least, self._least), min(most, self._most)
        # Else this is the first date, or one of the clocks was set in between.
        self._least, self._most, self._is_known = least, most, True

    def window(self, begun: float, ended: float) -> tuple[float, float]:
        """Convert a span of time to the server's clock.

        Args:
            begun: The earliest time by our clock, in seconds since the epoch.
            ended: The latest time.

        Returns:
            The earliest and the latest time by the server's clock, as far apart as the difference
            of the clocks is uncertain.
        """
        return begun + self._least - _SLACK, ended + self._most + _SLACK
