"""How long the texts of a transcript are, kept while its nodes are made."""

from typing import Any

from powawidget.state.about import About


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
