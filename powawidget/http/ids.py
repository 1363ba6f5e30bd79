"""Ids, checked before they become a part of a URL."""

import uuid

from powawidget.errors import InvalidValueError


def is_uuid(text: str) -> bool:
    """Tell whether a text is an id rather than a name."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def segment(text: str, noun: str = "run") -> str:
    """Check the id of a run or a conversation before it becomes a part of a URL.

    Returns:
        The id, trimmed.

    Raises:
        InvalidValueError: If it can't be an id.
    """
    trimmed = text.strip()
    if not trimmed or not all(char.isalnum() or char in "_-" for char in trimmed):
        raise InvalidValueError(f"{trimmed[:80]!r} isn't the id of a {noun}.")
    return trimmed
