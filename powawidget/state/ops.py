"""The changes of a run's state: what the reducer returns and the wire carries.

An op is `["set", path, value]` or `["append", path, text]`; a path is a list of field names and
list indices. A set one past the end of a list adds to it. Applying all ops of a run to an empty
state, in order, gives the run (the fold): the front end does the same in `js/src/state/ops.ts`.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from powawidget.state.model import RunState, typed

if TYPE_CHECKING:
    from powawidget.state.text import Text

PathKey = str | int
Op = tuple[Literal["set", "append"], Sequence[PathKey], Any]


def apply(state: RunState, ops: Iterable[Op]) -> None:
    """Apply ops to a state, which changes.

    Raises:
        LookupError: If a path leads nowhere.
        msgspec.ValidationError: If a value hasn't the type of its field.
    """
    index = getattr(state, "_index", None)
    for verb, path, value in ops:
        owner: Any = state
        for key in path[:-1]:
            owner = owner[key] if isinstance(key, int) else getattr(owner, key)
        last = path[-1]
        if verb == "append":
            grown: Text = getattr(owner, str(last))
            grown.append(value)
            if index is not None and index.empty:
                index.note(path)
            continue
        if isinstance(last, int):
            item = typed(value, _item_type(state, path))
            if last == len(owner):
                owner.append(item)
            else:
                owner[last] = item
        else:
            setattr(owner, last, typed(value, _field_types(owner.__class__)[last]))
        if index is not None:
            index.note(path)


def merge(ops: Iterable[Op]) -> list[Op]:
    """Join neighbouring appends to one path; of neighbouring sets of one path the last counts."""
    merged: list[Op] = []
    target: Sequence[PathKey] | None = None
    pieces: list[str] = []

    def flush() -> None:
        if target is not None:
            merged.append(("append", target, "".join(pieces)))

    for op in ops:
        verb, path, value = op
        if verb == "append":
            if path == target:
                pieces.append(value)
                continue
            flush()
            target, pieces = path, [value]
        else:
            flush()
            target = None
            if merged and merged[-1][0] == "set" and merged[-1][1] == path:
                merged.pop()
            merged.append(op)
    flush()
    return merged


@cache
def _field_types(owner: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.type for field in msgspec.structs.fields(owner)}


def _item_type(state: RunState, path: Sequence[PathKey]) -> Any:
    """Find the item type of the list that the last key of a path indexes."""
    owner: Any = state
    for key in path[:-2]:
        owner = owner[key] if isinstance(key, int) else getattr(owner, key)
    listed = _field_types(owner.__class__)[str(path[-2])]
    return listed.__args__[0]
