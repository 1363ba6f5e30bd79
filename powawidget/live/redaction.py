"""Text that comes in pieces, kept free of a key that is split over them.

A frame that holds the key is cleaned before it is read; a server that echoes it token by token
would put it together again in the state.
"""

from collections.abc import Sequence
from typing import Any

from powawidget.http.secret import Secret
from powawidget.state.model import RunState
from powawidget.state.ops import Op, PathKey, apply
from powawidget.state.text import Text


class Guard:
    """Watches the texts of one run.

    Args:
        secret: The key to keep out.
    """

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._tails: dict[tuple[PathKey, ...], str] = {}

    def fold(self, run: RunState, ops: Sequence[Op]) -> tuple[list[Op], bool]:
        """Fold changes into a run, in place.

        Args:
            run: The run to change.
            ops: The changes, in order.

        Returns:
            The changes that were made, and whether they are those that were given: where a text
            would have come to hold the key, one writes the whole text without it.
        """
        made: list[Op] = []
        for op in ops:
            safe = self._checked(run, op)
            apply(run, [safe])
            made.append(safe)
        return made, all(safe is op for safe, op in zip(made, ops, strict=True))

    def _checked(self, run: RunState, op: Op) -> Op:
        verb, path, value = op
        place = tuple(path)
        if verb == "set":
            self._note(place, value)
            return op
        text = self._tails.get(place, "") + value
        if self._secret.redact(text) != text:
            text = self._secret.redact(f"{_at(run, path)}{value}")
            op = ("set", path, text)
        self._tails[place] = self._secret.tail(text)
        return op

    def _note(self, place: tuple[PathKey, ...], value: object) -> None:
        if isinstance(value, dict):
            place, value = (*place, "text"), value.get("text")
        if isinstance(value, str):
            self._tails[place] = self._secret.tail(value)


def _at(run: RunState, path: Sequence[PathKey]) -> Text:
    found: Any = run
    for key in path:
        found = found[key] if isinstance(key, int) else getattr(found, key)
    text: Text = found
    return text
