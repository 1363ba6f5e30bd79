"""What all nodes of one run's transcript are made with."""

from typing import Any

from powawidget.state.about import About


class Context:
    """Where a run came from, how Python names it, and how long the texts in its nodes are.

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

    def count(self, length: int) -> None:
        """Count a text of so many characters."""
        self.lengths.append(length)
        self.total += length

    def expression(self, path: str) -> str:
        """The Python expression that has the whole of a text."""
        return f"{self.variable}.{path}"
