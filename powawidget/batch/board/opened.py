"""A row that a person opens on the board."""

from typing import NamedTuple

from powawidget.run.run import Run


class Opened(NamedTuple):
    """A row that a person has opened.

    Attributes:
        run: Its run; None where it has none.
        why: Why not, in words.
        is_own: Whether the run was made for the board, which may close it.
    """

    run: Run | None
    why: str = ""
    is_own: bool = False
