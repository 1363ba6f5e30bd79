"""References to what other blocks gave: `<Name.output>` and `<Name.output.field>`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from powawidget.local.workflows.graph import Outputs

REFERENCE = re.compile(r"<([\w ?-]+(?:\.\w+)+)>")


def look_up(path: str, outputs: Outputs) -> Any:
    """Look a reference up.

    Args:
        path: A block's name and the way into what it gave, with dots between.
        outputs: What the blocks gave.

    Returns:
        What stands there.

    Raises:
        KeyError: Nothing stands there.
    """
    name, *way = path.split(".")
    found: Any = outputs[name]
    for part in way:
        if not isinstance(found, dict):
            raise KeyError(path)
        found = found[part]
    return found


def resolve(value: Any, outputs: Outputs) -> Any:
    """Replace the references in a block's configuration.

    Args:
        value: Any JSON value.
        outputs: What the blocks gave.

    Returns:
        The value. A text that is one reference becomes what it refers to, others hold it as
        text; a reference to nothing stays as it is, as it does at the real service.
    """
    if isinstance(value, dict):
        return {key: resolve(inner, outputs) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolve(inner, outputs) for inner in value]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        return _or_itself(whole, outputs)
    return REFERENCE.sub(lambda match: str(_or_itself(match, outputs)), value)


def _or_itself(match: re.Match[str], outputs: Outputs) -> Any:
    try:
        return look_up(match[1], outputs)
    except KeyError:
        return match[0]
