"""What a transcript tells beside the state of its run."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class About:
    """Where and with what a run ran, and how the reader is told of the whole of it.

    Attributes:
        server: The host, without anything secret.
        model: The model, where it is known.
        variable: The Python expression that has the run or the chat.
        zone: The time zone of its times; None is this machine's.
    """

    server: str = ""
    model: str = ""
    variable: str = "run"
    zone: dt.tzinfo | None = None


class Scribe:
    """Keeps, while the nodes of a transcript are made, how long its texts are.

    Args:
        about: What is told beside the state.
        variable: The expression that has the run that is being told.

    Attributes:
        lengths: The length of each text so far, in characters.
        total: Their sum.
        read: The JSON text that was read last, and its value.
    """

    def __init__(self, about: About, variable: str) -> None:
        self.about = about
        self.variable = variable
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

    def saved(self) -> str:
        """The same for what no attribute has."""
        return f'{self.about.variable}.save("run.json")'
