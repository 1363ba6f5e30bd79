"""Text that grows by many small pieces."""


class Text:
    """A string that is built by appending, without copying what is there already.

    Appending to a `str` held by an object copies all of it; over a long answer of many
    tokens that is quadratic. The pieces are joined when somebody reads.
    """

    __slots__ = ("_pieces",)

    def __init__(self, text: str = "") -> None:
        self._pieces = [text] if text else []

    def append(self, piece: str) -> None:
        """Add a piece at the end."""
        self._pieces.append(piece)

    def __str__(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def __repr__(self) -> str:
        return repr(str(self))

    def __bool__(self) -> bool:
        return any(self._pieces)

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Text | str) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # mutable: equal now, different later
