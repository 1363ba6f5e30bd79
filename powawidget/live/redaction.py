"""Keeps a key out of the state that a server sends in pieces.

The key is taken out of each frame where its bytes are read. But no frame holds a key that is echoed
token by token: the state would put it together.
"""

import operator
from collections.abc import Sequence
from typing import Any

from powawidget.http.secret import Secret
from powawidget.state.model import RunState
from powawidget.state.ops import Op, PathKey, apply
from powawidget.state.text import Text


class Guard:
    """Applies the changes of one run, and watches what its texts become."""

    def __init__(self, secret: Secret) -> None:
        self._secret = secret
        self._tails: dict[tuple[PathKey, ...], str] = {}

    def apply(self, run: RunState, ops: Sequence[Op]) -> tuple[list[Op], bool]:
        """Apply changes to a run, in place.

        Returns:
            The changes that were made, and whether they are those that were given: where a text
            would have come to hold the key, one writes the whole text without it.
        """
        made = list(ops)
        applied = 0
        for index, (verb, path, value) in enumerate(ops):
            place = tuple(path)
            if verb == "set":
                self._note(place, value)
                continue
            text = self._tails.get(place, "") + value
            if self._secret.redact(text) is not text:
                apply(run, made[applied:index])
                applied = index
                text = self._secret.redact(f"{_at(run, path)}{value}")
                made[index] = ("set", path, text)
            self._tails[place] = self._secret.tail(text)
        apply(run, made[applied:] if applied else made)
        return made, all(map(operator.is_, made, ops))

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
