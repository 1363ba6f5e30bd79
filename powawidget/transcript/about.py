"""What a transcript tells beside the state of its run."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class About:
    """Where and with what a run ran, and how the reader is told of the whole of it.

    Attributes:
        server: The host, without anything secret.
        model: The model, where it is known.
        variable: The Python expression that has the run or the chat; `run` or `chat` where it is
            empty.
        zone: The time zone of its times; None is this machine's.
    """

    server: str = ""
    model: str = ""
    variable: str = ""
    zone: dt.tzinfo | None = None


def host_of(url: str) -> str:
    """The host of a URL, with its port, and without a name or a password."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return ""


class Scribe:
    """Keeps, while the nodes of a transcript are made, how long its texts are.

    Args:
        about: What is told beside the state.
        variable: The expression that has the run that is being told.
        saved: How to get at what no attribute has.

    Attributes:
        lengths: The length of each text so far, in characters.
        total: Their sum.
        read: The JSON text that was read last, and its value.
    """

    def __init__(self, about: About, variable: str, saved: str) -> None:
        self.about = about
        self.variable = variable
        self.saved = saved
        self.lengths: list[int] = []
        self.total = 0
        self.read: tuple[str, Any] | None = None

    def note(self, length: int) -> None:
        """Note that a text has so many characters."""
        self.lengths.append(length)
        self.total += length

    def whole(self, path: str) -> str:
        """The expression that has the whole of a text."""
        return f"{self.variable}.{path}"
