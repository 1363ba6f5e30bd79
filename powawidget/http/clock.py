"""How the server's clock stands to ours, as the dates of its answers tell."""

from email.utils import parsedate_to_datetime

# What the server stores may be dated by another machine of its than the one that answers.
_SLACK = 0.5
# A date is cut to whole seconds, and busy servers write it down only now and then.
_STALE = 5.0


class ServerClock:
    """The server's clock, as far as its answers tell it. Without any it is taken to be ours."""

    def __init__(self) -> None:
        self._least = self._most = 0.0
        self._is_known = False

    def hear(self, date: str | None, sent: float, came: float) -> None:
        """Note the date of an answer.

        Args:
            date: The Date header; what isn't one is passed over.
            sent: When the request was sent by our clock, in seconds since the epoch.
            came: When its answer came.
        """
        try:
            said = parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return
        if said.tzinfo is None:
            return  # it would be read as local time
        told = said.timestamp()
        least, most = told - came, told + _STALE - sent
        if self._is_known and least <= self._most and self._least <= most:
            least, most = max(least, self._least), min(most, self._most)
        # Else it is the first, or a clock was set since.
        self._least, self._most, self._is_known = least, most, True

    def window(self, begun: float, ended: float) -> tuple[float, float]:
        """Tell between which times of the server something lies.

        Args:
            begun: When it can have begun at the earliest by our clock.
            ended: When it can have ended at the latest.

        Returns:
            The same by the server's clock, as wide as what isn't known of it makes them.
        """
        return begun + self._least - _SLACK, ended + self._most + _SLACK
