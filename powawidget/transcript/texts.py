"""Goes through all texts of plain JSON values."""

from collections.abc import Callable
from typing import Any


def changed(value: Any, change: Callable[[str], str]) -> Any:
    """Change each text of a value, keys too.

    Args:
        value: Plain JSON values.
        change: Makes the new text.

    Returns:
        The changed value.
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [changed(each, change) for each in value]
    if isinstance(value, dict):
        return {change(key): changed(each, change) for key, each in value.items()}
    return value
