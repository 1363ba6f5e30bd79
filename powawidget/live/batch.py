"""What came at once: pieces of one text are appended together, and all changes published together.

One after the other each piece costs a search for the key, a change of the state and a call of every
subscriber; a stream may bring 2,000 a second.
"""

from collections.abc import Sequence

from powawidget.protocol import events as ev
from powawidget.state.ops import Op, PathKey

# The rules of these look at no text that another of the same kind appends to.
_PIECES = frozenset({ev.TextDelta, ev.ReasoningDelta, ev.EntityChunk, ev.BlockChunk})


class Batch:
    """The changes of what came at once.

    Attributes:
        ops: What was applied and isn't published yet.
    """

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._kind: type[ev.Event] | None = None
        self._path: Sequence[PathKey] = ()
        self._pieces: list[str] = []

    def is_over_with(self, event: ev.Event) -> bool:
        """Tell whether what is held must be applied before an event is looked at."""
        return bool(self._pieces) and type(event) is not self._kind

    def hold(self, event: ev.Event, ops: Sequence[Op]) -> bool:
        """Keep changes back that may be joined with the next ones.

        Returns:
            Whether they are held; where they aren't, what was held before has to be applied first.
        """
        if len(ops) != 1 or type(event) not in _PIECES:
            return False
        verb, path, value = ops[0]
        if verb != "append" or (self._pieces and path != self._path):
            return False
        self._kind, self._path = type(event), path
        self._pieces.append(value)
        return True

    def pop_held(self) -> list[Op]:
        """Remove and return what is held, joined."""
        if not self._pieces:
            return []
        text, self._pieces = "".join(self._pieces), []
        return [("append", self._path, text)]
