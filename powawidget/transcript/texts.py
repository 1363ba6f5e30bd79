"""Goes through all texts of plain JSON values."""

from collections.abc import Callable
from typing import Any

# Takes the key out of a text.
Redact = Callable[[str], str]


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """Change each text of a value, keys too."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [map_texts(each, change) for each in value]
    if isinstance(value, dict):
        return {change(key): map_texts(each, change) for key, each in value.items()}
    return value
