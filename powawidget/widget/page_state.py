"""What a page is given of a state: all but arguments that nobody could read there. Pure.

Arguments are never cut, since somebody decides on them: code and policies get all of them, and so
does a page, up to a length at which it can still show them. Beyond that it gets their size and
their digest, and can't approve what it can't show.

The changes are given in the same way, each by itself: folding what `changes` gives over an empty
state gives what `run` makes of the state.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from powawidget.state.model import ApprovalPart, TooLarge, plain
from powawidget.state.ops import Op

# Characters. The page reads no more at once either (`js/src/approval/request.ts`).
MOST = 200_000
REFUSED = (
    "The arguments are too large to show, so a click can't approve them: read them in "
    "run.approvals, and decide by code, with run.approve() or run.deny()."
)
_MARKS = {"arguments": "withheld", "asked": "withheld_asked"}


def is_withheld(part: ApprovalPart) -> bool:
    """Tell whether a page isn't given the arguments of a request."""
    return len(part.arguments) > MOST


def run(state: dict[str, Any]) -> dict[str, Any]:
    """Make of a run what a page is given.

    Args:
        state: A `RunState` as plain JSON values; it isn't changed.

    Returns:
        The same, without arguments that are too large.
    """
    return {**state, "parts": [_part(part) for part in state["parts"]]}


def chat(state: dict[str, Any]) -> dict[str, Any]:
    """Make of a chat what a page is given.

    Args:
        state: A `ChatState` as plain JSON values; it isn't changed.

    Returns:
        The same, without arguments that are too large.
    """
    return {**state, "turns": [run(turn) for turn in state["turns"]]}


def changes(ops: Sequence[Op]) -> list[Op]:
    """Make of changes of a run or a chat what a page is given.

    Returns:
        Changes that fold to what a page is given of the state.
    """
    return [made for op in ops for made in _change(op)]


def _change(op: Op) -> list[Op]:
    verb, path, value = op
    if verb == "append":
        return [op]
    within = path[2:] if path[0] == "turns" else path
    if not within:
        return [("set", path, run(value))] if len(path) > 1 else [("set", path, _turns(value))]
    if within[0] != "parts":
        return [op]
    if len(within) == 1:
        return [("set", path, [_part(part) for part in value])]
    if len(within) == 2:  # noqa: PLR2004  # a whole part
        return [("set", path, _part(value))]
    mark = _MARKS.get(str(within[2]))
    if mark is None:
        return [op]
    too_large = _too_large(value) if isinstance(value, str) else None
    return [
        ("set", path, value if too_large is None else ""),
        ("set", (*path[:-1], mark), too_large),
    ]


def _turns(value: list[Any]) -> list[Any]:
    return [run(turn) for turn in value]


def _part(part: dict[str, Any]) -> dict[str, Any]:
    made = part
    for name, mark in _MARKS.items():
        text = part.get(name)
        too_large = _too_large(text) if isinstance(text, str) else None
        if too_large is not None:
            made = {**made, name: "", mark: too_large}
    return made


def _too_large(text: str) -> dict[str, Any] | None:
    if len(text) <= MOST:
        return None
    data = text.encode()
    too_large: dict[str, Any] = plain(
        TooLarge(size=len(data), digest=hashlib.sha256(data).hexdigest())
    )
    return too_large
