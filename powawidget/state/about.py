"""Facts about a run that its state doesn't hold: the host, the model, the time zone."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class About:
    """Where and with what a run ran, and the expression by which a reader finds all of it.

    Attributes:
        server: The host, without anything secret.
        model: The model, where it is known.
        variable: The Python expression that has the run or the chat; `run` or `chat` where it is
            empty.
        zone: The time zone of its times; None is this machine's.
        written: When it is written down, in seconds since the epoch, where that is known.
    """

    server: str = ""
    model: str = ""
    variable: str = ""
    zone: dt.tzinfo | None = None
    written: float | None = None


def host_of(url: str) -> str:
    """The host of a URL, with its port, and without a name or a password."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""
